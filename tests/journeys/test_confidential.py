"""Confidential spaces (B4), and asking without one's name (B5, B11, D8): what reaches whom, and what reaches nobody."""

import json
import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.actors import actions as actors
from server.actors.models import Actor
from server.actors.removal import delete_local_actor
from server.communities import actions as communities
from server.communities.actions import CommunityForm
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.errors import Invalid, NotAllowed, NotFound
from server.mastodon.ids import number_of
from server.notifications.spaces import set_spaces
from server.posts import actions as posts
from server.posts import nameless
from server.posts.models import Like, NamelessPost, Post
from server.search import queries as search
from server.text import plain
from tests.apps import app_of
from tests.posting import community, document, follow, found, reply, write
from tests.web.practices.test_practice_pages import check

SECRET = "qzburnoutzq"


async def staffroom(fediverse, **facts):
    """A confidential community on Alder with Maya, who looks after it, Tom, and Lee on Birch; Eve is no member."""
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    maya, tom, eve = [await fediverse.person(alder, name) for name in ("maya", "tom", "eve")]
    lee = await fediverse.person(birch, "lee")
    group = await community(
        maya, "staffroom", **{"visibility": "members", "join_policy": "apply", "confidential": True, **facts}
    )
    there = await birch.run(actors.resolve, birch, group.uri)
    await tom.do(communities.apply, group.id, ["yes"] * 3)
    await lee.do(communities.join, there.id, answers=("yes", "yes", "yes"))
    await fediverse.settle()
    for person in (tom, lee):
        here_id = (await alder.run(Actor.get, uri=person.viewer.actor_uri)).id
        await maya.do(communities.decide_application, group.id, here_id, accept=True)
    await fediverse.settle()
    return alder, birch, maya, tom, eve, lee, group


async def test_b4_what_is_confidential_is_for_members_whose_servers_know_members(fediverse):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    for facts, field in (
        ({"visibility": "public"}, "visibility"),
        ({"visibility": "instance"}, "visibility"),
        ({"visibility": "members", "join_policy": "apply", "guests": True}, "guests"),
    ):
        with pytest.raises(Invalid) as refusal:
            await community(maya, "staffroom", confidential=True, **facts)
        assert refusal.value.field == field
    with pytest.raises(Invalid, match="for members alone"):
        await write(maya, SECRET, visibility="public", confidential=True)


async def test_b4_a_confidential_space_says_nothing_outside_of_itself(fediverse):
    alder, birch, maya, tom, eve, lee, group = await staffroom(fediverse, confidential=False)
    await fediverse.start("cedar.example")
    early = await write(tom, "Said early", title="Said early", community_id=group.id, visibility="members")
    form = CommunityForm(
        name="Staffroom", purpose="Talk.", visibility="members", join_policy="apply", confidential=True
    )
    await maya.do(communities.edit_community, group.id, form)
    post = await write(tom, SECRET, title=SECRET, community_id=group.id, visibility="members")
    await maya.here.run(set_spaces, alder, maya.viewer, {group.id: "now"})
    answer = await reply(maya, post, f"{SECRET} @tom")
    loud = await write(tom, f"{SECRET} again", title=f"{SECRET} again", community_id=group.id, visibility="members")
    await fediverse.settle()
    assert (await alder.run(Post.get, id=early.id)).confidential, "what was said before is kept, too"
    assert (await alder.run(Post.get, id=answer.id)).confidential

    # Members read it, here and on their server, which keeps it as well.
    copy = await found(birch, post.uri)
    assert copy is not None
    assert copy.confidential
    answered = await reply(lee, copy, f"From Birch: {SECRET}")
    await fediverse.settle()
    assert (await found(alder, answered.uri)).confidential
    assert [post.title for post in (await lee.do(search.search_posts, SECRET)).posts] == []
    async with fediverse.client(birch, lee) as client:
        page = (await client.get(f"/p/{copy.short}", follow_redirects=True)).text
        check(page)
        assert "Confidential: it stays with those who can read it here" in page
    async with fediverse.client(alder, tom) as client:
        page = (await client.get("/c/staffroom")).text
        check(page)
        assert "Nothing" not in page.partition("Confidential")[0]
        assert "What is said here stays with the members." in page

    # Nobody else: neither by asking for it, nor by passing it on, nor by quoting it.
    cedar_asks = {"user-agent": "cedar.example"}
    for uri in (post.uri, answer.uri, f"{post.uri}/replies", f"{group.uri}/outbox"):
        status, body, _ = await document(fediverse, alder, uri, headers=cedar_asks)
        assert status in {200, 404}, uri
        assert SECRET not in json.dumps(body), uri
    for stranger in (eve, None):
        async with fediverse.client(alder, stranger) as client:
            assert (await client.get(f"/p/{post.short}")).status_code == 404
            assert SECRET not in (await client.get(f"/search?q={SECRET}", follow_redirects=True)).text.replace(
                f'value="{SECRET}"', ""
            ).replace(f"q={SECRET}", "").partition("<main")[2].replace(f"“{SECRET}”", "")
    app = await app_of(fediverse, alder, tom)
    assert await app.refused("POST", f"/api/v1/statuses/{number_of(post.id)}/reblog") in {403, 404, 422}
    with pytest.raises(NotAllowed):
        await maya.do(posts.boost_post, post.id)
    with pytest.raises(NotAllowed, match="not quoted"):
        await maya.do(discussions.quote, post.id, ThreadForm(text="look", visibility="public"))

    # Mails say that there is something, and nothing of it: not even whose, where, or an address with a title in it.
    fediverse.clock.advance(600)
    await fediverse.settle()
    mails = [mail for mail in alder.mailer.logged if "confidential" in mail.text]
    assert {mail.to for mail in mails} == {"maya@example.org", "tom@example.org"}
    for mail in mails:
        for word in (SECRET, "Staffroom", "staffroom", "Maya replied", "Tom wrote"):
            assert word not in mail.subject + mail.text + str(mail.html or ""), word
        assert not mail.reply_to
    assert loud.confidential


texts = st.text(st.characters(categories=("Lu", "Ll", "Nd")), min_size=12, max_size=40)


async def test_b4_whatever_is_said_reaches_members_alone(fediverse):
    alder, _, maya, tom, eve, _, group = await staffroom(fediverse)
    other = await community(maya, "quiet", visibility="members", join_policy="apply")
    await write(maya, "Not so secret", title="Not so secret", community_id=other.id, visibility="members")
    made: list[tuple[str, Post]] = []
    words: list[str] = []

    @settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(texts)
    def collect(text: str) -> None:
        words.append(f"zq{text}qz")

    collect()
    for text in words:
        made.append((text, await write(tom, text, title=text, community_id=group.id, visibility="members")))
    await fediverse.settle()
    async with fediverse.client(alder, maya) as client:
        digest = (await client.get("/week/digest")).text
    assert f"{len(made)} new in confidential spaces" in digest
    assert "private space" not in digest
    seen: list[str] = [digest]
    for reader in (eve, None):
        async with fediverse.client(alder, reader) as client:
            for path in ("/", "/week", "/practices", "/communities", "/c/staffroom", "/c/staffroom/feed", "/@tom"):
                seen.append((await client.get(path, follow_redirects=True)).text)
            for _, post in made:
                seen.append((await client.get(f"/p/{post.short}", follow_redirects=True)).text)
                answer = await client.get(f"/p/{post.short}", headers={"accept": "application/activity+json"})
                seen.append(answer.text)
    app = await app_of(fediverse, alder, eve)
    seen.append(json.dumps(await app.get("/api/v1/timelines/public")))
    seen.append(json.dumps(await app.get("/api/v1/timelines/home")))
    seen += [mail.subject + mail.text for mail in alder.mailer.logged]
    for text, post in made:
        assert not any(text in each for each in seen), text
        assert text in plain((await tom.here.run(Post.get, id=post.id)).content_html)


async def test_b11_without_ones_name_is_refused_where_it_would_not_hold(fediverse):
    alder, birch, maya, tom, eve, lee, group = await staffroom(fediverse)
    asks = {"kind": "ask", "title": "Help", "nameless": True, "visibility": "members"}
    there = await birch.run(actors.resolve, birch, group.uri)
    for person, place, more, refusal in (
        (tom, None, {"visibility": "public"}, Invalid),
        (tom, group.id, {"visibility": "direct"}, Invalid),
        (tom, group.id, {"kind": "poll"}, Invalid),
        (eve, group.id, {}, NotFound),
        (lee, there.id, {}, Invalid),
    ):
        with pytest.raises((refusal, NotAllowed)):
            await write(person, "words", community_id=place, **{**asks, **more})
    named = await write(tom, "With my name", community_id=group.id, visibility="members")
    with pytest.raises(Invalid, match="Only who began"):
        await reply(maya, named, "I", nameless=True, visibility="members")
    for number in range(nameless.MOST_A_DAY):
        await write(tom, f"Number {number}", community_id=group.id, **asks)
    with pytest.raises(NotAllowed, match="Three times a day"):
        await write(tom, "One more", community_id=group.id, **asks)
    fediverse.clock.advance(86_500)
    post = await write(tom, "The next day", community_id=group.id, **asks)
    # Neither who looks after it, nor an admin, nor the one who asked alone may see who it was.
    for first, second, case in ((maya, maya, "case"), (maya, tom, "")):
        with pytest.raises(NotAllowed):
            await alder.run(
                lambda f=first, s=second, c=case: nameless.reveal(
                    alder, post.id, case_id=c, first=f.viewer, second=s.viewer
                )
            )
    for other in (maya, eve):
        with pytest.raises(NotFound):
            await other.do(posts.delete_post, post.id)
    who = await alder.run(
        lambda: nameless.reveal(alder, post.id, case_id="case-1", first=maya.viewer, second=eve.viewer)
    )
    assert who == tom.id
    log = await alder.run(alder.db.rows, "SELECT action, subject, detail FROM audit_entry WHERE action = 'post.reveal'")
    assert len(log) == 1
    assert "tom" not in str(log[0]).lower()


async def test_b5_b11_d8_nobody_learns_who_asked_and_answers_reach_them(fediverse, caplog):
    caplog.set_level(logging.DEBUG, logger="peerhall")
    alder, birch, maya, _, _, lee, group = await staffroom(fediverse)
    nadia = await fediverse.person(alder, "nadiaqz", email="nadiaqz@example.org")
    await nadia.do(communities.apply, group.id, ["yes"] * 3)
    await maya.do(communities.decide_application, group.id, nadia.id, accept=True)
    await follow(lee, nadia)
    await fediverse.settle()
    sent: list[str] = []
    watched = fediverse.network.observer

    def listen(method: str, url: str, body: bytes, answer: bytes) -> None:
        sent.append(body.decode("utf-8", "replace"))
        watched(method, url, body, answer)

    fediverse.network.observer = listen
    caplog.clear()
    await alder.run(alder.db.execute, "DELETE FROM notification")  # that she joined is no secret
    async with fediverse.client(alder, nadia) as client:
        page = (await client.get("/c/staffroom/new?kind=ask")).text
        check(page)
        assert "Without my name" in page
        asked = {"kind": "ask", "title": "I cannot sleep", "content": "What helps?", "nameless": "1"}
        both = await client.post("/c/staffroom/new", data=asked | {"need_today": "1"})
        assert both.status_code == 422
        check(both.text)
        made = await client.post("/c/staffroom/new", data=asked)
        assert made.status_code == 303
        own = (await client.get(made.headers["location"])).text
        check(own)
        assert "You wrote this without your name" in own
    await fediverse.settle()
    post = await alder.run(Post.get, kind="ask")
    assert post.author_id == group.id
    copy = await found(birch, post.uri)
    assert copy is not None
    assert (await birch.run(Actor.get, id=copy.author_id)).uri == group.uri
    answer = await reply(lee, copy, "Walk in the evening.")
    other = await reply(maya, post, "Write it down.")
    await fediverse.settle()
    theirs = await found(alder, answer.uri)

    # She hears of both, goes on without her name by whatever way, says what helped, and closes it.
    told = await alder.run(
        alder.db.rows,
        "SELECT post_id FROM notification WHERE reader_id = :id AND kind = 'reply' ORDER BY post_id",
        id=nadia.id,
    )
    assert {row["post_id"] for row in told} == {theirs.id, other.id}
    more = await reply(nadia, theirs, "Thank you, I will.")
    await nadia.do(posts.mark_helped, theirs.id)
    await nadia.do(discussions.close, post.id, clear="Walking helps")
    await nadia.do(posts.edit_post, more.id, posts.PostChange(source_md="Thank you!"))
    await fediverse.settle()
    assert {more.author_id, (await alder.run(Like.get, kind="helped")).actor_id} == {group.id}
    assert (await alder.run(Post.get, id=post.id)).locked
    await nadia.do(posts.delete_post, more.id)
    await fediverse.settle()

    # Her name stands nowhere: not on pages, in apps, on the wire, in news or mails of others, or in the log.
    seen = list(sent)
    for here, reader, address in ((alder, maya, post.short), (birch, lee, copy.short)):
        async with fediverse.client(here, reader) as client:
            for path in (f"/p/{address}", f"/p/{address}/versions", "/notifications", "/week", "/search?q=sleep"):
                seen.append((await client.get(path, follow_redirects=True)).text)
        app = await app_of(fediverse, here, reader)
        seen.append(json.dumps(await app.get("/api/v1/timelines/home")))
        seen.append(json.dumps(await app.get("/api/v1/notifications")))
    async with fediverse.client(alder, maya) as client:
        page = (await client.get(f"/p/{post.short}", follow_redirects=True)).text
        check(page)
        assert "a member, without their name" in page
    seen += [str(record.__dict__) for record in caplog.records if record.name.startswith("peerhall")]
    seen += [mail.subject + mail.text for mail in alder.mailer.logged if mail.to != "nadiaqz@example.org"]
    for table in await alder.run(alder.db.rows, "SELECT * FROM sent_activity WHERE post_id IS NOT NULL"):
        seen.append(str(table))
    found_in = [text for text in seen if "nadiaqz" in text.lower() or nadia.id in text]
    assert not found_in, found_in[0][:2000]
    stamps = await alder.run(alder.db.rows, "SELECT * FROM tombstone")
    assert "nadiaqz" not in str(stamps)

    # What she wrote goes with her, and so does that it was she.
    await alder.run(delete_local_actor, alder, nadia.id, nadia.viewer.actor_uri)
    await fediverse.settle()
    assert (await alder.run(Post.get, id=post.id)).state == "deleted"
    fediverse.clock.advance(91 * 86_400)
    await alder.run(nameless.forget, alder, None)
    assert await alder.run(NamelessPost.get_or_none, id=post.id) is None
