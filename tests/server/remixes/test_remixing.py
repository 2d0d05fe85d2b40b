"""Remixes here and across two servers: what is refused, what stands under them, and what travels."""

from dataclasses import replace

import pytest

from server.actors.blocking import block
from server.actors.viewer import Viewer
from server.errors import Invalid, NotFound
from server.posts.models import Post
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.remixes import actions, queries
from server.remixes.actions import ChangeNote
from server.remixes.lineage import lineage
from server.remixes.models import Remix
from tests.posting import community, document, follow, found, join, sees

FORM = PracticeForm(
    title="Exit tickets that work",
    steps=("Ask one question.", "Sort the slips."),
    would_change="Two chairs.",
    licence="CC-BY-SA-4.0",
    visibility="public",
)
MINE = replace(FORM, title="Exit tickets in pairs", steps=("Ask one question, in pairs.", "Sort the slips."))
NOTE = ChangeNote("They answer in pairs.", "Half of mine cannot write yet.")


@pytest.fixture
async def two(fediverse):
    """Amara at Alder shares practices; Bruno at Birch follows her."""
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    await follow(bruno, amara)
    await fediverse.settle()
    return amara, bruno


async def shared(fediverse, amara, bruno, **facts):
    """A practice of Amara's, and its row where Bruno is."""
    post = await amara.do(practices.share, replace(FORM, **facts))
    await fediverse.settle()
    return post, await found(bruno.here, post.uri)


async def told(person) -> list[tuple[str, str | None]]:
    """What somebody was told, and about which post."""
    rows = await person.here.run(
        person.here.db.rows,
        "SELECT kind, post_id FROM notification WHERE reader_id = :id AND kind NOT IN ('follow', 'joined') ORDER BY id",
        id=person.id,
    )
    return [(row["kind"], row["post_id"]) for row in rows]


async def test_what_they_cannot_read_is_not_there_to_be_remixed(fediverse, two):
    amara, bruno = two
    _post, there = await shared(fediverse, amara, bruno)
    draft = await amara.do(practices.save_draft, FORM)
    inside = await amara.do(practices.share, replace(FORM, visibility="instance"))
    ada = await fediverse.person(amara.here, "ada")
    group = await community(amara, "science")
    for_members = await amara.do(practices.share, replace(FORM, visibility="members", community_id=group.id))
    for wanted in (draft.id, for_members.id, "0" * 26):
        for act in (actions.share, actions.save_draft):
            with pytest.raises(NotFound):
                await ada.do(act, wanted, MINE, NOTE)
        with pytest.raises(NotFound):
            await ada.do(queries.source, wanted)
    assert await ada.do(queries.source, inside.id)
    assert await found(bruno.here, inside.uri) is None
    assert there is not None


async def test_only_a_practice_with_steps_is_remixed(fediverse, two):
    amara, bruno = two
    tip = await amara.do(practices.share, PracticeForm(entry="tip", text="Start with four pictures."))
    with pytest.raises(NotFound):
        await amara.do(actions.share, tip.id, MINE, NOTE)
    _, there = await shared(fediverse, amara, bruno)
    await bruno.here.run(bruno.here.db.execute, "DELETE FROM practice")
    with pytest.raises(NotFound):
        await bruno.do(actions.share, there.id, MINE, NOTE)


async def test_everything_that_is_missing_is_said_at_once(fediverse, two):
    amara, bruno = two
    _, there = await shared(fediverse, amara, bruno, licence="CC-BY-NC-4.0")
    with pytest.raises(Invalid) as refused:
        await bruno.do(actions.share, there.id, replace(MINE, title="", licence="CC0-1.0"), ChangeNote(" ", ""))
    assert [error["field"] for error in refused.value.errors] == ["what_changed", "why", "licence", "title"]
    assert await bruno.here.run(bruno.here.db.value, "SELECT count(*) AS n FROM remix") == 0


@pytest.mark.parametrize("licence", ["CC-BY-ND-4.0", "CC-BY-NC-ND-4.0", "ARR"])
async def test_without_leave_a_remix_stays_a_draft_by_every_way(fediverse, two, licence):
    amara, bruno = two
    _, there = await shared(fediverse, amara, bruno, licence=licence)
    mine = replace(MINE, licence=licence)
    with pytest.raises(Invalid) as refused:
        await bruno.do(actions.share, there.id, mine, NOTE)
    assert refused.value.field == "licence"
    draft = await bruno.do(actions.save_draft, there.id, mine, NOTE)
    for act in (
        lambda: bruno.do(actions.share, there.id, mine, NOTE, draft_id=draft.id),
        lambda: bruno.do(practices.share, mine, draft_id=draft.id),
        lambda: bruno.do(practices.share, replace(mine, licence="CC-BY-4.0"), draft_id=draft.id),
    ):
        with pytest.raises(Invalid):
            await act()
    await fediverse.settle()
    kept = await bruno.here.run(Post.get, id=draft.id)
    assert (kept.state, kept.visibility) == ("draft", "private")
    assert await found(amara.here, draft.uri) is None
    assert await told(amara) == []


async def test_one_of_an_unknown_licence_is_not_published(fediverse, two):
    amara, bruno = two
    _, there = await shared(fediverse, amara, bruno)
    for licence in ("", "https://example.org/mine"):
        await bruno.here.run(bruno.here.db.execute, "UPDATE post SET licence = :licence", licence=licence)
        with pytest.raises(Invalid) as refused:
            await bruno.do(actions.share, there.id, MINE, NOTE)
        assert refused.value.field == "licence"


async def test_a_remix_is_for_no_more_people_than_its_source(fediverse, two):
    amara, bruno = two
    _, there = await shared(fediverse, amara, bruno, visibility="followers")
    for visibility in ("public", "followers", "network", "instance", ""):
        with pytest.raises(Invalid) as refused:
            await bruno.do(actions.share, there.id, replace(MINE, visibility=visibility), NOTE)
        assert refused.value.field == "visibility"
    draft = await bruno.do(actions.save_draft, there.id, MINE, NOTE)
    with pytest.raises(Invalid):
        await bruno.do(practices.share, replace(MINE, visibility="public"), draft_id=draft.id)
    inside = await amara.do(practices.share, replace(FORM, visibility="instance"))
    with pytest.raises(Invalid):
        await amara.do(actions.share, inside.id, replace(MINE, visibility="public"), NOTE)
    assert (
        await amara.do(actions.share, inside.id, replace(MINE, visibility="instance"), NOTE)
    ).visibility == "instance"


async def test_among_members_it_stays_among_the_members(fediverse, two):
    amara, bruno = two
    group = await community(amara, "science", visibility="members", join_policy="open")
    await join(bruno, group)
    await fediverse.settle()
    post, there = await shared(fediverse, amara, bruno, visibility="members", community_id=group.id)
    place = (await sees(bruno, post.uri)).community.id
    for form in (MINE, replace(MINE, visibility="members"), replace(MINE, visibility="followers")):
        with pytest.raises(Invalid):
            await bruno.do(actions.share, there.id, form, NOTE)
    mine = replace(MINE, visibility="members", community_id=place)
    remix = await bruno.do(actions.share, there.id, mine, NOTE)
    await fediverse.settle()
    assert (await sees(amara, remix.uri)).visibility == "members"
    news = [item for item in await told(amara) if item[0] != "greet"]
    assert news == [("remix", (await found(amara.here, remix.uri)).id)]


async def test_what_was_taken_back_cannot_be_published_from_a_draft(fediverse, two):
    amara, bruno = two
    post, there = await shared(fediverse, amara, bruno)
    draft = await bruno.do(actions.save_draft, there.id, MINE, NOTE)
    await amara.do(practices.withdraw, post.id)
    await fediverse.settle()
    with pytest.raises(NotFound):
        await bruno.do(actions.share, there.id, MINE, NOTE, draft_id=draft.id)
    with pytest.raises(Invalid) as refused:
        await bruno.do(practices.share, MINE, draft_id=draft.id)
    assert refused.value.message.startswith("What it is based on is not there any more")


async def test_a_draft_is_only_that_of_its_remixer_and_source(fediverse, two):
    amara, bruno = two
    _, there = await shared(fediverse, amara, bruno)
    _, other = await shared(fediverse, amara, bruno, title="Another")
    draft = await bruno.do(actions.save_draft, there.id, MINE, NOTE)
    eve = await fediverse.person(bruno.here, "eve")
    for person, source in ((eve, there), (bruno, other)):
        with pytest.raises(NotFound):
            await person.do(actions.share, source.id, MINE, NOTE, draft_id=draft.id)
    assert await eve.do(queries.draft, draft.short) is None


async def test_the_line_about_the_source_stands_under_it_and_stays(fediverse, two):
    amara, bruno = two
    post, there = await shared(fediverse, amara, bruno)
    remix = await bruno.do(actions.share, there.id, MINE, NOTE)
    line = f'<a href="{post.url}">Exit tickets that work</a> by <a href="{amara.here.url("/@amara")}">Amara</a>'
    for part in (line, "CC BY-SA 4.0", "They answer in pairs.", "Half of mine cannot write yet."):
        assert part in _bare(remix.content_html)
    with pytest.raises(Invalid):
        await bruno.do(practices.revise, remix.id, replace(MINE, licence="CC-BY-4.0"))
    with pytest.raises(Invalid):
        await bruno.do(practices.revise, remix.id, replace(MINE, entry="tip", text="Pairs."))
    again = await bruno.do(practices.revise, remix.id, replace(MINE, title="In pairs", steps=("Only this.",)))
    assert line in _bare(again.content_html)
    assert (await bruno.here.run(Remix.get, id=remix.id)).why == NOTE.why


async def test_it_travels_with_its_source_and_the_author_hears_of_it_though_they_follow_nobody(fediverse, two):
    amara, bruno = two
    post, there = await shared(fediverse, amara, bruno)
    remix = await bruno.do(actions.share, there.id, MINE, NOTE)
    await fediverse.settle()
    learning = (await document(fediverse, bruno.here, remix.uri))[1]["learning"]
    assert learning["isBasedOn"] == post.uri
    assert learning["ph:basedOn"] == [
        {
            "ph:id": post.uri,
            "ph:url": post.url,
            "ph:title": "Exit tickets that work",
            "ph:author": "Amara",
            "ph:authorUrl": amara.here.url("/@amara"),
            "ph:licence": "CC-BY-SA-4.0",
        }
    ]
    assert learning["ph:whatChanged"] == NOTE.what
    assert learning["ph:steps"][0] == "Ask one question, in pairs."
    back = await found(amara.here, remix.uri)
    assert await told(amara) == [("remix", back.id)]
    ties = await amara.do(queries.ties, await sees(amara, post.uri))
    assert [(item.title, item.author.handle) for item in ties.made] == [
        ("Exit tickets in pairs", "@bruno@birch.example")
    ]
    seen = await amara.do(queries.ties, await sees(amara, remix.uri))
    assert (seen.basis.why, seen.sources[0].url, seen.sources[0].is_here) == (
        NOTE.why,
        f"/p/exit-tickets-that-work-{post.short}",
        True,
    )


async def test_readable_remixes_are_found_behind_many_that_are_not(fediverse, two):
    amara, bruno = two
    post, _ = await shared(fediverse, amara, bruno)
    first = await amara.do(actions.share, post.id, MINE, NOTE)
    for number in range(45):
        fediverse.clock.advance(1)
        mine = replace(MINE, title=f"For us {number}", visibility="instance")
        await amara.do(actions.share, post.id, mine, NOTE)
    lea = await fediverse.person(amara.here, "lea")
    seen = await amara.here.run(queries.ties, amara.here, Viewer(), await sees(lea, post.uri))
    assert [item.url for item in seen.made] == [first.url.removeprefix(amara.here.url(""))]
    assert not seen.are_more
    assert (await lea.do(queries.ties, await sees(lea, post.uri))).are_more


async def test_one_of_ones_own_is_free_and_no_news(fediverse, two):
    amara, bruno = two
    post, _ = await shared(fediverse, amara, bruno, licence="ARR")
    remix = await amara.do(actions.share, post.id, replace(MINE, licence="CC-BY-4.0"), NOTE)
    assert remix.licence == "CC-BY-4.0"
    assert (await amara.do(practices.revise, remix.id, replace(MINE, licence="ARR"))).licence == "ARR"
    assert await told(amara) == []


async def test_a_remix_of_a_remix_names_everybody(fediverse, two):
    amara, bruno = two
    _post, there = await shared(fediverse, amara, bruno)
    second = await bruno.do(actions.share, there.id, MINE, NOTE)
    await fediverse.settle()
    third = await amara.do(
        actions.share,
        (await found(amara.here, second.uri)).id,
        replace(MINE, title="In threes"),
        ChangeNote("Threes.", "Odd number."),
    )
    await fediverse.settle()
    for title in ("Exit tickets in pairs", "Exit tickets that work"):
        assert f">{title}</a>" in third.content_html
    trees = await bruno.do(lineage, await sees(bruno, third.uri))
    assert _shape(trees) == [("Exit tickets that work", [("Exit tickets in pairs", [("In threes", [])])])]
    await bruno.do(practices.withdraw, second.id)
    await fediverse.settle()
    trees = await amara.do(lineage, await sees(amara, third.uri))
    assert _shape(trees) == [("Exit tickets that work", [("Exit tickets in pairs", [("In threes", [])])])]
    middle = trees[0].children[0]
    assert (middle.is_here, middle.author, middle.organisation) == (False, "Bruno", "birch.example")


async def test_s17_a_remix_calls_no_first_author_who_wants_nothing_from_the_remixer(fediverse, two):
    amara, _ = two
    carol, dora = [await fediverse.person(amara.here, name) for name in ("carol", "dora")]
    first = await amara.do(practices.share, FORM)
    second = await carol.do(actions.share, first.id, MINE, NOTE)
    await amara.here.run(block, amara.here, amara.id, dora.id)
    third = await dora.do(actions.share, second.id, replace(MINE, title="In threes"), NOTE)
    named = await dora.here.run(dora.here.db.rows, "SELECT actor_id FROM post_mention WHERE post_id = :id", id=third.id)
    assert named == [{"actor_id": carol.id}]
    assert f">{FORM.title}</a>" in third.content_html


def _shape(places):
    return [(place.title, _shape(place.children)) for place in places]


def _bare(html: str) -> str:
    return html.replace(' rel="nofollow noopener noreferrer ugc"', "")
