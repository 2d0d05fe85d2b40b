"""Shared notes without JavaScript, and live: who may not, who has a section, what comes late, what was before."""

import re

from server.communities import actions as communities
from server.communities import members
from server.pads.models import Pad, PadRevision
from server.posts import actions as posts
from server.sessions import actions as sessions
from server.sessions.form import SessionForm
from tests.counting import statements
from tests.posting import community, join, write
from tests.web.live.test_live import _at_once, opened  # noqa: F401
from tests.web.practices.test_practice_pages import check
from tests.web.test_costs import MOST_STATEMENTS

NEW = {"title": "Planning the <reading> week", "headings": "What we saw\n\nWhat next"}


async def begun(client, address="/c/science/notes"):
    """Notes with two sections: their address, and the addresses of the sections."""
    answer = await client.post(address, data=NEW)
    assert answer.status_code == 303, answer.text
    url = answer.headers["location"]
    page = (await client.get(url)).text
    return url, list(dict.fromkeys(re.findall(rf'action="({url}/sections/\w+)"', page)))


async def writes(client, section, text, *, base, heading="What we saw", auto=""):
    """Save a section."""
    sent = {"act": "save", "heading": heading, "text": text, "base": str(base), "auto": auto}
    return await client.post(section, data=sent)


async def texts(here):
    """The whole history, the oldest first."""
    return [row["text"] for row in await here.run(here.db.rows, "SELECT text FROM pad_revision ORDER BY id")]


async def test_c13_s15_notes_are_closed_to_whom_their_community_is(fediverse):
    here = await fediverse.start("alder.example")
    maya, tom, eve = [await fediverse.person(here, name) for name in ("maya", "tom", "eve")]
    circle = await community(maya, "circle", visibility="members", join_policy="open")
    await community(maya)
    async with fediverse.client(here, maya) as client:
        private, [section, _] = await begun(client, "/c/circle/notes")
        public, [open_section, _] = await begun(client)
        await writes(client, section, "Kept among us", base=0)
    async with fediverse.client(here) as nobody:
        for path in (private, public, "/c/science/notes", "/c/circle/notes", f"{public}/history"):
            assert (await nobody.get(path)).status_code in {303, 404}, path
        assert (await nobody.post(open_section, data={"act": "write"})).status_code == 303
        assert (await nobody.get(f"/live?place=n/{public[-8:]}&since={'0' * 26}")).status_code == 403
    async with fediverse.client(here, eve) as client:
        for path in (private, f"{private}/history", "/c/circle/notes", "/notes/nothing-12345678"):
            answer = await client.get(path)
            assert answer.status_code == 404
            assert "Kept among us" not in answer.text
        assert (await client.post(section, data={"act": "write"})).status_code == 404
        assert (await client.get(f"/live?place=n/{private[-8:]}&since={'0' * 26}")).status_code == 404
        # She may read what everybody here may, and write nothing.
        page = (await client.get(public)).text
        assert "Join this community first." in page
        for address, data in (
            (open_section, {"act": "write"}), (open_section, {"act": "save", "base": "0", "text": "x"}),
            (f"{public}/sections", {"new": "Mine"}), (public, {"title": "Mine"}), (public, {"act": "erase"}),
            ("/c/science/notes", NEW), (section.replace(private, public), {"act": "write"}),
        ):  # fmt: skip
            assert (await client.post(address, data=data)).status_code == 403, (address, data)
    await tom.do(members.join, circle.id)
    async with fediverse.client(here, tom) as client:
        assert "Kept among us" in (await client.get(private)).text
        await maya.do(communities.remove_member, circle.id, tom.id)
        assert (await client.get(private)).status_code == 404


async def test_c13_one_person_has_a_section_and_what_comes_late_stands_beside_it(fediverse):
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    await join(tom, await community(maya))
    async with fediverse.client(here, maya) as a, fediverse.client(here, tom) as b:
        answer = await a.post("/c/science/notes", data=NEW | {"title": " "})
        assert answer.status_code == 422
        assert "What we saw" in answer.text  # nothing is lost
        url, [section, other] = await begun(a)
        way = (await a.post(section, data={"act": "write"})).headers["location"]
        check((await a.get(way)).text)
        assert 'name="base" value="0"' in (await a.get(way)).text
        # Others see who writes, and write elsewhere meanwhile.
        assert "Maya is writing here" in (await b.get(url)).text
        refused = await b.post(section, data={"act": "write"})
        assert refused.status_code == 403
        assert "Maya is writing in this section." in refused.text
        assert (await b.post(section, data={"act": "out"})).status_code == 403
        assert (await b.post(other, data={"act": "write"})).status_code == 303
        assert (await writes(b, other, "Ask <b>Lin</b>", base=0, heading="What next")).status_code == 303
        long = await writes(a, section, "x" * 20_001, base=0)
        assert long.status_code == 422
        assert "x" * 20_000 in long.text
        # Six minutes without a word: it is free, and whoever comes back too late overwrites nothing.
        fediverse.clock.advance(360)
        assert (await b.post(section, data={"act": "write"})).status_code == 303
        assert (await writes(b, section, "They read more.", base=0)).status_code == 303
        fediverse.clock.advance(1)
        late = await writes(a, section, "They read *less*.", base=0)
        assert late.status_code == 303
        page = (await a.get(url)).text
        check(page)
        assert "Both texts are here: decide what stays." in page
        assert "You wrote this while somebody else changed the section." in page
        page = (await b.get(url)).text
        assert "Maya wrote this while somebody else changed the section." in page
        assert "They read more." in page
        assert "Ask <b>Lin</b>" not in page
        fediverse.clock.advance(1)
        await a.post(section, data={"act": "write"})  # from what stands there while somebody writes, nothing is taken
        wanted = re.search(r'name="late" value="(\w+)"', page)[1]
        assert (await b.post(f"{url}/late", data={"late": wanted, "act": "use"})).status_code == 403
        assert "Two texts" in (await b.get(url)).text
        assert (await b.post(f"{url}/late", data={"late": wanted, "act": "other"})).status_code == 404
        assert "Maya is writing here" in (await b.get(url)).text
        assert (await writes(a, section, "They read *less*.", base=0)).status_code == 303
        assert "Maya is writing here" not in (await b.get(url)).text
        choice = re.search(r'name="late" value="(\w+)"', page)[1]
        assert (await b.post(f"{url}/late", data={"late": choice, "act": "both"})).status_code == 303
        assert (await a.post(f"{url}/late", data={"late": choice, "act": "use"})).status_code == 404
        page = (await a.get(url)).text
        assert page.index("They read more.") < page.index("They read <em>less</em>.")
        assert "Two texts" not in page
        # What was before can be read, and put back.
        page = (await a.get(f"{url}/history")).text
        check(page)
        assert '<ins><span class="mark-word">added: </span>' in page
        assert "came late, and was put beside the section" in page
        first = await here.run(PadRevision.get, text="They read more.")
        fediverse.clock.advance(1)
        assert (await a.post(f"{url}/history", data={"revision": first.id})).status_code == 303
        page = (await a.get(url)).text
        assert "They read <em>less</em>." not in page
        # Taken out and put back, moved up, renamed, erased.
        await a.post(section, data={"act": "out"})
        page = (await a.get(url)).text
        assert page.index("Ask &lt;b&gt;Lin") < page.index("Put it back")
        await a.post(section, data={"act": "back"})
        await a.post(other, data={"act": "up"})
        page = (await b.get(url)).text
        assert page.index("Ask &lt;b&gt;Lin") < page.index("They read more.")
        answer = await b.post(url, data={"title": "Reading", "project": "1"})
        assert answer.headers["location"] == f"/notes/reading-{url[-8:]}"
        assert (await b.get(url)).headers["location"] == answer.headers["location"]
        assert "Erase for good" not in (await b.get(answer.headers["location"])).text
        with statements(here) as asked:
            await a.get(answer.headers["location"])
        assert len(asked) <= MOST_STATEMENTS, asked
        assert (await b.post(url, data={"act": "erase"})).status_code == 403
        assert (await a.post(url, data={"act": "erase"})).status_code == 303
        assert not await here.run(PadRevision.exists)
        page = (await a.get("/c/science/notes")).text
        check(page)
        assert "No notes yet." in page


async def test_c13_what_one_writes_is_on_the_pages_of_others_at_once(fediverse):
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    group = await community(maya)
    await join(tom, group)
    async with fediverse.client(here, maya) as a, fediverse.client(here, tom) as b:
        url, [section, _] = await begun(a)
        place = f"n/{url[-8:]}"
        async with opened(fediverse, tom, place) as notes, opened(fediverse, tom, "c/science") as home:
            await notes.news()  # what was there when it opened
            await a.post(section, data={"act": "write"})
            assert len(await notes.news()) == 1
            # Kept while she writes: one text of the history, not one for each pause.
            for number, text in enumerate(("They", "They read", "They read more.")):
                fediverse.clock.advance(1)
                answer = await writes(a, section, text, base=number, auto="1")
                assert answer.json() == {"version": number + 1, "late": False}
                [mark] = await notes.news()
                assert f'data-mark="{mark}"' in (await b.get(url)).text
            assert "They read more." in (await b.get(url)).text
            assert "Maya is writing here" in (await b.get(url)).text
            assert await texts(here) == ["They read more."]
            # Somebody else's draft that they began before does not come between.
            fediverse.clock.advance(1)
            answer = await writes(b, section, "Mine", base=2, auto="1")
            assert answer.json() == {"version": 3, "late": True}
            answer = await writes(b, section, "Mine too", base=2, auto="1")
            assert await texts(here) == ["They read more.", "Mine too"]
            # Pages of posts hear nothing of it.
            post = await write(maya, "Hello", community_id=group.id)
            assert await home.news() == [post.id]
            await tom.do(communities.leave, group.id)
        answer = await b.post(section, data={"act": "write"})
        assert answer.status_code == 403


async def test_c13_who_takes_part_in_an_event_writes_its_notes_which_go_with_it(fediverse):
    here = await fediverse.start("alder.example")
    maya, tom, eve = [await fediverse.person(here, name) for name in ("maya", "tom", "eve")]
    group = await community(maya)
    form = SessionForm(
        title="Reading aloud",
        text="Come.",
        place="Room 4",
        starts="2026-03-01T10:00",
        ends="2026-03-01T11:00",
        community_id=group.id,
    )
    event = await maya.do(sessions.publish_event, form)
    await tom.do(sessions.take_part, event.id)
    thread = await write(maya, "Not an event", community_id=group.id)
    async with fediverse.client(here, tom) as client:
        assert (await client.get(f"/p/{thread.short}/notes")).status_code == 404
        assert f'href="/p/{event.short}/notes"' in (await client.get(event.url)).text
        check((await client.get(f"/p/{event.short}/notes")).text)
        url, [section, _] = await begun(client, f"/p/{event.short}/notes")
        await client.post(section, data={"act": "write"})
        assert (await writes(client, section, "Twelve came.", base=0)).status_code == 303
        check((await client.get(url)).text)
        assert (await client.get("/c/science/notes")).text.count("Planning") == 0
    async with fediverse.client(here, eve) as client:
        assert "Twelve came." in (await client.get(url)).text
        assert (await client.post(section, data={"act": "write"})).status_code == 403
    assert "Twelve came." not in str(await here.run(here.db.rows, "SELECT * FROM post"))
    await maya.do(posts.delete_post, event.id)
    assert not await here.run(Pad.exists)
