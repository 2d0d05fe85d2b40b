"""Libraries: what a resource must say, who adds one, and how it is found."""

from dataclasses import replace

import pytest

from server.actors.blocking import block
from server.communities import actions as communities
from server.communities.form import CommunityForm
from server.db import query_log
from server.errors import Invalid, NotAllowed, NotFound
from server.posts import queries as posts
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.resources import actions, queries, uses
from server.resources.detail import ResourceDetail
from server.resources.form import ResourceForm
from server.resources.queries import Facets

LINK = ResourceForm(
    resource_type="link",
    title="Role cards",
    link="https://example.org/cards",
    subject="Physics",
    level="Year 10",
    minutes=50,
)


async def place(fediverse, **facts):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    science = await maya.do(
        communities.create_community, CommunityForm(name="Science", purpose="Try.", slug="science", **facts)
    )
    return here, maya, science


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        (replace(LINK, title=""), {"title"}),
        (replace(LINK, link=""), {"link"}),
        (replace(LINK, link="javascript:alert(1)"), {"link"}),
        (replace(LINK, resource_type="interactive"), {"how_i_use_it"}),
        (replace(LINK, resource_type="article", link=""), {"text"}),
        (replace(LINK, resource_type="document", link=""), {"files"}),
        (replace(LINK, resource_type="video"), {"captions"}),
        (replace(LINK, resource_type="audio", captions="perhaps"), {"captions"}),
        (replace(LINK, resource_type="magic"), {"resource_type"}),
        (replace(LINK, minutes=-1), {"minutes"}),
    ],
)
async def test_c4_c8_what_is_missing_is_named(fediverse, form: ResourceForm, wrong: set[str]) -> None:
    _, maya, science = await place(fediverse)
    with pytest.raises(Invalid) as refused:
        await maya.do(actions.add_resource, replace(form, community_id=science.id))
    assert {error["field"] for error in refused.value.errors} == wrong


async def test_s28_s30_only_members_add_and_only_authors_change(fediverse) -> None:
    here, maya, science = await place(fediverse)
    tom = await fediverse.person(here, "tom")
    with pytest.raises(NotAllowed):
        await tom.do(actions.add_resource, replace(LINK, community_id=science.id))
    with pytest.raises(Invalid):
        await maya.do(actions.add_resource, LINK)
    added = await maya.do(actions.add_resource, replace(LINK, community_id=science.id))
    with pytest.raises(NotFound):
        await tom.do(actions.edit, added.id, LINK)
    with pytest.raises(NotFound):
        await tom.do(actions.withdraw, added.id)


async def test_s15_a_members_library_is_empty_for_others(fediverse) -> None:
    here, maya, science = await place(fediverse, visibility="members", join_policy="apply")
    tom = await fediverse.person(here, "tom")
    await maya.do(actions.add_resource, replace(LINK, community_id=science.id))
    for person, total in ((tom, 0), (maya, 1)):
        found = await person.do(queries.library, science.id, Facets())
        assert (found.total, len(found.page.items), bool(found.subjects)) == (total, total, bool(total))


async def test_c7_a_resource_is_sent_whole(fediverse) -> None:
    here, maya, science = await place(fediverse)
    form = replace(
        LINK, resource_type="interactive", how_i_use_it="After the lesson.", community_id=science.id, licence="CC0-1.0"
    )
    added = await maya.do(actions.add_resource, form)
    async with fediverse.client(here) as client:
        sent = (await client.get(f"/ap/p/{added.id}", headers={"accept": "application/activity+json"})).json()
    assert (sent["type"], sent["kind"]) == ("Article", "resource")
    assert sent["license"] == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert sent["attachment"] == [
        {"type": "Link", "mediaType": "text/html", "href": "https://example.org/cards", "name": "Role cards"}
    ]
    assert sent["learning"]["learningResourceType"] == ["interactive"]
    assert sent["learning"]["ph:howIUseIt"] == "After the lesson."
    for words in ("Level: Year 10", "After the lesson.", "Licence: "):
        assert words in sent["content"]


async def test_a_resource_of_any_server_is_read(fediverse) -> None:
    here, maya, science = await place(fediverse)
    added = await maya.do(actions.add_resource, replace(LINK, community_id=science.id))

    class Remote:
        learning = {
            "learningResourceType": ["lesson plan", "worksheet"],
            "educationalLevel": ["ISCED-2011:1", "Grade 5"],
            "teaches": ["Compare fractions"],
            "timeRequired": "PT45M",
            "url": "javascript:alert(1)",
            "ph:captions": 7,
        }

    await here.run(ResourceDetail().received, here, added.id, Remote())
    found = await here.run(queries.resource, here, await maya.do(posts.show, added.id))
    assert (found.resource_type, found.level, found.subject, found.minutes) == (
        "other",
        "ISCED-2011:1",
        "Compare fractions",
        45,
    )
    assert (found.link, found.captions) == ("", "")


async def test_c12_the_library_is_searched_and_narrowed_in_a_fixed_number_of_queries(fediverse) -> None:
    _here, maya, science = await place(fediverse)
    await maya.do(actions.add_resource, replace(LINK, community_id=science.id))
    cell = replace(LINK, title="100% cell_explorer", subject="Biology", minutes=None, licence="CC0-1.0")
    await maya.do(actions.add_resource, replace(cell, community_id=science.id, text="Take a cell apart."))
    wanted = {
        Facets(): 2,
        Facets(words="ROLE"): 1,
        Facets(words="cell apart"): 1,
        Facets(words="100% cell_"): 1,
        Facets(words="%"): 1,
        Facets(words="nothing"): 0,
        Facets(resource_type="link"): 2,
        Facets(subject="Biology"): 1,
        Facets(minutes="90"): 1,
        Facets(licence="CC0-1.0"): 1,
    }
    for facets, total in wanted.items():
        assert (await maya.do(queries.library, science.id, facets)).total == total, facets
    counts = []
    for more in (0, 20):
        for number in range(more):
            await maya.do(actions.add_resource, replace(LINK, title=f"Card {number}", community_id=science.id))
        log: list[str] = []
        token = query_log.set(log)
        found = await maya.do(queries.library, science.id, Facets())
        query_log.reset(token)
        counts.append(len(log))
    assert counts[0] == counts[1] <= 9
    assert (found.total, len(found.page.items)) == (22, 20)


async def test_c9_changing_keeps_a_version(fediverse) -> None:
    _here, maya, science = await place(fediverse)
    form = replace(LINK, community_id=science.id)
    added = await maya.do(actions.add_resource, form)
    await maya.do(actions.edit, added.id, replace(form, minutes=40), "Shorter")
    old = await maya.do(posts.versions, added.id)
    assert (old[0].detail["minutes"], old[0].change_note) == (50, "Shorter")
    await maya.do(actions.withdraw, added.id)
    assert await maya.do(posts.show, added.id) is None


async def test_c12_s17_whom_its_author_blocked_does_not_stand_beside_a_resource(fediverse) -> None:
    here, maya, science = await place(fediverse)
    tom, ada = [await fediverse.person(here, name) for name in ("tom", "ada")]
    added = await maya.do(actions.add_resource, replace(LINK, community_id=science.id))
    tip = PracticeForm(entry="tip", text=f"Use [these]({added.url}).", visibility="public")
    await tom.do(practices.share, tip)
    view = await ada.do(posts.show, added.id)
    assert [use.kind for use in await ada.do(uses.used_in, view)] == ["tip"]
    await here.run(block, here, maya.id, tom.id)
    assert await ada.do(uses.used_in, view) == []
