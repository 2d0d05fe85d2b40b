"""What a resource had before: files that can still be had, and quotations that outlive a link."""

from dataclasses import replace
from typing import Any

import pytest

from server.communities import actions as communities
from server.errors import Invalid, NotAllowed, NotFound
from server.media import actions as media
from server.posts import queries as posts
from server.resources import actions, queries
from server.resources.files import MOST_KEPT, earlier_files, take_away
from server.resources.form import ResourceForm
from tests.apps import app_of
from tests.conftest import Fediverse, Person
from tests.posting import follow, found, join
from tests.server.resources.test_library import LINK, place

SHEET = ResourceForm(resource_type="document", title="Lab safety", nobody_identifiable=True)
ARTICLE = ResourceForm(
    resource_type="article",
    title="On asking",
    link="https://gone.example/asking",
    excerpt="A good question beats a good answer.\n\n# *Twice* <b>over</b>",
    excerpt_by="Ida Ström",
)


async def upload(person: Person, words: bytes) -> Any:
    return await person.here.run(media.upload, person.here, person.id, words, f"{words.decode()}.txt")


async def shared(fediverse: Fediverse) -> tuple[Any, ...]:
    """Maya's sheet in its second version, the file that it had in the first, and Tom, a member but no steward."""
    here, maya, science = await place(fediverse)
    tom = await fediverse.person(here, "tom")
    await join(tom, science)
    first, second = await upload(maya, b"one"), await upload(maya, b"two")
    form = replace(SHEET, community_id=science.id, media_ids=(first.id,))
    added = await maya.do(actions.add_resource, form)
    fediverse.clock.advance(60)
    await maya.do(actions.edit, added.id, replace(form, media_ids=(second.id,)), "With goggles")
    await fediverse.settle()
    return here, maya, tom, added, first, form


async def kept_of(person: Person, post_id: str) -> list[Any]:
    return await person.here.run(earlier_files, person.here, await person.do(posts.show, post_id))


async def test_c9_s30_only_its_author_and_stewards_take_an_earlier_file_away(fediverse: Fediverse) -> None:
    here, maya, tom, added, first, _form = await shared(fediverse)
    (kept,) = await kept_of(maya, added.id)
    with pytest.raises(NotAllowed):
        await tom.do(take_away, added.id, kept.id)
    with pytest.raises(NotFound):
        await maya.do(take_away, added.id, "0" * 26)
    async with fediverse.client(here, tom) as client:
        assert (await client.post(f"/p/{added.short}/files/{kept.id}/remove")).status_code == 403
        page = await client.get(added.url.removeprefix(here.settings.origin))
        assert "Earlier versions of the file" in page.text
        assert "Take it away for good" not in page.text
        assert (await client.get(first.url)).text == "one"
    steward = await fediverse.person(here, "sam", role="steward")
    async with fediverse.client(here, steward) as client:
        assert "Take it away for good" in (await client.get(added.url.removeprefix(here.settings.origin))).text
        assert (await client.post(f"/p/{added.short}/files/{kept.id}/remove")).status_code == 303
        await fediverse.settle()
        assert (await client.get(first.url)).status_code == 404
    action = "SELECT action FROM audit_entry WHERE action = 'resource.take_file_away'"
    assert await here.run(here.db.value, action)
    assert await kept_of(maya, added.id) == []


async def test_c9_earlier_files_are_listed_and_go_with_the_resource(fediverse: Fediverse) -> None:
    here, maya, _tom, added, first, form = await shared(fediverse)
    app = await app_of(fediverse, here)
    said = await app.get(f"/api/peerhall/v1/resources/{added.id}")
    assert [(one["version"], one["change_note"], one["by"]["name"]) for one in said["versions"]] == [
        (2, "With goggles", "Maya"),
        (1, "", "Maya"),
    ]
    assert [(one["version"], one["name"], bool(one["replaced_at"])) for one in said["files"]] == [
        (2, "two.txt", False),
        (1, "one.txt", True),
    ]
    assert said["files"][1]["url"] == here.url(first.url)
    fediverse.clock.advance(90_000)
    await fediverse.settle()
    async with fediverse.client(here) as client:
        assert (await client.get(first.url)).text == "one"  # what belongs to nothing would be gone after a day
    await maya.do(actions.edit, added.id, form)
    assert [file.name for file in await kept_of(maya, added.id)] == ["two.txt"]
    for number in range(MOST_KEPT + 1):
        another = replace(form, media_ids=((await upload(maya, b"n%d" % number)).id,))
        await maya.do(actions.edit, added.id, another)
    await fediverse.settle()
    assert len(await kept_of(maya, added.id)) == MOST_KEPT
    await maya.do(actions.withdraw, added.id)
    await fediverse.settle()
    for table in ("resource_file", "media"):
        assert await here.run(here.db.value, f"SELECT count(*) AS n FROM {table}") == 0
    assert await app.refused("GET", f"/api/peerhall/v1/resources/{added.id}") == 404


async def test_c9_s15_versions_of_what_is_for_members_are_not_there_for_others(fediverse: Fediverse) -> None:
    here, maya, science = await place(fediverse)
    added = await maya.do(actions.add_resource, replace(LINK, community_id=science.id, visibility="members"))
    for person in (None, await fediverse.person(here, "tom")):
        app = await app_of(fediverse, here, person)
        assert await app.refused("GET", f"/api/peerhall/v1/resources/{added.id}") == 404
        assert await app.refused("GET", f"/api/peerhall/v1/practices/{added.id}") == 404


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        (replace(ARTICLE, excerpt="", excerpt_by=""), "excerpt"),
        (replace(ARTICLE, excerpt_by=" "), "excerpt_by"),
        (replace(ARTICLE, excerpt="x" * 601), "excerpt"),
        (replace(ARTICLE, text="All of it.", link=""), "link"),
    ],
)
async def test_c7_a_quotation_is_short_and_says_whose_it_is(
    fediverse: Fediverse, form: ResourceForm, wrong: str
) -> None:
    _here, maya, science = await place(fediverse)
    with pytest.raises(Invalid) as refused:
        await maya.do(actions.add_resource, replace(form, community_id=science.id))
    assert {error["field"] for error in refused.value.errors} == {wrong}


async def test_c7_an_article_is_whole_elsewhere_and_its_quotation_stays(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    maya, bruno = await fediverse.person(alder, "maya"), await fediverse.person(birch, "bruno")
    facts = communities.CommunityForm(name="Science", purpose="Try.", slug="science")
    science = await maya.do(communities.create_community, facts)
    await follow(bruno, science)
    await fediverse.settle()
    form = replace(ARTICLE, community_id=science.id, how_i_use_it="Before a debate.", licence="CC0-1.0")
    added = await maya.do(actions.add_resource, form)
    await fediverse.settle()
    async with fediverse.client(alder) as client:
        headers = {"accept": "application/activity+json"}
        sent = (await client.get(f"/ap/p/{added.id}", headers=headers)).json()
    assert sent["type"] == "Article"
    quoted = sent["content"].partition("<blockquote>")[2].partition("</blockquote>")[0]
    for words in ("A good question beats a good answer.", "Ida Ström", "https://gone.example/asking", "*Twice*"):
        assert words in quoted
    assert "<b>" not in quoted
    assert "the licence is not for them" in sent["content"]
    there = await found(birch, added.uri)
    kept = await birch.run(queries.resource, birch, await bruno.do(posts.show, there.id))
    assert (kept.excerpt, kept.excerpt_by) == (ARTICLE.excerpt, "Ida Ström")
    async with fediverse.client(birch, bruno) as client:
        page = await client.get(f"/p/{there.short}", follow_redirects=True)
    assert '<blockquote cite="https://gone.example/asking"><p>A good question beats a good answer.' in page.text
    assert "Before a debate." in page.text
