"""Peers first (D4): answers of those who look after a community wait for a time, or until two peers have answered."""

from dataclasses import replace

import pytest

from server.discussions import actions, peers_first, queries
from server.discussions.actions import ThreadForm
from server.errors import Invalid, NotFound
from server.mastodon.ids import number_of
from server.posts import actions as posts
from server.posts import queries as post_queries
from tests.apps import app_of
from tests.posting import community, document, follow, found, join, reply, sees

ASK = ThreadForm(kind="ask", title="How do you begin?", text="With half of them late.", peers_first_hours=24)
ANSWER = ThreadForm(text="With a list on the door.")
HOUR = 3600


@pytest.fixture
async def scene(fediverse):
    """Ada asks in a community that Maya looks after; Tom and Ben are members, Bruno of Birch too."""
    here = await fediverse.start("alder.example")
    maya, ada, tom, ben = [await fediverse.person(here, name) for name in ("maya", "ada", "tom", "ben")]
    bruno = await fediverse.person(await fediverse.start("birch.example"), "bruno")
    group = await community(maya, "science")
    for person in (ada, tom, ben, bruno):
        await join(person, group)
    await follow(bruno, maya)
    await fediverse.settle()
    ask = await ada.do(actions.start, replace(ASK, community_id=group.id))
    await fediverse.settle()
    return maya, ada, tom, ben, bruno, ask


async def answers(person, ask):
    here = await found(person.here, ask.uri)
    return [post.content_html for post in await person.do(post_queries.thread, here.id)]


async def stands(person, ask):
    view = await sees(person, ask.uri)
    return (await person.do(queries.ask, view)).peers_first


async def test_d4_only_questions_give_peers_the_word_and_not_for_ever(scene):
    maya, *_ = scene
    for form in (replace(ASK, kind="discussion"), replace(ASK, peers_first_hours=9000)):
        with pytest.raises(Invalid) as refused:
            await maya.do(actions.start, form)
        assert refused.value.field == "peers_first"


async def test_d4_s15_an_answer_that_waits_is_seen_by_its_author_alone(fediverse, scene):
    maya, ada, tom, _, bruno, ask = scene
    early = await maya.do(actions.reply, ask.id, ANSWER)
    await fediverse.settle()
    assert early.state == "peers"
    for person in (ada, tom, bruno):
        assert await answers(person, ask) == []
    assert len(await answers(maya, ask)) == 1
    assert await found(bruno.here, early.uri) is None
    assert (await document(fediverse, maya.here, early.uri))[0] == 404
    assert (await sees(ada, ask.uri)).replies_count == 0
    with pytest.raises(NotFound):
        await ada.do(posts.like_post, early.id)
    with pytest.raises(NotFound):
        await tom.do(peers_first.show_now, early.id)


async def test_d4_two_peers_end_the_wait(fediverse, scene):
    maya, ada, tom, ben, bruno, ask = scene
    await maya.do(actions.reply, ask.id, ANSWER)
    stand = await stands(maya, ask)
    assert (stand.is_staff, stand.answered, stand.minutes_left // 60) == (True, 0, 24)
    assert (await stands(tom, ask)).is_staff is False
    await reply(ada, ask, "I tried it once.")
    await tom.do(actions.reply, ask.id, ANSWER)
    await tom.do(actions.reply, ask.id, replace(ANSWER, text="And a second list."))
    await fediverse.settle()
    assert (await stands(maya, ask)).answered == 1
    assert len(await answers(ben, ask)) == 3
    await bruno.do(actions.reply, (await found(bruno.here, ask.uri)).id, ANSWER)
    await fediverse.settle()
    assert await stands(maya, ask) is None
    assert len(await answers(ben, ask)) == 5
    assert len(await answers(bruno, ask)) == 5
    at_once = await maya.do(actions.reply, ask.id, replace(ANSWER, text="Now I may."))
    assert at_once.state == "visible"


async def test_d4_whoever_runs_another_server_is_a_peer_here(fediverse, scene):
    *_, bruno, ask = scene
    admin = await fediverse.person(bruno.here, "zoe", role="admin")
    answer = await admin.do(actions.reply, (await found(bruno.here, ask.uri)).id, ANSWER)
    await fediverse.settle()
    assert answer.state == "visible"
    assert (await stands(scene[0], ask)).answered == 1


async def test_d4_whoever_runs_this_server_waits(fediverse, scene):
    maya, *_, ask = scene
    admin = await fediverse.person(maya.here, "zoe", role="admin")
    assert (await admin.do(actions.reply, ask.id, ANSWER)).state == "peers"


async def test_d4_the_time_ends_the_wait(fediverse, scene):
    maya, _, tom, _, bruno, ask = scene
    early = await maya.do(actions.reply, ask.id, ANSWER)
    fediverse.clock.advance(23 * HOUR)
    await fediverse.settle()
    assert await answers(tom, ask) == []
    fediverse.clock.advance(2 * HOUR)
    await fediverse.settle()
    assert len(await answers(tom, ask)) == 1
    assert (await found(bruno.here, early.uri)).state == "visible"
    assert await stands(maya, ask) is None


async def test_d4_safety_goes_past_it_and_into_the_log(fediverse, scene):
    maya, _, tom, _, _, ask = scene
    urgent = await maya.do(actions.reply, ask.id, replace(ANSWER, cannot_wait=True))
    assert urgent.state == "visible"
    early = await maya.do(actions.reply, ask.id, replace(ANSWER, text="Another list."))
    await maya.do(peers_first.show_now, early.id)
    assert len(await answers(tom, ask)) == 2
    with pytest.raises(NotFound):
        await maya.do(peers_first.show_now, early.id)
    rows = await maya.here.run(maya.here.db.rows, "SELECT action, subject FROM audit_entry ORDER BY id")
    noted = {row["subject"] for row in rows if row["action"] == "answer.at_once"}
    assert noted == {urgent.uri, early.uri}
    peer = await tom.do(actions.reply, ask.id, replace(ANSWER, cannot_wait=True))
    assert peer.state == "visible"
    count = "SELECT count(*) AS n FROM audit_entry WHERE action = 'answer.at_once'"
    assert await maya.here.run(maya.here.db.value, count) == 2


async def test_d4_an_answer_that_waits_is_deleted_without_a_word(fediverse, scene):
    maya, _, tom, _, bruno, ask = scene
    early = await maya.do(actions.reply, ask.id, ANSWER)
    await maya.do(actions.withdraw, early.id)
    await fediverse.settle()
    sent = "SELECT count(*) AS n FROM sent_activity WHERE uri LIKE '%/ap/a/delete/%'"
    assert await maya.here.run(maya.here.db.value, sent) == 0
    fediverse.clock.advance(25 * HOUR)
    await fediverse.settle()
    assert await answers(tom, ask) == []
    assert await found(bruno.here, early.uri) is None


async def test_d4_those_who_look_after_a_community_elsewhere_wait_too(fediverse, scene):
    maya, _, _, _, bruno, _ = scene
    there = await found(bruno.here, (await sees(maya, scene[-1].uri)).uri)
    ask = await bruno.do(actions.start, replace(ASK, title="And you?", community_id=there.community_id))
    await fediverse.settle()
    assert (await stands(maya, ask)).is_staff is True
    early = await maya.do(actions.reply, (await found(maya.here, ask.uri)).id, ANSWER)
    await fediverse.settle()
    assert early.state == "peers"
    assert await answers(bruno, ask) == []
    fediverse.clock.advance(25 * HOUR)
    await fediverse.settle()
    assert len(await answers(bruno, ask)) == 1


async def test_d4_an_answer_with_an_app_waits_too(fediverse, scene):
    maya, _, tom, _, _, ask = scene
    app = await app_of(fediverse, maya.here, maya)
    words = {"status": "With a list on the door.", "in_reply_to_id": number_of(ask.id)}
    sent = await app.post("/api/v1/statuses", words)
    assert (await app.get(f"/api/v1/statuses/{sent['id']}"))["id"] == sent["id"]
    others = await app_of(fediverse, maya.here, tom)
    assert await others.refused("GET", f"/api/v1/statuses/{sent['id']}") == 404
    assert (await others.get(f"/api/v1/statuses/{number_of(ask.id)}/context"))["descendants"] == []
    assert await answers(tom, ask) == []
    fediverse.clock.advance(25 * HOUR)
    await fediverse.settle()
    assert len(await answers(tom, ask)) == 1
