"""Which answer helped, across servers: PieFed's ChooseAnswer, its Undo, and `acceptedAnswer` on the question itself."""

from dataclasses import replace

import pytest

from federation.vocab.base import PUBLIC
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.posts import actions as posts
from tests.conftest import SHARED
from tests.interop.test_golden_emitted import differences, golden
from tests.posting import Stranger, community, follow, found, outcome, reply, sees, write

ASK = ThreadForm(kind="ask", title="Why is 0.999… equal to 1?", text="For grade 7.", visibility="public")


@pytest.fixture
async def asked(fediverse):
    """Maya's question in her community, and an answer of Eva's, who is at a PieFed."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    group = await community(maya, "algebra")
    ask = await maya.do(discussions.start, replace(ASK, community_id=group.id))
    there = Stranger(fediverse, "piefed.example")
    eva = there.actor("eva")
    uri = await there.create(fediverse, maya.here, eva, "comment/1", "<p>Because.</p>", inReplyTo=ask.uri)
    return maya, group, ask, there, eva, uri


async def test_s5_nobody_else_says_what_helped_in_any_spelling(fediverse, asked):
    maya, group, ask, there, eva, uri = asked
    eve = there.actor("eve")
    other = await write(maya, community_id=group.id)
    for number, (who, more) in enumerate(
        [
            (eva, {}),  # who wrote the answer
            (eve, {}),
            (eve, {"target": ask.uri}),
            (eve, {"audience": group.uri, "target": ask.uri}),
            (eve, {"attributedTo": maya.uri}),
        ]
    ):
        choice = there.activity("ChooseAnswer", who, uri, path=f"answer/{number}") | more
        await there.send(maya.here, choice)
        forged = {**choice, "actor": maya.uri}
        await there.send(maya.here, there.activity("Undo", who, forged, path=f"undo/{number}"))
        wrapped = there.activity("Announce", there.actor("group", "Group"), choice, path=f"announce/{number}")
        await there.send(maya.here, wrapped)
    await fediverse.settle()
    assert (await sees(maya, uri)).helped is False
    assert (await sees(maya, ask.uri)).answered is False
    await maya.do(posts.mark_helped, (await found(maya.here, uri)).id)
    undo = there.activity("ChooseAnswer", eve, uri, path="answer/99")
    await there.send(maya.here, there.activity("Undo", eve, undo, path="undo/99"))
    wrong = there.activity("ChooseAnswer", maya.uri, uri, path="answer/98") | {"actor": eve, "target": other.uri}
    await there.send(maya.here, wrong)
    await fediverse.settle()
    assert (await sees(maya, uri)).helped is True
    assert (await outcome(maya.here, there.uri("answer/98")))[0] == "refused"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the golden documents are not there")
async def test_our_choice_goes_to_who_answered_and_has_the_golden_shape(fediverse, asked):
    maya, group, ask, there, _, uri = asked
    await follow_group(fediverse, there, maya, group)
    post = await found(maya.here, uri)
    await maya.do(posts.mark_helped, post.id)
    await fediverse.settle()
    wrapped = [item["object"] for item in there.received if item["type"] == "Announce"]
    choices = [item for item in wrapped if isinstance(item, dict) and item["type"] == "ChooseAnswer"]
    assert [differences(item, golden("activity-choose-answer")) for item in choices] == [[]]
    assert (choices[0]["object"], choices[0]["target"], choices[0]["actor"]) == (uri, ask.uri, maya.uri)
    updates = [item for item in wrapped if isinstance(item, dict) and item["type"] == "Update"]
    assert updates[-1]["object"]["acceptedAnswer"] == uri
    there.received.clear()
    await maya.do(posts.unmark_helped, post.id)
    await fediverse.settle()
    wrapped = [item["object"] for item in there.received if item["type"] == "Announce"]
    undone = [item["object"] for item in wrapped if isinstance(item, dict) and item["type"] == "Undo"]
    assert [(item["type"], item["object"]) for item in undone] == [("ChooseAnswer", uri)]


async def follow_group(fediverse, there, maya, group):
    """A PieFed follows a community."""
    fan = there.actor("fan", generator={"type": "Application", "implements": [{"href": "https://w3id.org/fep/1b12"}]})
    await there.send(maya.here, there.activity("Follow", fan, group.uri))
    await fediverse.settle()
    there.received.clear()


async def test_piefeds_choice_names_no_target_and_its_undo_ends_it(fediverse):
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    there = Stranger(fediverse, "piefed.example")
    group, asker = there.actor("algebra", "Group"), there.actor("asker")
    await follow(maya, type("Group", (), {"uri": group})())
    await fediverse.settle()
    await there.send(maya.here, there.activity("Accept", group, there.received[-1]))
    question = there.note(
        asker, "post/1", type="Page", name="Why?", to=[group, PUBLIC], audience=group, kind="question"
    )
    create = there.activity("Create", asker, question)
    await there.send(maya.here, there.activity("Announce", group, create, path="announce/1"))
    await fediverse.settle()
    ask = await found(maya.here, question["id"])
    answer = await reply(maya, ask.id, "Because.")
    await fediverse.settle()
    choice = there.activity("ChooseAnswer", asker, answer.uri, path="answer/1", audience=group, cc=[group])
    for number in (2, 3):
        await there.send(maya.here, there.activity("Announce", group, choice, path=f"announce/{number}"))
    await fediverse.settle()
    assert ((await sees(maya, answer.uri)).helped, (await sees(maya, ask.uri)).helped_count) == (True, 1)
    undo = there.activity("Undo", asker, choice, path="undo/1")
    await there.send(maya.here, there.activity("Announce", group, undo, path="announce/4"))
    await fediverse.settle()
    assert (await sees(maya, answer.uri)).helped is False


async def test_d3_accepted_answer_alone_says_it_where_no_community_does(fediverse):
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    await follow(tom, maya)
    await fediverse.settle()
    ask = await maya.do(discussions.start, ASK)
    await fediverse.settle()
    first = await reply(tom, (await found(tom.here, ask.uri)).id, "Because.")
    second = await reply(tom, (await found(tom.here, ask.uri)).id, "Think of thirds.")
    await fediverse.settle()
    await maya.do(posts.mark_helped, (await found(maya.here, first.uri)).id)
    await fediverse.settle()
    assert ((await sees(tom, first.uri)).helped, (await sees(tom, ask.uri)).answered) == (True, True)
    fediverse.clock.advance(5)
    await maya.do(posts.unmark_helped, (await found(maya.here, first.uri)).id)
    await maya.do(posts.mark_helped, (await found(maya.here, second.uri)).id)
    await fediverse.settle()
    assert ((await sees(tom, first.uri)).helped, (await sees(tom, second.uri)).helped) == (False, True)
    told = await tom.here.run(tom.here.db.rows, "SELECT kind FROM notification WHERE kind = 'helped'")
    assert len(told) >= 1


async def test_s5_an_answer_of_another_thread_is_not_accepted_by_naming_it(fediverse):
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    there = Stranger(fediverse, "piefed.example")
    eve = there.actor("eve")
    thread = await write(maya)
    answer = await reply(await fediverse.person(maya.here, "tom"), thread, "Yes.")
    await there.create(
        fediverse, maya.here, eve, "post/1", type="Article", name="Mine", kind="question", acceptedAnswer=answer.uri
    )
    assert (await sees(maya, answer.uri)).helped is False
    own = await there.create(fediverse, maya.here, eve, "post/2", type="Article", name="Mine", kind="question")
    mine = await there.create(fediverse, maya.here, eve, "post/3", inReplyTo=own)
    changed = there.documents[own] | {"acceptedAnswer": mine, "updated": "2026-01-15T09:30:00Z"}
    await there.send(maya.here, there.activity("Update", eve, changed, path="update/1"))
    await fediverse.settle()
    assert (await sees(maya, mine)).helped is False  # nobody helps themselves


# FEP-f06f


async def test_fep_f06f_what_an_observer_forwards_or_announces_is_taken_in(fediverse):
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    there = Stranger(fediverse, "mitra.example")
    author, answerer = there.actor("author"), there.actor("answerer")
    await there.create(fediverse, maya.here, author, "objects/1", "<p>A conversation.</p>")
    observer = there.actor("observer", "Application", observerOf=there.uri("objects/1"))
    await follow(maya, type("Observer", (), {"uri": observer})())
    await fediverse.settle()
    await there.send(maya.here, there.activity("Accept", observer, there.received[-1]))
    await fediverse.settle()
    forwarded = there.note(answerer, "objects/2", inReplyTo=there.uri("objects/1"))
    await there.send(maya.here, there.activity("Create", answerer, forwarded), signer=observer)
    announced = there.note(answerer, "objects/3", inReplyTo=there.uri("objects/1"))
    create = there.activity("Create", answerer, announced)
    await there.send(maya.here, there.activity("Announce", observer, create, path="announce/1"))
    await fediverse.settle()
    assert await found(maya.here, there.uri("objects/2")) is not None
    assert await found(maya.here, there.uri("objects/3")) is not None
    # What it forwards is believed for its origin, never for its word.
    forged = {**forwarded, "id": there.uri("objects/4"), "content": "<p>Forged.</p>"}
    await there.send(maya.here, there.activity("Create", answerer, forged, path="create/4"), signer=observer)
    await fediverse.settle()
    assert await found(maya.here, there.uri("objects/4")) is None
