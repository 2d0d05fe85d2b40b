"""Threads, questions and answers: who may do what, and what a question's state says."""

from dataclasses import replace

import pytest

from server.actors import actions as actors
from server.communities import actions as communities
from server.communities import members
from server.communities.form import CommunityForm
from server.discussions import actions, queries
from server.discussions.actions import ThreadForm
from server.discussions.policy import ask_state
from server.errors import Invalid, NotAllowed, NotFound
from server.posts import actions as posts
from server.posts import queries as post_queries

ASK = ThreadForm(kind="ask", title="How do you get the boards back?", text="They end up in the cupboard.")
TALK = ThreadForm(title="Instructions as pictures", text="I will draw the first set.")
ANSWER = ThreadForm(text="Number the boards and the seats.")


async def place(fediverse, **facts):
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    form = CommunityForm(name="Science", purpose="Try things.", slug="science", **facts)
    science = await maya.do(communities.create_community, form)
    await tom.do(members.join, science.id)
    return here, maya, tom, science


async def view(person, post_id: str):
    return await person.do(post_queries.show, post_id)


async def test_nothing_is_started_without_words(fediverse) -> None:
    _, maya, _, science = await place(fediverse)
    with pytest.raises(Invalid) as refused:
        await maya.do(actions.start, ThreadForm(community_id=science.id))
    assert {error["field"] for error in refused.value.errors} == {"title", "content"}
    with pytest.raises(Invalid):
        await maya.do(actions.start, replace(TALK, kind="practice"))


async def test_s30_only_the_author_changes_and_deletes(fediverse) -> None:
    _, maya, tom, science = await place(fediverse)
    talk = await maya.do(actions.start, replace(TALK, community_id=science.id))
    answer = await tom.do(actions.reply, talk.id, ANSWER)
    with pytest.raises(NotFound):
        await tom.do(actions.change, talk.id, TALK)
    with pytest.raises(NotFound):
        await maya.do(actions.change, answer.id, ANSWER)
    with pytest.raises(NotFound):
        await maya.do(actions.withdraw, answer.id)


async def test_d3_only_the_asker_says_what_helped_and_closes(fediverse) -> None:
    here, maya, tom, science = await place(fediverse)
    ines = await fediverse.person(here, "ines")
    await ines.do(members.join, science.id)
    ask = await tom.do(actions.start, replace(ASK, community_id=science.id))
    answer = await ines.do(actions.reply, ask.id, ANSWER)
    with pytest.raises(NotAllowed):
        await ines.do(posts.mark_helped, answer.id)
    with pytest.raises(NotAllowed):
        await ines.do(actions.close, ask.id)
    with pytest.raises(NotAllowed):
        await maya.do(actions.reopen, ask.id, unclear="All of it")
    talk = await maya.do(actions.start, replace(TALK, community_id=science.id))
    with pytest.raises(NotFound):
        await maya.do(actions.close, talk.id)


async def test_s15_a_question_among_members_is_closed_to_others_without_a_trace(fediverse) -> None:
    here, maya, _, science = await place(fediverse, visibility="members")
    ines = await fediverse.person(here, "ines")
    ask = await maya.do(actions.start, replace(ASK, community_id=science.id, visibility="public"))
    assert ask.visibility == "members"
    for act in (actions.close, actions.reopen):
        with pytest.raises(NotFound):
            await ines.do(act, ask.id)
    with pytest.raises(NotFound):
        await ines.do(actions.reply, ask.id, ANSWER)
    answer = await maya.do(actions.reply, ask.id, replace(ANSWER, visibility="public"))
    assert answer.visibility == "members"


async def test_d17_reopening_needs_a_sentence(fediverse) -> None:
    _, maya, _, science = await place(fediverse)
    ask = await maya.do(actions.start, replace(ASK, community_id=science.id))
    with pytest.raises(Invalid):
        await maya.do(actions.reopen, ask.id, unclear="  ")
    with pytest.raises(Invalid):
        await maya.do(actions.close, ask.id, clear="x" * 501)


def test_the_state_of_a_question() -> None:
    assert ask_state(is_closed=True, helped_count=0, unclear="") == "closed"
    assert ask_state(is_closed=False, helped_count=2, unclear="") == "answered"
    assert ask_state(is_closed=False, helped_count=2, unclear="The pens") == "open"
    assert ask_state(is_closed=False, helped_count=0, unclear="") == "open"


async def test_d3_d17_a_question_is_answered_closed_and_opened_again(fediverse) -> None:
    _here, maya, tom, science = await place(fediverse)
    ask = await maya.do(actions.start, replace(ASK, community_id=science.id))
    answers = [await tom.do(actions.reply, ask.id, replace(ANSWER, text=f"Way {number}")) for number in range(2)]
    for answer in answers:
        await maya.do(posts.mark_helped, answer.id)
    facts = await maya.do(queries.ask, await view(maya, ask.id))
    assert (facts.state, facts.helped_count) == ("answered", 2)
    await maya.do(actions.close, ask.id, clear="Numbers work")
    closed = await view(tom, ask.id)
    facts = await maya.do(queries.ask, closed)
    assert (facts.state, facts.clear, closed.can_reply) == ("closed", "Numbers work", False)
    with pytest.raises(NotAllowed):
        await tom.do(actions.reply, ask.id, ANSWER)
    await maya.do(actions.reopen, ask.id, unclear="And the pens?")
    facts = await maya.do(queries.ask, await view(tom, ask.id))
    assert (facts.state, facts.unclear) == ("open", "And the pens?")
    await maya.do(posts.unmark_helped, answers[0].id)
    assert (await view(tom, ask.id)).helped_count == 1


async def test_d3_d17_other_servers_hear_what_helped_and_what_is_unclear(fediverse) -> None:
    here, maya, tom, science = await place(fediverse)
    birch = await fediverse.start("birch.example")
    bruno = await fediverse.person(birch, "bruno")
    target = await birch.run(actors.resolve, birch, "@science@alder.example")
    await birch.run(actors.request_follow, birch, bruno.id, target.id)
    await fediverse.settle()
    ask = await maya.do(actions.start, replace(ASK, community_id=science.id))
    answer = await tom.do(actions.reply, ask.id, ANSWER)
    fediverse.clock.advance(5)
    await maya.do(posts.mark_helped, answer.id)
    fediverse.clock.advance(5)
    await maya.do(actions.reopen, ask.id, unclear="And the pens?")
    await fediverse.settle()
    listed = await bruno.do(post_queries.listing, kinds=("ask",))
    assert [item.title for item in listed.items] == [ASK.title]
    facts = await bruno.do(queries.ask, listed.items[0])
    assert (facts.state, facts.unclear) == ("open", "And the pens?")
    async with fediverse.client(here) as client:
        sent = (await client.get(f"/ap/p/{ask.id}", headers={"accept": "application/activity+json"})).json()
    assert (sent["kind"], sent["acceptedAnswer"]) == ("question", answer.uri)


async def test_a_changed_thread_keeps_its_versions(fediverse) -> None:
    _, maya, _, science = await place(fediverse)
    talk = await maya.do(actions.start, replace(TALK, community_id=science.id))
    await maya.do(actions.change, talk.id, replace(TALK, text="I drew the first set."), "Done")
    found = await maya.do(post_queries.versions, talk.id)
    assert [(old.version, old.source_md, old.change_note) for old in found] == [(1, TALK.text, "Done")]


async def test_d1_replies_nest_and_a_deleted_one_keeps_its_place(fediverse) -> None:
    _, maya, tom, science = await place(fediverse)
    talk = await maya.do(actions.start, replace(TALK, community_id=science.id))
    first = await tom.do(actions.reply, talk.id, ANSWER)
    second = await maya.do(actions.reply, first.id, replace(ANSWER, text="And the pens?"))
    await tom.do(actions.withdraw, first.id)
    nested = await maya.do(post_queries.thread, talk.id)
    assert [(node.id, node.deleted, [inner.id for inner in node.replies]) for node in nested] == [
        (first.id, True, [second.id])
    ]
