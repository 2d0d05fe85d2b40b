"""Live updates: whom they are refused, what they never say, what they say within a moment (S15, R12)."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from server.accounts import actions as accounts
from server.asgi import create_app
from server.communities import members
from server.live import streams
from server.live.queries import mark
from tests.conftest import Fediverse, Person
from tests.posting import community, follow, reply, write


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "GATHER_SECONDS", 0.0)


class Reader:
    """An open page: what its browser was sent, event by event."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()
        self._events: asyncio.Queue[list[str]] = asyncio.Queue()
        self._letters = ""

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200
            self.begun.set()
            return
        self._letters += message.get("body", b"").decode()
        *whole, self._letters = self._letters.split("\n\n")
        for event in whole:
            found = re.search(r"^data: (.*)$", event, re.MULTILINE)
            if found:
                self._events.put_nowait(json.loads(found[1]))

    async def news(self) -> list[str]:
        return await asyncio.wait_for(self._events.get(), 20)

    @property
    def has_news(self) -> bool:
        return not self._events.empty()


@asynccontextmanager
async def opened(fediverse: Fediverse, person: Person, place: str, **headers: str) -> AsyncIterator[Reader]:
    """Somebody's open page for the length of a block."""
    here, reader, gone = person.here, Reader(), asyncio.Event()

    async def receive() -> Any:
        await gone.wait()
        return {"type": "http.disconnect"}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/live",
        "raw_path": b"/live",
        "root_path": "",
        "scheme": "https",
        "query_string": f"place={place}&since={mark(here.clock.now())}".encode(),
        "headers": [
            (b"cookie", f"peerhall_session={person.token}".encode()),
            *((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()),
        ],
        "client": ("192.0.2.1", 1),
        "server": (here.settings.domain, 443),
    }
    app = fediverse.processes[here.settings.domain] if hasattr(fediverse, "processes") else create_app(here, work=False)

    async def run() -> None:
        await app(scope, receive, reader.send)
        reader.ended.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(run())
        await asyncio.wait_for(reader.begun.wait(), 20)
        yield reader
        gone.set()


async def status(fediverse: Fediverse, person: Person | None, here: Any, place: str) -> int:
    """How a stream that is refused is answered."""
    async with fediverse.client(here, person) as client:
        answer = await client.get(f"/live?place={place}&since={mark(here.clock.now())}")
    return int(answer.status_code)


async def test_s15_whoever_may_not_see_a_page_hears_nothing_of_it(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom, lin = [await fediverse.person(here, name) for name in ("maya", "tom", "lin")]
    group = await community(maya, visibility="members")
    post = await write(maya, "For members", community_id=group.id, visibility="members")
    for place in ("week", "c/science", f"p/{post.id}"):
        assert await status(fediverse, None, here, place) == 403
    for place in ("c/science", f"p/{post.id}", "c/nothing", "p/nothing", "", "week/x"):
        assert await status(fediverse, tom, here, place) == 404
    await here.run(accounts.suspend_account, here, lin.viewer.account_id, by=maya.viewer.handle)
    assert await status(fediverse, lin, here, "week") == 403
    async with fediverse.client(here, maya) as client:
        assert (await client.get("/live?place=week&since=x")).status_code == 404


async def test_s15_a_page_that_is_closed_to_its_reader_goes_silent(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    group = await community(maya, visibility="members", join_policy="open")
    await tom.do(members.join, group.id)
    async with opened(fediverse, tom, "c/science") as inside, opened(fediverse, tom, "week") as week:
        first = await write(maya, "Hello", community_id=group.id, visibility="members")
        assert await inside.news() == [first.id]
        assert await week.news() == [first.id]
        await tom.do(members.leave, group.id)
        await write(maya, "Among us", community_id=group.id, visibility="members")
        await asyncio.wait_for(inside.ended.wait(), 20)
        assert not inside.has_news
        assert not week.has_news
        await here.run(accounts.suspend_account, here, tom.viewer.account_id, by=maya.viewer.handle)
        await write(maya, "Once more")
        await asyncio.wait_for(week.ended.wait(), 20)
        assert not week.has_news


async def test_s15_nobody_hears_of_what_is_for_others(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    root = await write(maya, "Who comes?")
    async with opened(fediverse, tom, f"p/{root.id}") as thread:
        await reply(maya, root, "Only for me", visibility="direct")
        seen = await reply(maya, root, "For all")
        assert await thread.news() == [seen.id]
        await reply(tom, root, "My own")
        other = await reply(maya, root, "And more")
        assert await thread.news() == [other.id]


async def test_a_post_elsewhere_is_told_on_an_open_page_here(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    maya, bruno = await fediverse.person(alder, "maya"), await fediverse.person(birch, "bruno")
    await follow(bruno, maya)
    await fediverse.settle()
    async with opened(fediverse, bruno, "week") as week:
        post = await write(maya, "From afar")
        await fediverse.settle()
        (told,) = await week.news()
    copy = await birch.run(birch.db.row, "SELECT uri FROM post WHERE id = :id", id=told)
    assert copy == {"uri": post.uri}


async def test_a_connection_made_anew_goes_on_where_it_was(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    root = await write(maya, "Who comes?")
    first = await reply(maya, root, "One")
    fediverse.clock.advance(1)
    second = await reply(maya, root, "Two")
    async with opened(fediverse, tom, f"p/{root.id}") as thread:
        assert await thread.news() == [first.id, second.id], "since the page was made"
    async with opened(fediverse, tom, f"p/{root.id}", last_event_id=first.id) as thread:
        assert await thread.news() == [second.id]


async def test_r12_streams_are_few_and_end_with_the_process(fediverse: Fediverse, monkeypatch: Any) -> None:
    monkeypatch.setattr(streams, "MAX_OF_ONE_PERSON", 1)
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    processes = getattr(fediverse, "processes", None)
    web = processes["alder.example"].web if processes else [here]
    async with opened(fediverse, tom, "week") as one:
        if len(web) == 1:
            assert await status(fediverse, tom, here, "week") == 429
            monkeypatch.setattr(streams, "MAX_STREAMS", 1)
            assert await status(fediverse, maya, here, "week") == 429
        for process in web:
            process.leave()
        await asyncio.wait_for(one.ended.wait(), 20)
    assert all(not streams.desk(process)._streams for process in web)


async def test_what_comes_faster_than_it_is_asked_for_is_bounded(fediverse: Fediverse) -> None:
    stream = streams.Stream()
    assert stream.take() is None, "at first, everything since the page was made"
    stream.call("a")
    stream.call("b")
    assert stream.take() == ["a", "b"]
    for number in range(streams.MOST * 3):
        stream.call(str(number))
    assert len(stream._ids) <= streams.MOST
    assert stream.take() is None


async def test_pages_say_where_what_is_new_begins_and_only_to_people_who_are_in(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    await community(maya)
    post = await write(maya, "Hello")
    for person, lines in ((None, 0), (maya, 1)):
        async with fediverse.client(here, person) as client:
            for address in ("/c/science", post.url):
                assert (await client.get(address)).text.count("data-live data-place=") == lines
    async with fediverse.client(here, maya) as client:
        answer = await client.get("/week")
    assert 'data-place="week"' in answer.text
