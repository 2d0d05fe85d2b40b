"""Shared notes and members who live elsewhere: a link for one of them, once; never a word of the notes (C13, S15)."""

import json
import re
from dataclasses import replace

import pytest

from server.actors.models import Actor
from server.coauthors import actions as coauthors
from server.coauthors.models import Coauthor
from server.communities import actions as communities
from server.pads import doors
from server.pads.models import PadDoor, PadRevision
from server.peers import actions as peers
from server.posts import bylines
from server.posts.models import Post
from server.practices import actions as practices
from server.practices import queries as practice_queries
from tests.counting import statements
from tests.posting import Stranger, community, found, join
from tests.web.live.test_live import _at_once  # noqa: F401
from tests.web.pads.test_notes_pages import begun, writes
from tests.web.practices.test_practice_pages import check
from tests.web.test_costs import MOST_STATEMENTS

LINK = re.compile(r"https://alder\.example(/notes/door/[\w-]{43})")


@pytest.fixture
async def circle(fediverse):
    """Amara's circle at Alder, with notes; Bruno of Birch is a member, Carla of Birch is not."""
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara = await fediverse.person(alder, "amara")
    bruno, carla = await fediverse.person(birch, "bruno"), await fediverse.person(birch, "carla")
    group = await community(amara, "circle", visibility="members", join_policy="apply")
    await join(bruno, group)
    await fediverse.settle()
    there = await alder.run(Actor.get, uri=bruno.uri)
    await amara.do(communities.decide_application, group.id, there.id, accept=True)
    await fediverse.settle()
    async with fediverse.client(alder, amara) as client:
        url, sections = await begun(client, "/c/circle/notes")
        await writes(client, sections[0], "Among ourselves", base=0)
    return amara, bruno, carla, group, there, url, sections


async def asked(fediverse, here, handle, slug="circle"):
    """Somebody asks for a link; the page that they get."""
    async with fediverse.client(here) as browser:
        answer = await browser.post(f"/c/{slug}/notes/door", data={"handle": handle})
    await fediverse.settle()
    check(answer.text)
    return answer


async def links(person):
    """The links that a person's own server shows them, the latest last."""
    rows = await person.here.run(
        person.here.db.rows,
        "SELECT post.content_html FROM post JOIN post_mention ON post_mention.post_id = post.id"
        " WHERE post_mention.actor_id = :me AND post.visibility = 'direct' ORDER BY post.id",
        me=person.id,
    )
    return [match[1] for row in rows for match in [LINK.search(row["content_html"])] if match]


async def test_c13_s15_a_way_in_is_for_one_member_once_and_soon(fediverse, circle):
    amara, bruno, carla, group, there, url, _ = circle
    alder = amara.here
    # Whoever asks hears the same, and only members are sent something.
    pages = [
        (await asked(fediverse, alder, handle, slug)).text.replace(handle, "")
        for handle, slug in (
            ("@bruno@birch.example", "circle"), ("@carla@birch.example", "circle"), ("@no@body.example", "circle"),
            ("@bruno@birch.example", "nothing"), ("@amara@alder.example", "circle"),
        )
    ]  # fmt: skip
    assert len({re.sub(r'nonce="[^"]*"|nonce-[^"\']*', "", page) for page in pages}) == 1
    assert (await asked(fediverse, alder, "amara")).status_code == 422
    assert await links(carla) == []
    assert await links(amara) == []
    [way] = await links(bruno)
    async with fediverse.client(alder) as browser:
        for broken in ("/notes/door/" + "x" * 43, way[:-1] + ("a" if way[-1] != "a" else "b")):
            assert (await browser.get(broken)).status_code == 404
            assert (await browser.post(broken)).status_code == 404
        assert (await browser.get(url)).status_code == 303
        for _ in range(2):  # a preview of a link uses nothing up
            page = await browser.get(way)
            check(page.text)
            assert "You come as Bruno (@bruno@birch.example)." in page.text
        # Over.
        fediverse.clock.advance(31 * 60)
        assert (await browser.post(way)).status_code == 404
        await asked(fediverse, alder, "@bruno@birch.example")
        way = (await links(bruno))[-1]
        # Replayed: by Bruno himself, or by somebody who saw it.
        assert (await browser.post(way)).headers["location"] == "/notes"
    async with fediverse.client(alder) as other:
        assert (await other.get(way)).status_code == 404
        assert (await other.post(way)).status_code == 404
        assert (await other.get(url)).status_code == 303
    # At most three an hour, however often somebody asks.
    for _ in range(4):
        await asked(fediverse, alder, "@bruno@birch.example")
    assert len(await links(bruno)) == 4
    unused = (await links(bruno))[-1]
    # Whose membership ended has nothing: neither a link nor an open browser.
    await amara.do(communities.remove_member, group.id, there.id)
    async with fediverse.client(alder) as browser:
        assert (await browser.post(unused)).status_code == 404
    fediverse.clock.advance(3700)
    before = await links(bruno)
    await asked(fediverse, alder, "@bruno@birch.example")
    assert await links(bruno) == before


async def test_c13_a_member_elsewhere_writes_at_home_of_the_notes_under_their_name(fediverse, circle):
    amara, bruno, _, group, there, url, sections = circle
    alder = amara.here
    open_group = await community(amara, "open")
    async with fediverse.client(alder, amara) as client:
        other, [other_section, _] = await begun(client, "/c/open/notes")
    async with fediverse.client(bruno.here, bruno) as home:
        page = (await home.get("/c/circle@alder.example")).text
        way = re.search(r'href="(https://alder\.example/c/circle/notes/door\?handle=[^"]+)"', page)[1]
    async with fediverse.client(alder) as browser:
        assert "@bruno@birch.example" in (await browser.get(way)).text
        await asked(fediverse, alder, "@bruno@birch.example")
        assert (await browser.post((await links(bruno))[0])).status_code == 303
        page = (await browser.get("/notes")).text
        check(page)
        assert "You write here as Bruno (@bruno@birch.example)" in page
        assert f'href="{url}"' in page
        check((await browser.get(url)).text)
        # For this community alone, and for nothing else here.
        assert (await browser.get(other)).status_code == 404
        assert (await browser.post(other_section, data={"act": "write"})).status_code == 404
        for path in ("/week", "/c/circle/members", "/c/circle/notes", "/settings"):
            assert (await browser.get(path)).status_code in {303, 404}
        assert (await browser.get(f"/live?place=n/{other[-8:]}&since={'0' * 26}")).status_code == 403
        assert (await browser.get(f"/live?place=week&since={'0' * 26}")).status_code == 403
        fediverse.clock.advance(1)
        assert (await browser.post(sections[1], data={"act": "write"})).status_code == 303
        assert (await writes(browser, sections[1], "From Birch", base=0)).status_code == 303
        assert (await browser.post(url, data={"act": "erase"})).status_code == 403
        written = await alder.run(PadRevision.get, text="From Birch")
        assert written.author_id == there.id
        async with fediverse.client(alder, amara) as client:
            page = (await client.get(url)).text
            assert "From Birch" in page
            assert "Bruno (birch.example)" in page
        # Archived: it can be read. Removed, blocked, or late in the day: nothing.
        fediverse.clock.advance(11 * 3600)
        assert (await browser.get(url)).status_code == 200
        for here in fediverse.everywhere(alder):
            await here.run(peers.set_grade, here, "birch.example", "blocked", "@amara")
        assert (await browser.get(url)).status_code == 404
        for here in fediverse.everywhere(alder):
            await here.run(peers.set_grade, here, "birch.example", "normal", "@amara")
        assert (await browser.get(url)).status_code == 200
        # Closed on a computer of others: the key is worth nothing, also to who kept it.
        key = browser.cookies["peerhall_notes"]
        assert (await browser.post("/notes")).status_code == 303
        assert "peerhall_notes" not in browser.cookies
        browser.cookies.set("peerhall_notes", key)
        assert (await browser.get(url)).status_code == 404
        await asked(fediverse, alder, "@bruno@birch.example")
        browser.cookies.clear()
        await browser.post((await links(bruno))[-1])
        assert (await browser.get(url)).status_code == 200
        await amara.do(communities.remove_member, group.id, there.id)
        assert (await browser.get(url)).status_code == 404
        assert (await browser.post(sections[1], data={"act": "write"})).status_code == 404
    assert open_group.id != group.id
    sent = str([row for row in await alder.run(alder.db.rows, "SELECT body FROM sent_activity")])
    assert "/notes/door/" in sent
    assert "Among ourselves" not in sent
    assert "From Birch" not in sent


async def test_c13_guests_from_mastodon_are_sent_a_message_that_they_can_read(fediverse):
    amara = await fediverse.person(await fediverse.start("alder.example"), "amara")
    group = await community(amara, "circle", visibility="members", join_policy="apply", guests=True)
    stranger = Stranger(fediverse, "elsewhere.example")
    tom = stranger.actor("tom")
    await stranger.send(amara.here, stranger.activity("Follow", tom, group.uri, path="a/follow"))
    await fediverse.settle()
    there = await amara.here.run(Actor.get, uri=tom)
    await amara.do(communities.decide_application, group.id, there.id, accept=True)
    await fediverse.settle()
    stranger.received.clear()
    await amara.here.run(doors.ask, amara.here, "circle", "@tom@elsewhere.example")
    await fediverse.settle()
    [created] = [each for each in stranger.received if each["type"] == "Create"]
    assert created["actor"] == group.uri
    assert (created["to"], created.get("cc") or []) == ([tom], [])
    assert LINK.search(created["object"]["content"])
    assert {"type": "Mention", "href": tom, "name": "@tom@elsewhere.example"} in created["object"]["tag"]
    assert (await amara.here.run(PadDoor.get, person_id=there.id)).key_hash is None


async def contributors(fediverse, amara, bruno, there, url, sections):
    """Dora, Ben and Cleo of Alder and Bruno of Birch write in a project; each says something about their name."""
    here = amara.here
    people = {name: await fediverse.person(here, name) for name in ("ben", "cleo", "dora")}
    group = await here.run(Actor.get, username="circle", kind="Group")
    for person in people.values():
        await person.do(communities.apply, group.id, ["a", "b", "c"])
        await amara.do(communities.decide_application, group.id, person.id, accept=True)
    async with fediverse.client(here, amara) as client:
        url = (await client.post(url, data={"title": "Reading week", "project": "1"})).headers["location"]
    await asked(fediverse, here, "@bruno@birch.example", "circle")
    async with fediverse.client(here) as guest:
        await guest.post((await links(bruno))[-1])
        await writes(guest, sections[1], "From Birch", base=0, heading="What next")
        assert (await guest.post(url, data={"act": "practice"})).status_code == 403
        assert (await guest.post(url, data={"act": "name"})).status_code == 303
    for base, (name, act) in enumerate((("ben", "name"), ("cleo", ""), ("dora", "unname")), 1):
        async with fediverse.client(here, people[name]) as client:
            fediverse.clock.advance(1)
            answer = await client.post(url, data={"act": act or "name"})
            assert answer.status_code == 404  # who wrote nothing is not asked
            await writes(client, sections[1], f"{name} too", base=base, heading="What next")
            if act:
                assert (await client.post(url, data={"act": act})).status_code == 303
            check((await client.get(url)).text)
    return people, url


async def test_c24_a_project_is_published_as_a_practice_and_whoever_agrees_is_named(fediverse, circle):
    amara, bruno, _, _, there, url, sections = circle
    here, birch = amara.here, bruno.here
    async with fediverse.client(here, amara) as client:
        assert (await client.post(url, data={"act": "practice"})).status_code == 422  # no project yet
    people, url = await contributors(fediverse, amara, bruno, there, url, sections)
    async with fediverse.client(here, amara) as client, fediverse.client(here, people["ben"]) as other:
        page = (await client.get(url)).text
        check(page)
        assert "Make a practice of it" in page
        way = (await client.post(url, data={"act": "practice"})).headers["location"]
        assert (await other.post(url, data={"act": "practice"})).status_code == 403
        assert "Amara is making a practice of it." in (await other.get(url)).text
        page = (await client.get(way)).text
        assert "**What we saw**\n\nAmong ourselves" in page
        assert "**What next**\n\ndora too" in page
        assert not await here.run(Coauthor.exists)
        sent = str(await here.run(here.db.rows, "SELECT body FROM sent_activity"))
        assert "Among ourselves" not in sent
        short = re.search(r"draft=(\w+)", way)[1]
        draft = await here.run(Post.get, short=short)
        assert (draft.state, draft.visibility, draft.community_id is not None) == ("draft", "private", True)
        form = (await amara.do(practice_queries.draft, short))[1]
        form = replace(form, would_change="Begin earlier.", licence="CC-BY-SA-4.0", visibility="members")
        post = await amara.do(practices.share, form, draft_id=draft.id)
        # Ben said yes: named at once. Cleo said nothing, and Bruno's own server asks him: both are asked. Dora is not.
        states = {
            row["name"]: row["state"]
            for row in await here.run(
                here.db.rows,
                "SELECT actor.name, coauthor.state FROM coauthor JOIN actor ON actor.id = coauthor.person_id",
            )
        }
        assert states == {"Ben": "active", "Cleo": "invited", "Bruno": "invited"}
        page = (await other.get(url)).text
        check(page)
        assert f'href="/p/reading-week-{post.short}"' in page
        with statements(here) as counted:
            await other.get(url)
        assert len(counted) <= MOST_STATEMENTS, counted
        page = (await other.get(post.url.removeprefix("https://alder.example"))).text
        assert "Ben" in page
        assert "Dora" not in page
        assert "Cleo" not in page
    await fediverse.settle()
    bodies = [json.loads(row["body"]) for row in await here.run(here.db.rows, "SELECT body FROM sent_activity")]
    [created] = [body["object"] for body in bodies if body["type"] == "Create" and "Begin earlier." in str(body)]
    assert [each["ph:name"] for each in created["ph:coAuthors"]] == ["Ben"]
    copy = await found(birch, post.uri)
    await bruno.do(coauthors.answer, copy.id, accepted=True)
    await people["cleo"].do(coauthors.answer, post.id, accepted=False)
    await fediverse.settle()
    now = await here.run(Post.get, id=post.id)
    assert sorted(each.name for each in bylines.of(now.particulars)) == ["Ben", "Bruno"]
    assert sorted(each.name for each in bylines.of((await found(birch, post.uri)).particulars)) == ["Ben", "Bruno"]
