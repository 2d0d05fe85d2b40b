"""Sending to many hosts at once: flat, in order, and nobody waits for somebody else (R3, R4, R5, R6, S17)."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from federation.outbox.deliver import Courier, Outcome
from server.actors.models import Actor, Follow
from server.db.database import query_log
from server.fediverse import actions, leases, loading, outbox, sending
from server.ids import new_id
from server.instance import Instance
from server.peers import actions as peers
from tests.conftest import Fediverse, Person

Answer = Callable[[Request], Awaitable[Response]]


async def _taken(request: Request) -> Response:
    return Response(status_code=202)


@dataclass
class Elsewhere:
    """Servers that take deliveries, each answering as it is told, and what they took."""

    answers: dict[str, Answer] = field(default_factory=dict)
    got: dict[str, list[int]] = field(default_factory=dict)

    def app(self, host: str) -> Callable[..., Awaitable[None]]:
        async def app(scope: dict[str, object], receive: object, send: object) -> None:
            request = Request(scope, receive)  # type: ignore[arg-type]  # as ASGI has it
            number = int(json.loads(await request.body())["id"].rpartition("/")[2])
            answer = await self.answers.get(host, _taken)(request)
            if answer.status_code < 300:
                self.got.setdefault(host, []).append(number)
            await answer(scope, receive, send)  # type: ignore[arg-type]

        return app


@dataclass
class Stage:
    fediverse: Fediverse
    here: Instance
    bruno: Person
    admin: Person
    elsewhere: Elsewhere

    async def publish(self, *numbers: int) -> None:
        async with self.here.db.transaction():
            for number in numbers:
                uri = f"{self.here.settings.origin}/ap/a/test/{number}"
                body = json.dumps({"id": uri, "type": "View", "actor": self.bruno.uri, "object": self.bruno.uri})
                await self.here.deliveries.enqueue(
                    activity_id=uri, sender=self.bruno.uri, body=body.encode(), followers_of=self.bruno.uri
                )

    async def followed_from(self, *hosts: str) -> None:
        now = self.here.clock.now()
        for host in hosts:
            self.fediverse.network.apps[host] = self.elsewhere.app(host)
            uri = f"https://{host}/u/reader"
            reader = await Actor.create(
                id=new_id(now),
                kind="Person",
                uri=uri,
                username="reader",
                domain=host,
                host=host,
                handle_key=f"reader@{host}",
                inbox_url=f"{uri}/inbox",
                shared_inbox_url=f"https://{host}/inbox",
                created_at=now,
                updated_at=now,
                fetched_at=now,
            )
            await Follow.create(
                id=new_id(now),
                follower_id=reader.id,
                target_id=self.bruno.id,
                state="accepted",
                uri=f"{uri}/follow",
                from_elsewhere=True,
                created_at=now,
                accepted_at=now,
            )

    async def spread(self) -> None:
        while await outbox.spread(self.here):
            pass

    async def send(self) -> None:
        while await sending.step(self.here):
            pass

    async def peer(self, host: str) -> dict[str, object]:
        row = await self.here.db.row("SELECT * FROM peer WHERE host = :host", host=host)
        assert row is not None
        return row


@pytest.fixture
async def stage(fediverse: Fediverse) -> AsyncIterator[Stage]:
    fediverse.watch.let_deliveries_pass()
    here = await fediverse.start("birch.example")
    bruno, admin = await fediverse.person(here, "bruno"), await fediverse.person(here, "zoe", role="admin")
    await fediverse.settle()
    with here.db.bind():
        yield Stage(fediverse, here, bruno, admin, Elsewhere())


async def test_r3_many_hosts_take_as_many_statements_as_a_few(stage: Stage) -> None:
    counts = []
    rounds = ["warm.example"], [f"a{n}.example" for n in range(3)], [f"b{n}.example" for n in range(30)]
    for number, hosts in enumerate(rounds):
        await stage.followed_from(*hosts)
        await stage.publish(number)
        log: list[str] = []
        token = query_log.set(log)
        await stage.spread()
        assert await sending.step(stage.here)
        query_log.reset(token)
        counts.append(len(log))
    assert counts[1] <= counts[2] <= counts[1] + 6, "ten times the hosts: at most another group is settled"
    assert stage.elsewhere.got["a0.example"] == [1, 2]
    assert all(stage.elsewhere.got[f"b{n}.example"] == [2] for n in range(30))


async def test_r3_activities_are_spread_together_and_each_host_gets_its_own_in_order(stage: Stage) -> None:
    counts = []
    await stage.followed_from("both.example")
    for number in (1, 8):
        await stage.followed_from(f"n{number}.example")
        first = 10 * number
        for each in range(number):
            await stage.publish(first + each)
        log: list[str] = []
        token = query_log.set(log)
        assert await outbox.spread(stage.here)
        assert not await outbox.spread(stage.here)
        query_log.reset(token)
        counts.append(len(log))
        assert await sending.step(stage.here)
    assert counts[0] == counts[1], "eight cost as many statements as one"
    assert stage.elsewhere.got["n1.example"] == [10, *range(80, 88)]
    assert stage.elsewhere.got["n8.example"] == list(range(80, 88)), "nothing from before it followed"
    assert stage.elsewhere.got["both.example"] == [10, *range(80, 88)]


async def test_r3_what_was_committed_late_is_sent_beside_what_is_new(stage: Stage) -> None:
    await stage.followed_from("one.example")
    await stage.publish(1, 2, 3)
    await stage.spread()
    first, second, third = [
        row["seq"] for row in await stage.here.db.rows("SELECT seq FROM outgoing ORDER BY seq LIMIT 3")
    ]
    # The host is being sent to, and has got as far as the second, when the first one's transaction ends.
    await stage.here.db.execute("UPDATE peer SET cursor_seq = :second WHERE host = 'one.example'", second=second)
    await stage.here.db.execute("UPDATE outgoing SET spread_at = NULL WHERE seq = :first", first=first)
    await stage.publish(4)
    await stage.spread()
    peer = await stage.peer("one.example")
    assert (peer["cursor_seq"], peer["wanted_seq"]) == (first - 1, third + 1)
    await stage.send()
    assert stage.elsewhere.got["one.example"] == [1, 2, 3, 4]


async def test_r5_a_host_that_does_not_answer_holds_up_nobody(stage: Stage) -> None:
    let_go = asyncio.Event()

    async def silent(request: Request) -> Response:
        await let_go.wait()
        return Response(status_code=202)

    stage.elsewhere.answers["slow.example"] = silent
    await stage.followed_from("slow.example", "quick.example")
    await stage.publish(1)
    await stage.spread()
    sending_now = asyncio.create_task(sending.step(stage.here))
    async with asyncio.timeout(30):
        while (peer := await stage.peer("quick.example"))["cursor_seq"] < peer["wanted_seq"]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert (await stage.peer("quick.example"))["lease_until"] is None, "settled while the other is still waited for"
    assert (await stage.peer("slow.example"))["lease_until"] is not None
    let_go.set()
    assert await sending_now
    assert stage.elsewhere.got == {"quick.example": [1], "slow.example": [1]}


@pytest.mark.parametrize("what", ["block", "pause", "drop"])
async def test_s17_what_is_stopped_in_the_middle_of_a_turn_stops(stage: Stage, what: str) -> None:
    async def stops(request: Request) -> Response:
        stage.elsewhere.answers.pop("elm.example", None)
        if what == "block":
            await peers.set_grade(stage.here, "elm.example", "blocked", by="test")
        else:
            act = actions.pause if what == "pause" else actions.drop_queue
            await act(stage.here, stage.admin.viewer, "elm.example")
        return Response(status_code=202)

    stage.elsewhere.answers["elm.example"] = stops
    await stage.followed_from("elm.example")
    await stage.publish(1, 2, 3)
    await stage.spread()
    await stage.send()
    assert stage.elsewhere.got == {"elm.example": [1]}
    if what == "block":
        await peers.set_grade(stage.here, "elm.example", "normal", by="test")
    if what == "pause":
        await actions.resume(stage.here, stage.admin.viewer, "elm.example")
    await stage.send()
    assert stage.elsewhere.got == {"elm.example": [1, 2, 3] if what == "pause" else [1]}


async def test_r4_five_days_away_cost_little_and_are_made_up_for_in_order(stage: Stage) -> None:
    fediverse, tries = stage.fediverse, 0

    async def broken(request: Request) -> Response:
        nonlocal tries
        tries += 1
        return Response(status_code=503)

    stage.elsewhere.answers["elm.example"] = broken
    await stage.followed_from("elm.example")
    for day in range(5):
        await stage.publish(*range(day * 5, day * 5 + 5))
        for _ in range(6):
            await fediverse.settle()
            fediverse.clock.advance(4 * 3600)
    assert 5 <= tries <= 12, "it is asked more and more rarely, and with one activity at a time"
    peer = await stage.peer("elm.example")
    assert peer["failing_since"] is not None
    del stage.elsewhere.answers["elm.example"]
    fediverse.clock.advance(2 * 86_400)
    await fediverse.settle()
    assert stage.elsewhere.got["elm.example"] == list(range(25))
    assert (await stage.peer("elm.example"))["failing_since"] is None


async def test_r4_whoever_asks_for_time_gets_it_and_is_tried_with_a_single_activity(stage: Stage) -> None:
    asked = 0

    async def busy(request: Request) -> Response:
        nonlocal asked
        asked += 1
        return (
            Response(status_code=202) if asked in (3, 4) else Response(status_code=429, headers={"Retry-After": "7200"})
        )

    stage.elsewhere.answers["elm.example"] = busy
    await stage.followed_from("elm.example")
    await stage.publish(*range(6))
    for seconds, expected in ((0, 1), (3600, 1), (3700, 2), (7300, 5)):
        stage.fediverse.clock.advance(seconds)
        await stage.fediverse.settle()
        assert asked == expected
    # It came back, took two, and asked for time again: that is a first failure, not a third.
    assert stage.elsewhere.got["elm.example"] == [0, 1]
    assert (await stage.peer("elm.example"))["attempts"] == 1


@pytest.mark.parametrize(
    ("answer", "is_taken"),
    [
        (lambda: Response(b"x" * 300_000, 202), True),
        (lambda: Response(b"\xff\xfe{", 400), False),
        (lambda: Response(b"x", 202, headers={"Content-Encoding": "zstd"}), True),
    ],
)
async def test_r4_odd_answers_are_settled_by_their_status(
    stage: Stage, answer: Callable[[], Response], is_taken: bool
) -> None:
    async def odd(request: Request) -> Response:
        return answer()

    stage.elsewhere.answers["elm.example"] = odd
    await stage.followed_from("elm.example")
    await stage.publish(1, 2)
    await stage.fediverse.settle()
    peer = await stage.peer("elm.example")
    assert peer["cursor_seq"] == peer["wanted_seq"]
    assert stage.elsewhere.got.get("elm.example", []) == ([1, 2] if is_taken else [])
    assert str(peer["last_error"] or "").startswith("" if is_taken else "refused")


async def test_r4_who_is_redirected_for_a_while_gets_everything_afterwards(stage: Stage) -> None:
    async def away(request: Request) -> Response:
        return Response(status_code=301, headers={"Location": "https://elsewhere.example/"})

    stage.elsewhere.answers["elm.example"] = away
    await stage.followed_from("elm.example")
    await stage.publish(1, 2)
    await stage.fediverse.settle()
    peer = await stage.peer("elm.example")
    assert (peer["attempts"], peer["last_error"]) == (1, "the other server answers 301")
    del stage.elsewhere.answers["elm.example"]
    stage.fediverse.clock.advance(100)
    await stage.fediverse.settle()
    assert stage.elsewhere.got == {"elm.example": [1, 2]}


async def test_r10_a_full_disk_of_ours_is_no_failure_of_theirs(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver = Courier.deliver

    async def full(courier: Courier, **about: Any) -> Outcome:
        if stage.elsewhere.got:
            raise sqlite3.OperationalError("database or disk is full")
        return await deliver(courier, **about)

    await stage.followed_from("elm.example")
    await stage.publish(1, 2)
    with monkeypatch.context() as patch:
        patch.setattr(Courier, "deliver", full)
        await stage.fediverse.settle()
    peer = await stage.peer("elm.example")
    assert (peer["attempts"], peer["failing_since"], peer["lease_until"], peer["last_error"]) == (0, None, None, None)
    await stage.send()
    assert stage.elsewhere.got == {"elm.example": [1]}, "not at once"
    stage.fediverse.clock.advance(leases.TROUBLE_PAUSE.total_seconds() + 1)
    await stage.send()
    assert stage.elsewhere.got == {"elm.example": [1, 2]}


async def test_r4_however_much_waits_is_read_a_little_at_a_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    plain = loading.load

    async def watching(here: Instance, turns: list[leases.Turn]) -> dict[str, loading.Load]:
        found = await plain(here, turns)
        held.append(sum(bool(item.body) for load in found.values() for item in load.items))
        return found

    monkeypatch.setattr(sending, "load", watching)
    stage.fediverse.network.down.add("elm.example")
    await stage.followed_from("elm.example")
    await stage.publish(*range(300))
    await stage.fediverse.settle()
    stage.fediverse.network.down.clear()
    stage.fediverse.clock.advance(100)
    await stage.fediverse.settle()
    assert stage.elsewhere.got["elm.example"] == list(range(300))
    assert max(held) == loading.MOST


async def test_r7_a_worker_that_ends_lets_go_of_what_it_has_not_sent(stage: Stage) -> None:
    asked = asyncio.Event()

    async def silent_at_the_second(request: Request) -> Response:
        if stage.elsewhere.got:
            asked.set()
            await asyncio.Event().wait()
        return Response(status_code=202)

    stage.elsewhere.answers["elm.example"] = silent_at_the_second
    await stage.followed_from("elm.example")
    await stage.publish(1, 2)
    await stage.spread()
    sending_now = asyncio.create_task(sending.step(stage.here))
    await asked.wait()
    sending_now.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending_now
    peer = await stage.peer("elm.example")
    assert (peer["lease_until"], peer["failing_since"], peer["wanted_seq"]) == (None, None, 2)
    assert peer["cursor_seq"] == 1
    del stage.elsewhere.answers["elm.example"]
    await stage.send()
    assert stage.elsewhere.got == {"elm.example": [1, 2]}
