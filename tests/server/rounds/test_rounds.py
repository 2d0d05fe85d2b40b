"""Rounds in which everybody is heard (B14): refusals, turns, closing; and nobody sees an answer too early."""

import pytest

from server.actors import removal
from server.actors.models import Actor
from server.communities import actions as communities
from server.communities import bans, members, memberships
from server.discussions import actions as discussions
from server.discussions import peers_first
from server.discussions.actions import ThreadForm
from server.errors import Invalid, NotAllowed, NotFound
from server.peers import actions as peers
from server.posts import queries as posts
from server.posts.models import Post
from server.rounds import actions, queries, turning
from server.rounds.actions import RoundForm
from tests.apps import app_of
from tests.posting import Stranger, community, document, join, outcome, reply, write

SECRET, WORD = "qwertzuiop", "homework"
"""What is looked for, and a word beside it that is searched for."""


@pytest.fixture
async def scene(fediverse):
    """Maya looks after a community of which Tom and Ada are members; Zoe is not."""
    here = await fediverse.start("alder.example")
    maya, tom, ada, zoe = [await fediverse.person(here, name) for name in ("maya", "tom", "ada", "zoe")]
    group = await community(maya, "science", guests=True)
    for person in (tom, ada):
        await join(person, group)
    return maya, tom, ada, zoe, group


async def opened(host, group, **more):
    form = RoundForm(**{"title": "What do we stop doing?", "community_id": group.id, "is_hidden": True, **more})
    return await host.do(actions.open_round, form)


async def how(person, post):
    view = await person.do(posts.show, post.id)
    return await person.do(queries.round_of, view)


def turns(facts):
    return {entry.person.display_name.lower(): entry.state for entry in facts.entries}


async def news(person, kind):
    rows = await person.here.run(
        person.here.db.rows, "SELECT reader_id FROM notification WHERE kind = :kind", kind=kind
    )
    return {row["reader_id"] for row in rows}


async def test_b14_a_round_is_refused_with_reasons_and_to_others(fediverse, scene):
    maya, tom, ada, zoe, group = scene
    with pytest.raises(NotAllowed):
        await opened(zoe, group)
    with pytest.raises(Invalid) as refused:
        await opened(maya, group, title=" ", everybody=False, asked=(zoe.id,))
    assert [error["field"] for error in refused.value.errors] == ["title", "asked"]
    with pytest.raises(Invalid, match="other person"):
        await opened(maya, group, everybody=False, asked=(maya.id,))
    post = await opened(maya, group, everybody=False, asked=(tom.id,))
    assert (post.visibility, post.state) == ("members", "visible")
    for act, more in ((actions.pass_turn, ()), (actions.close, ("Why",)), (actions.nudge, (tom.id,))):
        with pytest.raises(NotFound):
            await zoe.do(act, post.id, *more)
        with pytest.raises(NotAllowed):
            await ada.do(act, post.id, *more)
    thread = await write(maya, community_id=group.id)
    with pytest.raises(NotFound):
        await maya.do(actions.close, thread.id, "It is no round")
    with pytest.raises(Invalid, match="why"):
        await maya.do(actions.close, post.id, " ")
    await tom.do(actions.pass_turn, post.id)
    await fediverse.settle()
    with pytest.raises(NotAllowed, match="closed"):
        await tom.do(actions.take_pass_back, post.id)


async def test_b14_nobody_sees_an_answer_before_the_round_is_closed(fediverse, scene):
    """Every page, feed, endpoint, document, mail and line that others have is searched for it."""
    maya, tom, ada, zoe, group = scene
    here = maya.here
    post = await opened(maya, group)
    answer = await reply(tom, post, f"{SECRET} {WORD} @maya #{WORD}", visibility="members")
    assert answer.state == "peers"
    with pytest.raises(NotAllowed, match="quotes nobody"):
        await reply(ada, post, SECRET, quote_id=(await write(zoe)).id)
    with pytest.raises(NotFound):
        await tom.do(peers_first.show_now, answer.id)  # what helps past peers does not help past a round
    hurried = await ada.do(discussions.reply, post.id, ThreadForm(text=SECRET, cannot_wait=True))
    assert hurried.state == "peers"
    await ada.do(discussions.withdraw, hurried.id)
    await fediverse.settle()
    fediverse.clock.advance(3 * 86_400)
    await fediverse.settle()

    about = f"/p/{post.short}"
    its = f"/p/{answer.short}"
    pages = [about, f"{about}/versions", f"{about}/message", f"{about}/quotes", its]
    pages += [f"{its}/message", f"{its}/edit", f"{its}/reply", f"{its}/versions", f"{its}/audience", "/week"]
    pages += [
        "/c/science",
        "/c/science/feed.atom",
        "/@tom",
        f"/search?q={WORD}",
        "/notifications",
        "/notifications?all=1",
    ]
    pages += [f"/tags/{WORD}", "/practices", "/moderation", f"{its}/moderate", f"{its}/report", f"{its}/quote"]
    for person in (None, ada, maya):
        async with fediverse.client(here, person) as client:
            for page in pages:
                found = await client.get(page, follow_redirects=True)
                assert SECRET not in found.text, (person, page)
    for person in (ada, maya):
        app = await app_of(fediverse, here, person)
        number = (await app.get("/api/v1/timelines/home"))[0]["id"]
        paths = [f"/api/v1/statuses/{number}/context", "/api/v1/notifications", "/api/v1/conversations"]
        paths += [f"/api/v2/search?q={WORD}", "/api/v1/timelines/public", f"/api/v1/timelines/tag/{WORD}"]
        for path in paths:
            found = await app.call("GET", path)
            assert SECRET not in found.text, path
    mails = await here.run(here.db.rows, "SELECT * FROM notification WHERE post_id = :id", id=answer.id)
    assert mails == []
    for uri in (answer.uri, post.uri, f"{post.uri}/replies", here.url(f"/ap/t/{post.id}"), f"{tom.uri}/outbox"):
        assert SECRET not in str((await document(fediverse, here, uri))[1])
    for table in ("sent_activity", "outgoing"):
        rows = await here.run(here.db.rows, f"SELECT * FROM {table}")
        assert SECRET not in str(rows)
    assert turns(await how(ada, post)) == {"tom": "answered", "maya": "waiting", "ada": "waiting"}

    async with fediverse.client(here, tom) as client:  # its author has it, and what it says can be changed
        assert SECRET in (await client.get(about, follow_redirects=True)).text
    await tom.do(discussions.change, answer.id, ThreadForm(text=f"Better {SECRET}"))
    await ada.do(actions.pass_turn, post.id)
    await maya.do(discussions.reply, post.id, ThreadForm(text="No more Fridays."))
    await fediverse.settle()
    async with fediverse.client(here, ada) as client:
        page = (await client.get(about, follow_redirects=True)).text
    assert f"Better {SECRET}" in page
    assert "No more Fridays" in page
    assert await news(ada, "round_closed") == {maya.id, tom.id, ada.id}


async def test_b14_turns_are_taken_taken_back_and_reminded_of_once(fediverse, scene):
    maya, tom, ada, _, group = scene
    post = await opened(maya, group, is_hidden=False)
    assert await news(maya, "round") == {tom.id, ada.id}
    answer = await reply(tom, post, "Less paper", visibility="members")
    assert answer.state == "visible"
    with pytest.raises(NotAllowed, match="have answered"):
        await tom.do(actions.pass_turn, post.id)
    await ada.do(actions.pass_turn, post.id)
    assert turns(await how(maya, post)) == {"tom": "answered", "maya": "waiting", "ada": "passed"}
    await tom.do(discussions.withdraw, answer.id)
    await ada.do(actions.take_pass_back, post.id)
    assert set(turns(await how(maya, post)).values()) == {"waiting"}
    await maya.do(actions.nudge, post.id, tom.id)
    with pytest.raises(Invalid, match="Once is enough"):
        await maya.do(actions.nudge, post.id, tom.id)
    rows = await maya.here.run(
        maya.here.db.rows, "SELECT id FROM notification WHERE kind = 'round' AND reader_id = :id", id=tom.id
    )
    assert len(rows) == 2
    await reply(tom, post, "#pass, I am new", visibility="members")
    assert turns(await how(maya, post))["tom"] == "passed"
    await maya.do(actions.pass_turn, post.id)
    await ada.do(communities.leave, group.id)
    assert (await how(maya, post)).is_open  # whoever left is not waited for, but somebody has to notice
    await maya.do(actions.close, post.id, "We meet on Friday")
    facts = await how(tom, post)
    assert (facts.is_open, facts.reason, facts.can_pass, facts.can_close) == (False, "We meet on Friday", False, False)
    later = await reply(tom, post, "And what now?", visibility="members")
    assert later.state == "visible"


async def test_b14_replies_of_mastodon_count_and_wait(fediverse, scene):
    """A guest answers with a private reply: it is heard at once, and read by those whom it names when all were."""
    fediverse.watch.let_deliveries_pass()
    maya, tom, _, _, _ = scene
    here = maya.here
    group = await community(maya, "staff", visibility="members", join_policy="apply", guests=True)
    await maya.do(communities.invite_member, group.id, "@tom")
    await join(tom, group)
    await here.run(peers.note_seen, here, "mastodon.example", dialect="microblog")
    stranger = Stranger(fediverse, "mastodon.example")
    sofia = stranger.actor("sofia")
    await stranger.send(here, stranger.activity("Follow", sofia, group.uri, path="a/follow"))
    await fediverse.settle()
    them = await here.run(Actor.get, uri=sofia)
    await maya.do(communities.decide_application, group.id, them.id, accept=True)
    await here.run(here.db.execute, "UPDATE actor SET approved = TRUE WHERE id = :id", id=them.id)
    post = await opened(maya, group)
    await fediverse.settle()
    note = {"to": [maya.uri], "cc": [], "inReplyTo": post.uri, "tag": [{"type": "Mention", "href": maya.uri}]}
    uri = await stranger.create(fediverse, here, sofia, "n/1", f"<p>{SECRET}</p>", **note)
    found = await here.run(Post.get, uri=uri)
    assert (found.state, found.visibility) == ("peers", "direct")
    assert turns(await how(maya, post))["sofia"] == "answered"
    forged = stranger.activity("TakeTurn", stranger.actor("eve"), post.uri, path="a/eve", **{"ph:turn": "answered"})
    await stranger.send(here, forged)
    await fediverse.settle()
    assert (await outcome(here, forged["id"]))[0] != "processed"
    for person in (maya, tom):
        assert await person.do(posts.show, found.id) is None
    assert await news(maya, "mention") == set()
    await maya.do(actions.close, post.id, "Enough")
    await fediverse.settle()
    assert (await maya.do(posts.show, found.id)).content_html == f"<p>{SECRET}</p>"
    assert await tom.do(posts.show, found.id) is None  # it was for Maya


async def test_b14_an_answer_of_who_was_kept_out_stays_hidden_until_they_are_let_in_again(
    fediverse, scene, monkeypatch
):
    """Who is shut out before a round closes is not read after, while they are; no page promises anything else."""
    maya, tom, ada, zoe, group = scene
    here, noa = maya.here, await fediverse.person(maya.here, "noa")
    for person in (zoe, noa):
        await join(person, group)
    monkeypatch.setattr(turning, "AT_ONCE", 1)
    post = await opened(maya, group)
    answers = [await reply(person, post, SECRET, visibility="members") for person in (tom, zoe, noa, ada)]
    assert (await how(ada, post)).is_hidden

    async def states():
        await fediverse.settle()
        return [(await here.run(Post.get, id=each.id)).state for each in answers]

    await maya.do(bans.ban, group.id, tom.id, reason="Threats")
    await maya.do(members.remove_member, group.id, zoe.id)
    await here.run(removal.suspend, here, noa.id, "@maya")
    await maya.do(actions.close, post.id, "Enough")
    assert await states() == ["peers", "peers", "peers", "visible"]
    await maya.do(members.readmit, group.id, zoe.id)
    assert await states() == ["peers", "visible", "peers", "visible"]
    await here.run(removal.unsuspend, here, noa.id, "@maya")
    assert await states() == ["peers", "visible", "visible", "visible"]
    await maya.do(bans.unban, group.id, tom.id)
    assert await states() == ["visible"] * 4
    # A round that everybody reads hides nothing, also where its home says that it does.
    public = await opened(maya, group, title="Another?")
    await here.run(here.db.execute, "UPDATE post SET visibility = 'public' WHERE id = :id", id=public.id)
    assert (await reply(ada, public, "Seen", visibility="members")).state == "visible"
    assert not (await how(ada, public)).is_hidden


async def test_b14_what_came_before_the_answer_that_it_is_about_is_hidden_with_it(fediverse, scene):
    """A reply to a hidden answer arrives first, while its parent cannot be had; both wait for the round."""
    fediverse.watch.let_deliveries_pass()
    maya, _, _, _, group = scene
    here = maya.here
    stranger, post = Stranger(fediverse, "birch.example"), await opened(maya, group)
    sofia = stranger.actor("sofia")
    first = stranger.uri("n/1")
    note = {"to": [maya.uri], "cc": [], "tag": [{"type": "Mention", "href": maya.uri}]}
    early = await stranger.create(fediverse, here, sofia, "n/2", f"<p>{SECRET}</p>", inReplyTo=first, **note)
    assert (await here.run(Post.get, uri=early)).parent_id is None
    them = await here.run(Actor.get, uri=sofia)
    await here.run(memberships.admit, here, group.id, them.id)
    await stranger.create(fediverse, here, sofia, "n/1", "<p>My answer</p>", inReplyTo=post.uri, **note)
    found = [await here.run(Post.get, uri=uri) for uri in (first, early)]
    assert [(each.state, each.root_id) for each in found] == [("peers", post.id)] * 2
