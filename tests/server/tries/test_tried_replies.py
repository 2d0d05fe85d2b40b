"""Replies such as "#triedit worked" from Mastodon and others: held or counted, and acknowledged once."""

from dataclasses import replace

import pytest

from server.actors.actions import resolve
from server.actors.blocking import block
from server.posts import actions as posts
from server.posts import queries
from server.practices import actions as practices
from server.tries.queries import where_it_worked
from tests.journeys.test_tried_across_servers import PRACTICE
from tests.posting import Stranger, actor_document, document, follow, found, join, reply, sees
from tests.posting import community as make_community

TAG = '<a href="https://mastodon.example/tags/triedit" class="mention hashtag" rel="tag">#<span>triedit</span></a>'


@pytest.fixture
async def place(fediverse):
    """Maya's practice at Alder, in a community; Sofia on Mastodon."""
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya", role="steward")
    group = await make_community(maya, "science")
    practice = await maya.do(practices.share, PRACTICE)
    stranger = Stranger(fediverse, "mastodon.example")
    fediverse.watch.let_deliveries_pass()
    return maya, practice, stranger, stranger.actor("sofia"), group


async def say(fediverse, place, words, path="n/1", **more):
    """Sofia replies to the practice."""
    maya, practice, stranger, sofia, _ = place
    content = (
        f'<p><span class="h-card"><a href="{maya.uri}" class="u-url mention">@<span>maya</span></a></span> {words}</p>'
    )
    tags = [{"type": "Hashtag", "href": stranger.uri("tags/triedit"), "name": "#triedit"}]
    named = {"type": "Mention", "href": maya.uri, "name": "@maya@alder.example"}
    facts = {"inReplyTo": practice.uri, "tag": [*tags, named]} | more
    return await stranger.create(fediverse, maya.here, sofia, path, content, **facts)


async def counted(place):
    """The counts of the practice, as Maya sees them."""
    maya, practice, *_ = place
    return (await maya.do(where_it_worked, await sees(maya, practice.uri))).counts.by_outcome()


def acknowledgements(place):
    """What Sofia was sent about it."""
    found_notes = [item["object"] for item in place[2].received if item["type"] == "Create"]
    return [note for note in found_notes if "Thank you for trying" in note["content"]]


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        (f"{TAG} worked with changes: used sticky notes", "worked-with-changes"),
        ("#TriedIt Worked!", "worked"),
        (f"{TAG}<br>did NOT work, too noisy", "did-not-work"),
        (f"{TAG} &mdash; stopped early", "stopped-early"),
        (f"It worked well. {TAG}", "worked"),
        (f"{TAG} hat nicht geklappt", "did-not-work"),
    ],
)
async def test_a_reply_becomes_a_report_and_is_acknowledged_once(fediverse, place, words, outcome):
    maya, practice, stranger, sofia, _ = place
    uri = await say(fediverse, place, words)
    assert {name: count for name, count in (await counted(place)).items() if count} == {outcome: 1}
    assert (await found(maya.here, uri)).kind == "tried"
    (note,) = acknowledgements(place)
    assert (note["inReplyTo"], note["to"]) == (uri, [sofia])
    assert practice.url in note["content"]
    assert note["attributedTo"] == "https://alder.example/ap/actor"
    again = stranger.documents[uri] | {"updated": "2026-01-15T10:30:00Z", "content": "<p>#triedit stopped early</p>"}
    await stranger.send(maya.here, stranger.activity("Update", sofia, again))
    await fediverse.settle()
    assert {name: count for name, count in (await counted(place)).items() if count} == {"stopped-early": 1}
    assert len(acknowledgements(place)) == 1
    told = await maya.here.run(maya.here.db.rows, "SELECT kind FROM notification WHERE kind IN ('tried', 'reply')")
    assert told == [{"kind": "tried"}]


async def test_c2_a_reply_as_gotosocial_writes_it_stands_in_the_grid_as_an_open_report(fediverse, place):
    maya, practice, *_ = place
    server = Stranger(fediverse, "gts.example")
    zork = server.uri("users/zork")
    server.documents[zork] = actor_document(zork, "zork") | {
        "followers": f"{zork}/followers",
        "inbox": f"{zork}/inbox",
        "manuallyApprovesFollowers": True,
    }
    uri = f"{zork}/statuses/01KF0J3Q6YB7T2MZ5N8RX4VWCD"
    said = "worked with changes: used sticky notes &amp; a <em>timer</em>"
    link = 'class="{}" rel="{}nofollow noreferrer noopener" target="_blank"'
    everybody = {"always": ["https://www.w3.org/ns/activitystreams#Public"], "approvalRequired": []}
    note = {
        "@context": [
            "https://gotosocial.org/ns",
            "https://www.w3.org/ns/activitystreams",
            {"Hashtag": "as:Hashtag", "sensitive": "as:sensitive"},
        ],
        "id": uri,
        "type": "Note",
        "url": server.uri("@zork/statuses/01KF0J3Q6YB7T2MZ5N8RX4VWCD"),
        "attributedTo": zork,
        "attachment": [],
        "cc": [f"{zork}/followers", maya.uri],
        "content": (
            f'<p><span class="h-card"><a href="{maya.uri}" {link.format("u-url mention", "")}>@<span>maya</span></a>'
            f'</span> <a href="{server.uri("tags/triedit")}" {link.format("mention hashtag", "tag ")}>#<span>triedit'
            f"</span></a> {said}</p>"
        ),
        "inReplyTo": practice.uri,
        "interactionPolicy": {name: everybody for name in ("canLike", "canReply", "canAnnounce")},
        "published": "2026-01-15T11:00:00+01:00",
        "replies": {"id": f"{uri}/replies", "type": "Collection", "first": {"id": f"{uri}/replies?page=true"}},
        "sensitive": False,
        "summary": "",
        "tag": [
            {"type": "Mention", "href": maya.uri, "name": "@maya@alder.example"},
            {"type": "Hashtag", "href": server.uri("tags/triedit"), "name": "#triedit"},
        ],
        "to": "https://www.w3.org/ns/activitystreams#Public",
    }
    note["contentMap"] = {"en": note["content"]}
    server.documents[uri] = note
    create = server.activity(
        "Create", zork, note, path="users/zork/statuses/01KF0J3Q6YB7T2MZ5N8RX4VWCD/activity#Create"
    )
    assert await server.send(maya.here, create) == 202
    await fediverse.settle()

    there = await found(maya.here, uri)
    seen = await maya.do(where_it_worked, await sees(maya, practice.uri), [there.id])
    assert (there.kind, seen.counts.total, seen.counts.organisations) == ("tried", 1, 1)
    assert [(line.level, line.cells) for line in seen.rows] == [("", ({"worked-with-changes": 1},))]
    report = seen.reports[there.id]
    assert (report.by_words, report.context.is_empty, report.changed) == (True, True, "used sticky notes & a timer")
    async with fediverse.client(maya.here, maya) as client:
        page = (await client.get(practice.url)).text
    for words in ("Tried once", "in one organisation.", "Not said", "Worked with changes: </span>1", "<em>timer</em>"):
        assert words in page, words
    (thanks,) = [item["object"] for item in server.received if item["type"] == "Create"]
    assert (thanks["to"], thanks["inReplyTo"]) == ([zork], uri)
    assert "counts as “worked with changes”" in thanks["content"]


@pytest.mark.parametrize("words", ["triedit worked", f"{TAG} on Monday", "worked with changes", f"{TAG}"])
async def test_what_does_not_say_how_it_went_stays_a_reply(fediverse, place, words):
    uri = await say(fediverse, place, words)
    assert (await found(place[0].here, uri)).kind == "reply"
    assert set((await counted(place)).values()) == {0}
    assert acknowledgements(place) == []


async def test_a_second_one_and_an_answer_to_a_reply_stay_replies(fediverse, place):
    maya = place[0]
    first = await say(fediverse, place, f"{TAG} worked")
    second = await say(fediverse, place, f"{TAG} did not work", "n/2")
    nested = await say(fediverse, place, f"{TAG} did not work", "n/3", inReplyTo=first)
    kinds = [(await found(maya.here, uri)).kind for uri in (first, second, nested)]
    assert kinds == ["tried", "reply", "reply"]
    assert sum((await counted(place)).values()) == 1
    assert len(acknowledgements(place)) == 1


async def test_the_author_does_not_count(fediverse, place):
    maya, practice, *_ = place
    await reply(maya, practice, "#triedit worked")
    assert sum((await counted(place)).values()) == 0


async def test_a_reply_that_says_something_else_now_counts_no_more(fediverse, place):
    maya, _, stranger, sofia, _ = place
    uri = await say(fediverse, place, f"{TAG} worked")
    again = stranger.documents[uri] | {"updated": "2026-01-15T10:30:00Z", "content": "<p>Never mind.</p>"}
    await stranger.send(maya.here, stranger.activity("Update", sofia, again))
    await fediverse.settle()
    assert sum((await counted(place)).values()) == 0
    assert (await found(maya.here, uri)).kind == "reply"


async def test_a_deleted_one_counts_no_more(fediverse, place):
    maya, _, stranger, sofia, _ = place
    uri = await say(fediverse, place, f"{TAG} worked")
    await stranger.send(maya.here, stranger.activity("Delete", sofia, {"id": uri, "type": "Tombstone"}))
    await fediverse.settle()
    assert sum((await counted(place)).values()) == 0


async def test_s17_whom_the_author_blocked_counts_for_nobody_and_is_not_answered(fediverse, place):
    maya, practice, _, sofia, _ = place
    tom = await fediverse.person(maya.here, "tom")

    async def numbers():
        wire = (await document(fediverse, maya.here, f"{practice.uri}/trials"))[1]["totalItems"]
        return wire, (await tom.do(where_it_worked, await sees(tom, practice.uri))).counts.total

    await say(fediverse, place, f"{TAG} worked")
    assert await numbers() == (1, 1)
    there = await maya.here.run(resolve, maya.here, sofia)
    await maya.here.run(block, maya.here, maya.id, there.id)
    assert await numbers() == (0, 0)
    fediverse.clock.advance(60)
    await maya.do(practices.revise, practice.id, replace(PRACTICE, steps=("Ask.",)))
    await say(fediverse, place, f"{TAG} did not work", "n/2")
    assert await numbers() == (0, 0)
    assert len(acknowledgements(place)) == 1


async def test_what_a_stranger_says_is_held_first_and_counted_when_it_is_let_through(fediverse):
    here = await fediverse.start("alder.example", federation="careful")
    maya = await fediverse.person(here, "maya", role="steward")
    practice = await maya.do(practices.share, PRACTICE)
    stranger = Stranger(fediverse, "mastodon.example")
    fediverse.watch.let_deliveries_pass()
    place = (maya, practice, stranger, stranger.actor("sofia"), None)
    uri = await say(fediverse, place, f"{TAG} worked")
    post = await found(here, uri)
    assert (post.state, post.kind) == ("held", "tried")
    assert sum((await counted(place)).values()) == 0
    assert (await document(fediverse, here, f"{practice.uri}/trials"))[1]["totalItems"] == 0
    assert acknowledgements(place) == []
    assert [held.id for held in await maya.do(queries.held)] == [post.id]
    await maya.do(posts.approve_post, post.id)
    await fediverse.settle()
    assert (await counted(place))["worked"] == 1
    assert len(acknowledgements(place)) == 1


async def test_in_a_community_the_community_answers(fediverse, place):
    maya, _, stranger, sofia, group = place
    joel = await fediverse.person(maya.here, "joel")
    await join(joel, group)
    await follow(joel, maya)
    practice = await maya.do(practices.share, replace(PRACTICE, community_id=group.id))
    await fediverse.settle()
    await say(fediverse, (maya, practice, stranger, sofia, group), f"{TAG} worked")
    (note,) = acknowledgements(place)
    assert note["attributedTo"] == group.uri
    assert [node.kind for node in await joel.do(queries.thread, practice.id)] == ["tried"]
    assert "Thank you" not in str(await joel.do(queries.thread, practice.id))


async def test_somebody_here_counts_with_an_app_and_is_not_answered(fediverse, place):
    maya, practice, *_ = place
    tom = await fediverse.person(maya.here, "tom")
    post = await reply(tom, practice, "#triedit did not work: too loud")
    await fediverse.settle()
    assert (await counted(place))["did-not-work"] == 1
    assert (await found(maya.here, post.uri)).kind == "tried"
    replies = await maya.do(queries.thread, practice.id)
    assert [node.replies for node in replies] == [[]]
