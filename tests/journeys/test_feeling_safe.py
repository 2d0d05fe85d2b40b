"""What makes it safe to say something.

Numbers of all alone (A20, B5), taking it slowly (B9), a private word for who says much (B8), getting something off
one's chest (B19), boundaries (B20) and quiet (B18), and nothing against anybody (B6, B12).
"""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from server.actors import boundaries
from server.actors.models import Actor
from server.automation.routes import routes as own_routes
from server.communities import slowly
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.errors import Invalid, NotAllowed, NotFound
from server.mastodon.routes import routes
from server.notifications import nudging
from server.posts import actions as posts
from server.posts import queries
from server.posts.models import Post
from server.pulse import actions as pulse
from server.pulse import queries as feelings
from server.pulse.models import PulseAnswered
from server.pulse.policy import ITEMS
from tests.apps import app_of
from tests.posting import Stranger, community, document, follow, found, join, outcome, reply, write
from tests.web.practices.test_practice_pages import check
from web.routes import page_routes


async def circle(fediverse, names=("maya", "tom", "ada", "kim", "joe"), **facts):
    """Maya's community, with the others in it."""
    here = await fediverse.start("alder.example")
    people = [await fediverse.person(here, name) for name in names]
    group = await community(people[0], "circle", **facts)
    for person in people[1:]:
        await join(person, group)
    return here, group, people


def all_items(value: int) -> dict[str, int]:
    """The same answer to each sentence."""
    return dict.fromkeys(ITEMS, value)


async def test_a20_b5_the_pulse_tells_of_five_or_more_and_never_of_one(fediverse):
    here, group, people = await circle(fediverse)
    maya, tom, *_ = people
    eve = await fediverse.person(here, "eve", role="admin")
    support = await community(maya, "carers", kind="support", visibility="members", join_policy="apply")
    for person, place, refusal in ((tom, group, NotAllowed), (eve, group, NotFound), (maya, support, NotAllowed)):
        with pytest.raises(refusal):
            await person.do(pulse.open_pulse, place.id)
    await maya.do(pulse.open_pulse, group.id)
    with pytest.raises(NotAllowed, match="four weeks"):
        await maya.do(pulse.open_pulse, group.id)
    async with fediverse.client(here, eve) as client:
        assert (await client.get("/c/circle/pulse")).status_code == 404
        assert (await client.post("/c/circle/pulse", data={})).status_code == 404
    async with fediverse.client(here, maya) as client:
        assert (await client.get("/c/carers/pulse")).status_code == 404

    # Four answers: nothing is shown, not even that they were four. Who answered is forgotten when it closes.
    async with fediverse.client(here, tom) as client:
        page = (await client.get("/c/circle/pulse")).text
        check(page)
        assert "Four sentences, half a minute" in page
        refused = await client.post("/c/circle/pulse", data={"fail": "2"})
        assert refused.status_code == 422
        check(refused.text)
        data = {item: "2" for item in ITEMS}
        assert (await client.post("/c/circle/pulse", data=data)).status_code == 303
        assert (await client.post("/c/circle/pulse", data=data)).status_code == 403
        assert "You have answered" in (await client.get("/c/circle/pulse")).text
    for person in (maya, *people[2:4]):
        await person.do(pulse.answer, group.id, all_items(1))
    running = await tom.do(feelings.trend, group.id)
    assert running.points == [], "while it is open nobody sees how it grows"
    fediverse.clock.advance(8 * 86_400)
    await fediverse.settle()
    (point,) = (await maya.do(feelings.trend, group.id)).points
    assert (point.answered, point.overall, point.means) == (0, None, {})
    assert await here.run(PulseAnswered.get_or_none, person_id=tom.id) is None
    async with fediverse.client(here, maya) as client:
        page = (await client.get("/c/circle/pulse")).text
        assert "Fewer than 5 people answered, so nothing is shown." in page

    # Five: a mean, in which nobody is found; below three, whoever looks after it reads what can help.
    fediverse.clock.advance(28 * 86_400)
    await maya.do(pulse.open_pulse, group.id)
    for person, value in zip(people, (1, 2, 3, 4, 4), strict=True):
        await person.do(pulse.answer, group.id, all_items(value))
    fediverse.clock.advance(8 * 86_400)
    for person, reads_it in ((maya, True), (tom, False)):
        async with fediverse.client(here, person) as client:
            page = (await client.get("/c/circle/pulse")).text
            check(page)
        assert "2.8" in page
        assert ("What can help now" in page) == reads_it


async def test_b9_a_second_post_within_twelve_hours_waits_for_its_turn(fediverse):
    here, group, (maya, tom, ada) = await circle(fediverse, ("maya", "tom", "ada"))
    with pytest.raises(NotAllowed):
        await tom.do(slowly.set_slow, group.id, 1)
    with pytest.raises(Invalid):
        await maya.do(slowly.set_slow, group.id, 30)
    async with fediverse.client(here, tom) as client:
        assert (await client.get("/c/circle/slow")).status_code == 403
    async with fediverse.client(here, maya) as client:
        check((await client.get("/c/circle/slow")).text)
        assert (await client.post("/c/circle/slow", data={"days": "3"})).status_code == 303
        assert "Slowly for now" in (await client.get("/c/circle")).text
    first = await write(tom, "You are wrong", community_id=group.id)
    for _ in range(2):
        assert (await write(maya, "Let us breathe", community_id=group.id)).state == "visible"
    async with fediverse.client(here, tom) as client:
        sent = await client.post(f"/p/{first.short}/reply", data={"content": "And another thing", "language": "en"})
        assert sent.status_code == 303
        page = (await client.get(f"/p/{first.short}", follow_redirects=True)).text
        check(page)
        assert "Waiting for its turn" in page
    waiting = await here.run(Post.get, kind="reply")
    assert waiting.state == "draft"
    later = await write(tom, "A third", community_id=group.id)
    assert await ada.do(queries.show, waiting.id) is None
    fediverse.clock.advance(12 * 3600 + 60)
    await fediverse.settle()
    assert (await here.run(Post.get, id=waiting.id)).state == "visible"
    assert (await here.run(Post.get, id=later.id)).state == "draft"
    assert (await here.run(Post.get, id=first.id)).replies_count == 1
    await tom.do(posts.delete_post, later.id)
    fediverse.clock.advance(24 * 3600)
    await fediverse.settle()
    assert (await here.run(Post.get, id=later.id)).state == "deleted"


async def test_b8_who_says_much_more_than_the_others_hears_it_alone(fediverse):
    here, group, people = await circle(fediverse)
    maya, tom, ada, kim, _ = people
    await write(tom, "word " * 400, community_id=group.id)
    for person in (maya, ada):
        await write(person, "word " * 40, community_id=group.id)
    await here.run(nudging.nudge, here)
    told = "SELECT reader_id, actor_id FROM notification WHERE kind = 'step_back'"
    assert await here.run(here.db.rows, told) == [], "of three people nothing is said"
    await write(kim, "word " * 40, community_id=group.id)
    for _ in range(2):
        await here.run(nudging.nudge, here)
    assert [dict(row) for row in await here.run(here.db.rows, told)] == [{"reader_id": tom.id, "actor_id": None}]
    async with fediverse.client(here, tom) as client:
        page = (await client.get("/notifications")).text
        check(page)
        assert "Much of what was said here lately is yours." in page
    async with fediverse.client(here, maya) as client:
        assert "Much of what was said" not in (await client.get("/notifications")).text


async def test_b19_what_was_got_off_ones_chest_stays_here_and_is_gone_in_three_days(fediverse):
    here, group, (maya, tom) = await circle(fediverse, ("maya", "tom"))
    birch = await fediverse.start("birch.example")
    lee, eve = await fediverse.person(birch, "lee"), await fediverse.person(here, "eve")
    await join(lee, group)
    await fediverse.settle()
    there = await found_actor(birch, group.uri)
    for person, form, refusal in (
        (tom, ThreadForm(kind="vent", text="x"), Invalid),
        (lee, ThreadForm(kind="vent", text="x", community_id=there.id), Invalid),
        (eve, ThreadForm(kind="vent", text="x", community_id=group.id), NotAllowed),
    ):
        with pytest.raises(refusal):
            await person.do(discussions.start, form)
    async with fediverse.client(here, tom) as client:
        page = (await client.get("/c/circle/new?kind=vent")).text
        check(page)
        sent = await client.post("/c/circle/new", data={"kind": "vent", "content": "zqenoughzq of today"})
        assert sent.status_code == 303
        check((await client.get(sent.headers["location"])).text)
    vent = await here.run(Post.get, kind="vent")
    with pytest.raises(NotAllowed):
        await reply(maya, vent, "There, there")
    await maya.do(posts.like_post, vent.id)
    open_one = await tom.do(
        discussions.start, ThreadForm(kind="vent", text="Open", community_id=group.id, answers_wished=True)
    )
    answer = await reply(maya, open_one, "zqenoughzq, I know")
    await fediverse.settle()
    assert await found(birch, vent.uri) is None
    assert (await document(fediverse, here, vent.uri))[0] == 404
    assert (await document(fediverse, here, answer.uri))[0] == 404
    app, stranger = await app_of(fediverse, here, maya), await app_of(fediverse, here, eve)
    assert "zqenoughzq" in str(await app.get("/api/v1/timelines/home"))
    assert "zqenoughzq" not in str(await stranger.get("/api/v1/timelines/public"))
    async with fediverse.client(here, eve) as client:
        assert (await client.get(f"/p/{vent.short}")).status_code == 404
    fediverse.clock.advance(3 * 86_400 + 60)
    await fediverse.settle()
    for table in ("post", "post_version", "search_thing", "sent_activity", "outgoing"):
        assert "zqenoughzq" not in str(await here.run(here.db.rows, f"SELECT * FROM {table}")), table
    assert "zqenoughzq" not in str(await app.get("/api/v1/timelines/home"))
    async with fediverse.client(here, maya) as client:
        assert (await client.get(f"/p/{vent.short}")).status_code in {404, 410}


async def found_actor(here, uri):
    """An actor as a server knows it."""
    return await here.run(Actor.get, uri=uri)


async def test_b18_b20_who_may_write_and_name_is_ones_own_choice_and_told_to_nobody(fediverse):
    here = await fediverse.start("alder.example")
    maya, tom, ada = [await fediverse.person(here, name) for name in ("maya", "tom", "ada")]
    with pytest.raises(Invalid):
        await here.run(
            lambda: boundaries.set_boundary(here, maya.viewer, direct="friends", mention="nobody", quiet=False)
        )
    async with fediverse.client(here, maya) as client:
        page = (await client.get("/settings/boundaries")).text
        check(page)
        assert (await client.post("/settings/boundaries", data={"direct": "x", "mention": "nobody"})).status_code == 422
        kept = await client.post("/settings/boundaries", data={"direct": "known", "mention": "nobody"})
        assert kept.status_code == 303
    await follow(maya, ada)
    await fediverse.settle()

    # Here: refused in words that say neither who nor why; a name is a word only. Whom she follows may write.
    app = await app_of(fediverse, here, tom)
    answer = await app.call("POST", "/api/v1/statuses", json={"status": "@maya hello", "visibility": "direct"})
    assert answer.status_code == 403
    assert "maya" not in answer.json()["error"]
    assert await here.run(Post.get_or_none, visibility="direct") is None
    await write(tom, "Ask @maya", kind="note", visibility="public")
    letter = await write(ada, "@maya hello", kind="note", visibility="direct", to_named=True)
    assert await maya.do(queries.show, letter.id) is not None
    await fediverse.settle()
    kinds = "SELECT kind FROM notification WHERE reader_id = :id AND kind = 'mention'"
    assert len(await here.run(here.db.rows, kinds, id=maya.id)) == 1

    # From elsewhere it comes to nobody; an answer to something of hers does.
    spy = Stranger(fediverse, "spy.example")
    fediverse.watch.let_deliveries_pass()
    stranger = spy.actor("stranger")
    note = spy.note(stranger, "p/1", "<p>Hello</p>", to=[maya.uri], cc=[], tag=[{"type": "Mention", "href": maya.uri}])
    await spy.send(here, spy.activity("Create", stranger, note))
    await fediverse.settle()
    arrived = await found(here, note["id"])
    assert arrived is None or await maya.do(queries.show, arrived.id) is None
    assert (await outcome(here, note["id"]))[0] in {None, "done"}

    # Quiet: it stands in the list as seen, and nothing speaks of it.
    await here.run(
        lambda: boundaries.set_boundary(here, maya.viewer, direct="everyone", mention="everyone", quiet=True)
    )
    own = await write(maya, "A question", kind="ask", visibility="public")
    await reply(tom, own, "An answer")
    fediverse.clock.advance(timedelta(hours=1).total_seconds())
    await fediverse.settle()
    assert not [mail for mail in here.mailer.logged if "replied" in mail.subject]
    unread = "SELECT read_at FROM notification WHERE reader_id = :id AND kind = 'reply'"
    assert all(row["read_at"] is not None for row in await here.run(here.db.rows, unread, id=maya.id))


async def test_b6_b12_nobody_votes_against_anybody_and_nothing_orders_people_by_what_they_do(fediverse):
    here, group, (maya, _, ada) = await circle(fediverse, ("maya", "tom", "ada"))
    for path in [str(getattr(route, "path", "")) for route in (*page_routes(), *routes(), *own_routes())]:
        assert not re.search(r"downvote|dislike|karma|rank|leader(board)?$|score", path), path
    post = await write(ada, "Words " * 20, community_id=group.id)
    for number in range(3):
        await reply(ada, post, f"More {number}")
    spy = Stranger(fediverse, "spy.example")
    fediverse.watch.let_deliveries_pass()
    stranger = spy.actor("stranger")
    against = spy.activity("Dislike", stranger, post.uri, path="a/dislike")
    assert await spy.send(here, against) in {200, 202}, "taken"
    await fediverse.settle()
    assert (await outcome(here, against["id"]))[0] != "done", "and dropped"
    kept = await here.run(Post.get, id=post.id)
    assert (kept.likes_count, kept.helped_count) == (0, 0)
    app = await app_of(fediverse, here, maya)
    names = [each["username"] for each in await app.get("/api/v1/directory", order="active", local="true")]
    assert names == sorted(names), "whoever wants those first who do most gets them by name all the same"
    for module in sorted(Path("server").rglob("*.py")):
        text = module.read_text()
        found_in = re.findall(r"ORDER BY[^\"]*(?:posts_count|followers_count|following_count)", text)
        assert not found_in, f"{module}: {found_in}"
