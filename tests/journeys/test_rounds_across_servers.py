"""A round with members of three servers: who was heard travels at once, what they said only when all were (B14)."""

import pytest

from server.discussions import actions as discussions
from server.errors import NotAllowed
from server.posts.models import Post
from server.rounds import actions, queries
from server.rounds.actions import RoundForm
from server.rounds.models import Round
from tests.posting import community, document, found, join, reply, sees

SECRET = "qwertzuiop"
MINUTES = 240


async def turns(person, uri):
    facts = await person.do(queries.round_of, await sees(person, uri))
    return {entry.person.handle.split("@")[1]: entry.state for entry in facts.entries if entry.person}


async def holds(here):
    """The tables of a server in which the secret stands."""
    tables = ("post", "post_version", "inbox_receipt", "sent_activity", "outgoing")
    rows = {table: str(await here.run(here.db.rows, f"SELECT * FROM {table}")) for table in tables}
    return {table for table, text in rows.items() if SECRET in text}


async def test_b14_s15_nothing_of_an_answer_leaves_its_server_before_the_round_is_closed(fediverse):
    alder, birch, cedar = [await fediverse.start(f"{name}.example") for name in ("alder", "birch", "cedar")]
    maya = await fediverse.person(alder, "maya")
    tom, ida = await fediverse.person(birch, "tom"), await fediverse.person(birch, "ida")
    ada = await fediverse.person(cedar, "ada")
    group = await community(maya, "science", visibility="members", join_policy="open")
    for person in (tom, ida, ada):
        await join(person, group)
    await fediverse.settle()
    form = RoundForm(title="What do we stop doing?", community_id=group.id, is_hidden=True)
    post = await maya.do(actions.open_round, form)
    await fediverse.settle()
    assert (await document(fediverse, alder, post.uri))[0] == 404  # for members alone
    there = await found(birch, post.uri)
    assert (there.kind, there.visibility) == ("round", "members")
    assert "Everybody is heard" not in there.content_html  # the page says it in its own words
    asked = await birch.run(birch.db.rows, "SELECT reader_id FROM notification WHERE kind = 'round'")
    assert {row["reader_id"] for row in asked} == {tom.id, ida.id}
    with pytest.raises(NotAllowed, match="another server"):
        await tom.do(actions.close, there.id, "I would like to see them")
    with pytest.raises(NotAllowed, match="another server"):
        await tom.do(actions.open_round, RoundForm(title="Mine", community_id=there.community_id))

    answer = await reply(tom, there, SECRET, visibility="members")
    await ida.do(actions.pass_turn, there.id)
    assert answer.state == "peers"
    await fediverse.settle()
    fediverse.clock.advance(MINUTES)
    await fediverse.settle()
    expected = {"maya": "waiting", "tom": "answered", "ida": "passed", "ada": "waiting"}
    assert await turns(maya, post.uri) == expected
    assert {**expected, **await turns(ada, post.uri)} == expected  # told to everybody who has the round
    assert await holds(alder) == await holds(cedar) == set()
    assert await holds(birch) == {"post"}
    for reader in (birch, alder, cedar):
        assert (await document(fediverse, reader, answer.uri))[0] == 404
    assert await sees(ida, answer.uri) is None

    await ida.do(actions.take_pass_back, there.id)
    await tom.do(discussions.withdraw, answer.id)
    await fediverse.settle()
    assert set((await turns(maya, post.uri)).values()) == {"waiting"}
    await maya.do(actions.nudge, post.id, (await alder.run(_actor_id, alder, tom.uri)))
    await fediverse.settle()
    mine = "SELECT id FROM notification WHERE kind = 'round' AND reader_id = :id"
    reminders = await birch.run(birch.db.rows, mine, id=tom.id)
    assert len(reminders) == 2

    fediverse.clock.advance(5)
    answer = await reply(tom, there, f"Again {SECRET}", visibility="members")
    await ida.do(actions.pass_turn, there.id)
    await reply(maya, post, "Less paper", visibility="members")
    await fediverse.settle()
    fediverse.clock.advance(MINUTES)
    await fediverse.settle()
    assert await holds(alder) == set()
    last = await reply(ada, await found(cedar, post.uri), "Fewer tests", visibility="members")
    await fediverse.settle()
    # The last one was heard: it closed by itself, everywhere, and every answer is everywhere.
    for person in (maya, tom, ida, ada):
        facts = await person.do(queries.round_of, await sees(person, post.uri))
        assert (facts.is_open, facts.answered, facts.passed) == (False, 3, 1)
        assert SECRET in (await sees(person, answer.uri)).content_html
        assert "Fewer tests" in (await sees(person, last.uri)).content_html
    closed = await birch.run(birch.db.rows, "SELECT reader_id FROM notification WHERE kind = 'round_closed'")
    assert {row["reader_id"] for row in closed} == {tom.id, ida.id}


async def test_b14_s5_only_its_home_says_how_a_round_stands(fediverse):
    """A closed round stays closed, an old message changes nothing, and turns are one's own."""
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    maya, tom = await fediverse.person(alder, "maya"), await fediverse.person(birch, "tom")
    ida = await fediverse.person(birch, "ida")
    group = await community(maya, "science", visibility="members", join_policy="open")
    for person in (tom, ida):
        await join(person, group)
    await fediverse.settle()
    known = await alder.run(_actor_id, alder, tom.uri)
    form = RoundForm(title="Which?", community_id=group.id, everybody=False, asked=(known,), is_hidden=True)
    post = await maya.do(actions.open_round, form)
    await fediverse.settle()
    there = await found(birch, post.uri)
    with pytest.raises(NotAllowed, match="other people"):
        await ida.do(actions.pass_turn, there.id)
    unasked = await reply(ida, there, SECRET, visibility="members")  # waits too: it would steer the others
    await fediverse.settle()
    assert (await birch.run(Post.get, id=unasked.id)).state == "peers"
    assert await turns(maya, post.uri) == {"tom": "waiting"}
    await maya.do(actions.close, post.id, "It is decided <b>already</b>")
    await fediverse.settle()
    facts = await tom.do(queries.round_of, await sees(tom, post.uri))
    assert (facts.is_open, facts.reason) == (False, "It is decided <b>already</b>")
    assert SECRET in (await sees(maya, unasked.uri)).content_html
    with pytest.raises(NotAllowed, match="closed"):
        await tom.do(actions.pass_turn, there.id)
    assert (await alder.run(Round.get, id=post.id)).reason.startswith("It is")


async def _actor_id(here, uri):
    return await here.db.value("SELECT id FROM actor WHERE uri = :uri", uri=uri)
