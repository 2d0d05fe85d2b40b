"""What an attack is: a small named function with what it attacks, what it may cost, and how it is refused."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.hostile.server import Site, answer
from tests.hostile.stage import Answered, Stage, patience

SECONDS = 20.0
REQUESTS = 4
"""A stranger's first activity costs two: the actor and its handle. A retry with the other signature doubles them."""
SENT_BYTES = 64 * 1024


@dataclass
class Scene:
    """What one attack works with: the stage, and a host of its own."""

    stage: Stage
    site: Site
    name: str

    @property
    def eve(self) -> str:
        """The attacker's actor, with good keys."""
        uri = self.site.uri("u/eve")
        if "/u/eve" not in self.site.documents:
            self.site.actor("eve")
        return uri

    def follow(self, path: str = "f/1", actor: str | None = None) -> dict[str, Any]:
        """A Follow of Maya."""
        return self.site.activity("Follow", actor or self.eve, self.stage.maya, path)

    async def send(self, kind: str, target: Any, path: str = "a/1", *, by: str | None = None, **more: Any) -> int:
        """Deliver an activity of Eve's, properly signed."""
        return await self.stage.send(self.site.activity(kind, more.pop("actor", self.eve), target, path, **more), by=by)

    async def settled(self, seconds: float = 60.0) -> None:
        """Wait until what was delivered was processed."""
        await self.stage.settled(self.site.host, seconds=seconds)

    async def reply_to(self, uri: str, path: str = "r/1", **more: Any) -> int:
        """Have Peerhall fetch an address: deliver a reply of Eve's to it."""
        note = self.site.note(self.eve, f"n/{path}", inReplyTo=uri, **more)
        return await self.send("Create", note, f"c/{path}")

    def serves(self, path: str, *args: Any, **kwargs: Any) -> str:
        """Serve something at a path of the attacker's; returns its address."""
        self.site.documents[f"/{path}"] = answer(*args, **kwargs)
        return self.site.uri(path)

    def note(self, path: str, **more: Any) -> dict[str, Any]:
        """A note of Eve's."""
        return self.site.note(self.eve, path, **more)

    def beside(self, name: str) -> Site:
        """Another host of the attacker's."""
        return self.stage.servers.site(f"{name}.{self.name}.evil.example")

    def friend(self, name: str = "pal") -> Site:
        """A server that means well."""
        return self.stage.servers.site(f"{name}.{self.name}.friend.example")

    @property
    def inbox(self) -> str:
        """The path of the inbox, with the attack's name as a query, so that its refusal is told from others'."""
        return f"/ap/inbox?from={self.name}"

    async def refused_post(self, body: bytes, headers: dict[str, str] | None = None, **how: Any) -> Answered:
        """Post bytes and expect a refusal."""
        response = await self.stage.post(body, list((headers or {}).items()), **how)
        assert 400 <= response.status < 500, response.status
        return response


@dataclass(frozen=True)
class Attack:
    """A named attack on invariants of security.md. `words` are reasons of which at least one must be logged."""

    name: str
    numbers: tuple[str, ...]
    words: tuple[str, ...]
    run: Callable[[Scene], Awaitable[None]]
    requests: int
    sent_bytes: int
    seconds: float
    alone: bool = False


@dataclass
class Verdict:
    """How an attack went."""

    error: str = ""
    changed: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    requests: int = 0
    sent_bytes: int = 0
    seconds: float = 0.0


ATTACKS: list[Attack] = []


def attack(
    numbers: str,
    words: str,
    *,
    requests: int = REQUESTS,
    sent_bytes: int = SENT_BYTES,
    seconds: float = SECONDS,
    alone: bool = False,
) -> Callable[[Callable[[Scene], Awaitable[None]]], Callable[[Scene], Awaitable[None]]]:
    """Register an attack: ``S1 S2``, the words of which one is logged, and its budget.

    `requests` is what Peerhall may ask of the attacker's hosts, `sent_bytes` what it may take from handlers that send
    by hand, `seconds` how long until all of it is over. Without words, nothing is refused: it just has no effect.
    `alone` is for what fills the notes that the words of others are read from.
    """

    def register(run: Callable[[Scene], Awaitable[None]]) -> Callable[[Scene], Awaitable[None]]:
        name = run.__name__.replace("_", "-")
        assert all(re.fullmatch(r"[SR]\d+", number) for number in numbers.split())
        assert name not in {each.name for each in ATTACKS}, name
        ATTACKS.append(
            Attack(name, tuple(numbers.split()), tuple(words.split()), run, requests, sent_bytes, seconds, alone)
        )
        return run

    return register


async def carried_out(stage: Stage, one: Attack) -> Verdict:
    """Carry an attack out, and say how it went."""
    verdict = Verdict()
    scene = Scene(stage, stage.servers.site(f"{one.name}.evil.example"), one.name)
    before = await stage.digest()
    started = time.monotonic()
    try:
        async with asyncio.timeout(one.seconds * patience() + 10):
            await one.run(scene)
            await scene.settled()
    except TimeoutError:
        verdict.error = "it took too long"
    except Exception as error:  # noqa: BLE001  # told in the test of its own
        verdict.error = f"{type(error).__name__}: {error}"
    verdict.seconds = (time.monotonic() - started) / patience()
    after = await stage.digest()
    verdict.changed = sorted(_differences(before, after))
    own = [site for host, site in stage.servers.sites.items() if f"{one.name}.evil.example" in host]
    verdict.requests = sum(len([each for each in site.asked if each.method == "GET"]) for site in own)
    verdict.sent_bytes = sum(site.sent_bytes for site in own)
    told = [record for record in stage.records if re.search(rf"(?<![\w-]){re.escape(one.name)}(?![\w-])", record)]
    verdict.words = {word for record in told for word in re.findall(r' word="([a-z-]+)"', record)}
    return verdict


def _differences(before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]) -> Iterator[str]:
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old is None or new is None:
            yield f"{key} {'came' if old is None else 'went'}: {old or new}"
        elif old != new:
            yield f"{key} changed: {[(name, old[name], new.get(name)) for name in old if old[name] != new.get(name)]}"
