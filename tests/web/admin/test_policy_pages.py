"""Whom this server talks with: modes, chosen in the browser, with their effect shown before; and who is told (S17)."""

import re
from html import unescape
from typing import Any

import pytest

from federation.signatures import cavage
from federation.testing import make_signer
from server.actors import actions as actors
from server.errors import NotAllowed, NotFound
from server.notifications.servers import cut_off
from server.peers import actions, queries
from tests.conftest import Fediverse, Person
from tests.posting import Stranger, community, document, follow, found, join, outcome, reply, sees, write

MODE = "/admin/servers/mode"


def words(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


@pytest.fixture
async def ana(fediverse: Fediverse) -> Person:
    """An admin at Alder."""
    return await fediverse.person(await fediverse.start("alder.example"), "ana", role="admin")


async def mode(here: Any) -> str:
    """The mode, once this process has read it again."""
    await here.run(here.refresh)
    return queries.mode(here)


async def choose(fediverse: Fediverse, ana: Person, mode: str, window: str = "") -> None:
    async with fediverse.client(ana.here, ana) as browser:
        data = {"mode": mode, "window": window}
        done = await browser.post(MODE, data=data | {"confirmed": f"{mode}:{window}"})
        assert done.status_code == 303


async def letter(stranger: Stranger, here: Any, fediverse: Fediverse, author: str, to: str, path: str) -> str:
    """A message to one person alone; returns what became of it."""
    note = stranger.note(author, path, "<p>Psst</p>", to=[to], cc=[], tag=[{"type": "Mention", "href": to}])
    activity = stranger.activity("Create", author, note, to=[to], cc=[])
    await stranger.send(here, activity)
    await fediverse.settle()
    return (await outcome(here, activity["id"]))[0] or ""


async def test_s28_only_admins_choose_and_only_what_there_is(fediverse: Fediverse, ana: Person) -> None:
    here = ana.here
    for role in ("steward", "member", None):
        person = await fediverse.person(here, f"p{role}", role=role) if role else None
        async with fediverse.client(here, person) as browser:
            for path in (MODE, f"{MODE}/undo"):
                data = {"mode": "closed", "confirmed": "closed:"}
                assert (await browser.post(path, data=data)).status_code in {303, 404}
            assert (await browser.get(MODE)).status_code in {303, 404}
    assert queries.grades(here).choices == {}
    async with fediverse.client(here, ana) as browser:
        wrong = await browser.post(MODE, data={"mode": "everybody", "confirmed": "everybody:"})
        assert (wrong.status_code, "Choose with whom this server talks." in wrong.text) == (422, True)
        wrong = await browser.post(MODE, data={"mode": "consortium", "window": "all", "confirmed": "consortium:all"})
        assert wrong.status_code == 422
        assert (await browser.post(f"{MODE}/undo")).status_code == 404
    assert await mode(here) == "open"


async def test_s17_a_mode_is_shown_before_it_counts_and_can_be_taken_back(fediverse: Fediverse, ana: Person) -> None:
    here = ana.here
    maya, tom = (
        await fediverse.person(here, "maya"),
        await fediverse.person(await fediverse.start("birch.example"), "tom"),
    )
    await follow(tom, maya)
    await follow(maya, tom)
    await join(tom, await community(maya))
    await fediverse.settle()
    async with fediverse.client(here, ana) as browser:
        assert "Nobody has chosen here yet" in (await browser.get(MODE)).text
        shown = words((await browser.post(MODE, data={"mode": "closed", "confirmed": "open:"})).text)
        assert "With one server nothing would pass any more; what waits for it is not sent." in shown
        assert "One membership of somebody there in a community here." in shown
        assert "One follower there." in shown
        assert "birch.example" in shown
        assert await mode(here) == "open"
        shown = words((await browser.post(MODE, data={"mode": "careful"})).text)
        assert "A stranger’s first post would wait for a steward." in shown
        assert "Strangers could not write to single people here any more." in shown
        await choose(fediverse, ana, "closed")
        assert await mode(here) == "closed"
        text = (await browser.get(MODE)).text
        assert "The setting PEERHALL_FEDERATION says “open”; what is chosen here counts." in text
    # Nothing in, nothing out; what is there stays.
    post = await write(maya, "During the exam")
    stranger = Stranger(fediverse, "cedar.example")
    carl = stranger.actor("carl")
    assert await stranger.send(here, stranger.activity("Follow", carl, maya.uri)) == 403
    await fediverse.settle()
    assert await found(tom.here, post.uri) is None
    with pytest.raises(NotFound):
        await here.run(actors.resolve, here, carl)
    async with fediverse.client(here) as nobody:
        info = (await nobody.get("/nodeinfo/2.1")).json()
        assert info["metadata"]["federation"]["enabled"] is False
    async with fediverse.client(here, ana) as browser:
        assert (await browser.post(f"{MODE}/undo")).status_code == 303
    assert await mode(here) == "open"
    later = await write(maya, "After the exam")
    await fediverse.settle()
    assert await found(tom.here, later.uri) is not None
    assert await found(tom.here, post.uri) is None


async def test_s17_in_careful_mode_strangers_write_to_nobody_alone(fediverse: Fediverse, ana: Person) -> None:
    here = ana.here
    maya, ben = await fediverse.person(here, "maya"), await fediverse.person(here, "ben")
    stranger = Stranger(fediverse, "cedar.example")
    carl = stranger.actor("carl")
    assert await letter(stranger, here, fediverse, carl, maya.uri, "p/0") == "done"
    await choose(fediverse, ana, "careful")
    assert await letter(stranger, here, fediverse, carl, maya.uri, "p/1") == "refused"
    assert await found(here, stranger.uri("p/1")) is None
    # Whoever follows them hears them; nobody else does.
    row = await here.run(actors.resolve, here, carl)
    await here.run(actors.request_follow, here, maya.id, row.id)
    asked = await here.run(here.db.value, "SELECT uri FROM follow WHERE follower_id = :id", id=maya.id)
    await stranger.send(here, stranger.activity("Accept", carl, asked))
    await fediverse.settle()
    assert await letter(stranger, here, fediverse, carl, maya.uri, "p/2") == "done"
    assert await letter(stranger, here, fediverse, carl, ben.uri, "p/3") == "refused"
    # An answer to what somebody wrote is no letter of a stranger, and waits as a first post does.
    post = await write(ben, "Who knows this?")
    other = stranger.actor("dora")
    note = stranger.note(other, "p/4", to=[ben.uri], cc=[], inReplyTo=post.uri)
    await stranger.send(here, stranger.activity("Create", other, note, to=[ben.uri], cc=[]))
    await fediverse.settle()
    assert (await found(here, note["id"])).state == "held"
    # A server that is trusted is none of strangers.
    await here.run(actions.set_grade, here, "cedar.example", "trusted", "@ana")
    assert await letter(stranger, here, fediverse, other, ben.uri, "p/5") == "done"


@pytest.mark.parametrize("window", ["", "follows", "replies"])
async def test_s17_what_a_consortium_lets_others_do(fediverse: Fediverse, ana: Person, window: str) -> None:
    here = ana.here
    maya = await fediverse.person(here, "maya")
    stranger = Stranger(fediverse, "cedar.example")
    carl = stranger.actor("carl")
    before = await write(maya, "For everybody")
    secret = await write(maya, "For those who follow me", visibility="followers")
    if window == "replies":
        await fediverse.settle()
    await choose(fediverse, ana, "consortium", window)
    opened = bool(window)
    status = await stranger.send(here, stranger.activity("Follow", carl, maya.uri))
    await fediverse.settle()
    assert status == (202 if opened else 403)
    came = [item["object"]["id"] if item["type"] == "Create" else item["type"] for item in stranger.received]
    assert [each for each in came if each != before.uri] == ["Accept"] * opened
    # Out: what is public, and nothing else.
    stranger.received.clear()
    post = await write(maya, "News for everybody")
    await write(maya, "Only for followers", visibility="followers")
    await fediverse.settle()
    assert [item["object"]["id"] for item in stranger.received if item["type"] == "Create"] == [post.uri] * opened
    key = make_signer(carl)
    signed = cavage.headers(
        "GET", "alder.example", secret.uri.removeprefix("https://alder.example"), body=None, key_id=key.rsa_key_id,
        key=key.rsa_key, now=fediverse.clock.now(),
    )  # fmt: skip
    assert (await document(fediverse, here, secret.uri, headers=signed))[0] in ({404} if opened else {403})
    # In: nothing but follows, and answers where those are let in: they wait.
    like = stranger.activity("Like", carl, before.uri)
    assert await stranger.send(here, like) == (202 if opened else 403)
    answer = stranger.note(carl, "p/answer", inReplyTo=post.uri)
    alone = stranger.note(carl, "p/alone")
    hidden = stranger.note(carl, "p/hidden", inReplyTo=post.uri, to=[maya.uri], cc=[])
    for note in (answer, alone, hidden):
        await stranger.send(here, stranger.activity("Create", carl, note, to=note["to"], cc=note["cc"]))
    await fediverse.settle()
    assert (await found(here, before.uri)).likes_count == 0
    states = [row.state if (row := await found(here, note["id"])) else None for note in (answer, alone, hidden)]
    assert states == ["held" if window == "replies" else None, None, None]
    assert await sees(ana.here, answer["id"]) is None
    # Nobody here goes out by the window.
    with pytest.raises((NotAllowed, NotFound)):
        await here.run(actors.resolve, here, carl)
    if opened:
        row = await here.run(here.db.value, "SELECT id FROM actor WHERE uri = :uri", uri=carl)
        with pytest.raises(NotAllowed):
            await here.run(actors.request_follow, here, maya.id, row)
        gone = stranger.activity("Undo", carl, stranger.activity("Follow", carl, maya.uri))
        await stranger.send(here, gone)
        await fediverse.settle()
        assert await here.run(here.db.value, "SELECT count(*) FROM follow") == 0
    # A server that was chosen is let in as ever.
    await here.run(actions.set_grade, here, "cedar.example", "normal", "@ana")
    chosen = stranger.note(carl, "p/chosen")
    await stranger.send(here, stranger.activity("Create", carl, chosen))
    await fediverse.settle()
    assert (await found(here, chosen["id"])) is not None


async def test_whom_a_block_cuts_off_is_told_and_what_they_had_comes_back(fediverse: Fediverse, ana: Person) -> None:
    here = ana.here
    maya, ben = await fediverse.person(here, "maya"), await fediverse.person(here, "ben")
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    await follow(maya, tom)
    await join(tom, await community(maya))
    await fediverse.settle()
    async with fediverse.client(here, ana) as browser:
        shown = (await browser.post("/admin/servers/birch.example", data={"grade": "blocked", "note": "spam"})).text
        assert "Tell the people here whom it concerns" in shown
        told = {"grade": "blocked", "note": "spam", "confirmed": "blocked", "tells": "1"}
        assert (await browser.post("/admin/servers/birch.example", data=told)).status_code == 303
        page = words((await browser.get("/admin/servers/birch.example")).text)
        assert "normal → blocked" in page
        assert "spam" in page
    async with fediverse.client(here, maya) as browser:
        news = (await browser.get("/notifications")).text
        assert "This server does not talk with another one any more where you have people." in news
        mine = words((await browser.get("/me/servers")).text)
        assert "birch.example you follow one there one membership in communities that you look after" in mine
        assert "spam" not in mine
        assert "If it is undone before this day" in mine
    async with fediverse.client(here, ben) as browser:
        assert "birch.example" not in (await browser.get("/me/servers")).text
        assert "does not talk with another one" not in (await browser.get("/notifications")).text
    fediverse.clock.advance(20 * 86400)
    await here.run(actions.undo_grade, here, "birch.example", "@ana")
    assert await maya.do(cut_off) == []
    post = await write(tom, "Hello again")
    await fediverse.settle()
    assert await found(here, post.uri) is not None
    assert (await reply(maya, await found(here, post.uri))).state == "visible"


async def test_everybody_reads_with_whom_this_server_talks_and_no_name_of_whom_it_blocked(
    fediverse: Fediverse, ana: Person
) -> None:
    here = ana.here
    for host, grade in (("bad.example", "blocked"), ("worse.example", "blocked"), ("loud.example", "limited")):
        await here.run(actions.set_grade, here, host, grade, "@ana", note="because of spam")
    await choose(fediverse, ana, "consortium", "follows")
    async with fediverse.client(here) as nobody:
        page = words((await nobody.get("/about/servers")).text)
        answer = (await nobody.get("/about/servers.json")).json()
        assert "/about/servers" in (await nobody.get("/about")).text
    assert "2 are blocked: nothing passes." in page
    assert "You follow somebody here Yes, at once or when they agree." in page
    assert "You answer what is public No." in page
    assert "Somebody here follows you No." in page
    assert answer["mode"] == "consortium"
    assert answer["window"] == "follows"
    assert answer["decided"] == {"trusted": 0, "held": 0, "limited": 1, "no_media": 0, "blocked": 2}
    for secret in ("bad.example", "loud.example", "spam"):
        assert secret not in page
        assert secret not in str(answer)


async def test_admins_alone_see_what_leaves_and_not_a_word_of_it(fediverse: Fediverse, ana: Person) -> None:
    here = ana.here
    maya, tom = (
        await fediverse.person(here, "maya"),
        await fediverse.person(await fediverse.start("birch.example"), "tom"),
    )
    await follow(tom, maya)
    await fediverse.settle()
    post = await write(maya, "For everybody zebra", kind="practice")
    await write(maya, "For followers gnu", visibility="followers")
    await write(maya, "For people here okapi", visibility="instance")
    await fediverse.settle()
    async with fediverse.client(here, maya) as browser:
        assert (await browser.get("/admin/leaving")).status_code == 404
    async with fediverse.client(here, ana) as browser:
        text = (await browser.get("/admin/leaving")).text
        page = words(text)
        assert "Create · Article (practice) everybody 1" in page
        assert "Create · Article (discussion) followers or members 1" in page
        assert "Accept · Follow single people or servers 1" in page
        assert "People here Nobody. It has no form in which it could be sent." in page
        assert "Event Event replies, likes, shares" in page
        assert f'href="{post.uri}' not in text
        assert "/ap/a/create/" in text
        for secret in ("zebra", "gnu", "okapi"):
            assert secret not in text
        await choose(fediverse, ana, "closed")
        page = words((await browser.get("/admin/leaving")).text)
        assert "Everyone Nobody, while the server is closed." in page
