"""Stories on a network that loses, delays, repeats and reorders: in the end every server knows what it must (R3)."""

import asyncio
import json
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from federation.errors import FederationError
from server.actors import actions as actors
from server.asgi import create_app
from server.communities import actions as communities
from server.communities import members
from server.communities.form import CommunityForm
from server.db import from_milliseconds, to_milliseconds
from server.errors import NotFound
from server.posts import actions as posts
from server.posts.form import NewPost, PostChange
from server.posts.models import Post
from tests.chaos.checks import WRONG, Violation
from tests.chaos.report import Options, Round
from tests.chaos.stories import NAMES, ROUTING, Act, Story, story
from tests.conftest import Fediverse, Person, Template, made_before

DOMAINS = ("alder.example", "birch.example", "cedar.example")
MOST_WAITS = 60
FRESH_STAGE = 40
"""Servers know more with every story; so many later there are new ones."""
NEXT = (
    "SELECT min(at) AS at FROM (SELECT min(next_try_at) AS at FROM peer WHERE wanted_seq > cursor_seq"
    " UNION ALL SELECT min(next_try_at) FROM inbox_receipt WHERE outcome IS NULL"
    " UNION ALL SELECT min(run_at) FROM job WHERE failed_at IS NULL AND unique_key IS NULL) AS due"
)
LABEL = re.compile(r"Label (P\d+) version (\d+)\.")


class Stuck(AssertionError):
    """The story cannot go on."""


@dataclass
class Stage:
    """Three servers that stay up for many stories: on each somebody, who follows the others and shares a community."""

    fediverse: Fediverse
    people: list[Person]
    group: str

    @classmethod
    async def make(cls, fediverse: Fediverse) -> "Stage":
        """Start the servers."""
        people = [
            await fediverse.person(await fediverse.start(domain), name)
            for domain, name in zip(DOMAINS, NAMES, strict=True)
        ]
        for domain, here in fediverse.instances.items():
            # Nobody listens to what is sent here: the same is sent in the other tests.
            fediverse.network.apps[domain] = create_app(here, work=False)
        fediverse.network.observer = None
        form = CommunityForm(name="Science", slug="science", purpose="To learn together.")
        made = cls(fediverse, people, (await people[0].do(communities.create_community, form)).uri)
        everybody = Play(made, story(0, 0))
        for who in range(len(people)):
            await everybody.come_back(who, {other for other in range(len(people)) if other != who}, who > 0)
        await everybody.catch_up()
        return made

    async def compare(self, seed: int) -> list[str]:
        """Play a story on a bad network; returns what is different from how it must end."""
        told = story(seed)
        network = self.fediverse.network
        rng = random.Random(f"network {seed}")
        network.misbehave(
            seed,
            drop=rng.choice((0.02, 0.1, 0.25)),
            delay=rng.choice((0, 0.3)),
            duplicate=rng.choice((0, 0.2, 0.5)),
            reorder=rng.choice((0, 0.2, 0.5)),
        )
        try:
            known = await Play(self, told).play()
        finally:
            await network.behave()
        wanted = told.known()
        return [
            f"{key}: {known.get(key)} instead of {wanted.get(key)}"
            for key in sorted(known.keys() | wanted.keys())
            if known.get(key) != wanted.get(key)
        ]


@dataclass
class Play:
    """One story, played by people of its own."""

    stage: Stage
    story: Story
    uris: dict[str, str] = field(default_factory=dict)

    @property
    def people(self) -> list[Person]:
        """Who is in it."""
        return self.stage.people

    @property
    def group(self) -> str:
        """The community."""
        return self.stage.group

    async def play(self) -> dict[str, Any]:
        """Play it to its end and return what every server knows then."""
        fediverse = self.stage.fediverse
        for act in self.story.acts:
            if act.sync:
                await self.catch_up()
            await self.do(act)
            fediverse.clock.advance(7)
            if act.verb in ROUTING:
                await self.catch_up()
            elif act.number % 2:
                await fediverse.settle()
        await fediverse.network.behave()
        await self.catch_up()
        known = await self.state()
        for who in range(self.story.people):
            lost = {other for one, other in self.story.blind if one == who}
            await self.come_back(who, lost, who in self.story.left)
        await self.catch_up()
        return known

    async def come_back(self, who: int, others: set[int], to_group: bool) -> None:
        """Follow people again, and join the community."""
        person = self.people[who]
        for other in others:
            found = await person.here.run(actors.resolve, person.here, self.people[other].uri)
            await person.here.run(actors.request_follow, person.here, person.id, found.id)
        if to_group:
            await person.do(members.join, (await person.here.run(actors.resolve, person.here, self.group)).id)

    async def do(self, act: Act) -> None:
        """Let somebody do something, as soon as they see what it is about."""
        person = self.people[act.who]
        do = getattr(self, f"_{act.verb}")
        if act.label in self.uris and act.verb not in {"post", "reply"}:
            await do(person, act, await self.seen(person, act.label))
        else:
            await do(person, act)

    async def seen(self, person: Person, label: str) -> str:
        """The id of a post in the database of a person's server, once it is there."""
        found: Post | None = None

        async def look() -> bool:
            nonlocal found
            found = await person.here.run(Post.get_or_none, uri=self.uris[label])
            return found is not None

        await self.until(look, f"{label} gets to {person.here.settings.domain}")
        assert found is not None
        return found.id

    async def until(self, condition: Callable[[], Awaitable[bool]], what: str) -> None:
        """Let time pass until something is so."""
        for _ in range(MOST_WAITS):
            if await condition():
                return
            await self.stage.fediverse.settle()
            if await condition():
                return
            self.stage.fediverse.clock.advance(61)
        raise Stuck(f"{what} never")

    async def catch_up(self) -> None:
        """Let time pass until nobody has anything to do."""
        fediverse = self.stage.fediverse
        for _ in range(MOST_WAITS):
            await fediverse.settle()
            due = [
                at for here in fediverse.instances.values() if (at := await here.run(here.db.value, NEXT)) is not None
            ]
            if not due:
                return
            fediverse.clock.moment = max(
                fediverse.clock.now() + timedelta(seconds=1), from_milliseconds(min(due)) + timedelta(seconds=1)
            )
        raise Stuck(f"there is always something to do: {to_milliseconds(fediverse.clock.now())}")

    async def insist(self, act: Callable[[], Awaitable[Any]]) -> Any:
        """Do something that needs the network now, again and again, as people do."""
        for _ in range(MOST_WAITS):
            try:
                return await act()
            except (FederationError, NotFound):
                self.stage.fediverse.clock.advance(61)
        raise Stuck("the network never answers")

    async def _unfollow(self, person: Person, act: Act) -> None:
        target = self.people[int(act.other)]
        found = await self.insist(lambda: person.here.run(actors.resolve, person.here, target.uri))
        await person.here.run(actors.unfollow, person.here, person.id, found.id)

    async def _leave(self, person: Person, act: Act) -> None:
        found = await self.insist(lambda: person.here.run(actors.resolve, person.here, self.group))
        await person.do(members.leave, found.id)

    async def _post(self, person: Person, act: Act) -> None:
        group = None
        if act.number:
            group = (await self.insist(lambda: person.here.run(actors.resolve, person.here, self.group))).id
        new = NewPost(kind="discussion", title=f"On {act.label}", source_md=_text(act.label, 0), community_id=group)
        await self._written(person, act, new)

    async def _reply(self, person: Person, act: Act) -> None:
        parent = await self.seen(person, act.other)
        await self._written(person, act, NewPost(kind="reply", source_md=_text(act.label, 0), parent_id=parent))

    async def _written(self, person: Person, act: Act, new: NewPost) -> None:
        made = await person.here.run(posts.create_post, person.here, person.id, new)
        self.uris[act.label] = made.uri

    async def _edit(self, person: Person, act: Act, post_id: str) -> None:
        await person.do(posts.edit_post, post_id, PostChange(source_md=_text(act.label, act.number)))

    async def _delete(self, person: Person, act: Act, post_id: str) -> None:
        await person.do(posts.delete_post, post_id)

    async def _like(self, person: Person, act: Act, post_id: str) -> None:
        await person.do(posts.like_post, post_id)

    async def _unlike(self, person: Person, act: Act, post_id: str) -> None:
        await person.do(posts.unlike_post, post_id)

    async def _boost(self, person: Person, act: Act, post_id: str) -> None:
        await person.do(posts.boost_post, post_id)

    async def _unboost(self, person: Person, act: Act, post_id: str) -> None:
        await person.do(posts.unboost_post, post_id)

    async def state(self) -> dict[str, Any]:
        """What every server knows, in the words of the story."""
        known: dict[str, Any] = {}
        for number, person in enumerate(self.people):
            view = _View(self, number, person)
            known |= await view.posts() | await view.reactions() | await view.follows() | await view.news()
        return known


def _text(label: str, number: int) -> str:
    return f"Label {label} version {number}."


@dataclass
class _View:
    play: Play
    number: int
    person: Person

    @property
    def place(self) -> str:
        return NAMES[self.number]

    async def rows(self, statement: str) -> list[dict[str, Any]]:
        here = self.person.here
        found: list[dict[str, Any]] = await here.run(here.db.rows, statement)
        return found

    def uris(self) -> str:
        """The ids of the posts of this story, as SQL."""
        return ", ".join(f"'{uri}'" for uri in self.play.uris.values()) or "''"

    def who(self, uri: str) -> str | None:
        """Somebody of this story, by the name they have in it."""
        return next((NAMES[n] for n, person in enumerate(self.play.people) if person.uri == uri), None)

    def label(self, uri: str | None) -> str | None:
        """A post of this story that this server must know."""
        found = next((label for label, known in self.play.uris.items() if known == uri), None)
        return found if found and self.play.story.seen_by(self.number, found) else None

    async def posts(self) -> dict[str, Any]:
        """State and words of each post, what it answers, and whether its answers are counted right."""
        known: dict[str, Any] = {}
        for row in await self.rows(
            "SELECT post.uri, post.state, post.content_html, parent.uri AS parent, post.likes_count,"
            " post.replies_count,"
            " (SELECT count(*) FROM post_like WHERE post_like.post_id = post.id AND post_like.kind = 'like') AS likes,"
            " (SELECT count(*) FROM post AS reply WHERE reply.root_id = post.id AND reply.id <> post.id"
            " AND reply.state = 'visible') AS replies, post.root_id = post.id AS is_root FROM post"
            " LEFT JOIN post AS parent ON parent.id = post.parent_id"
            f" WHERE post.uri IN ({self.uris()}) ORDER BY post.id"
        ):
            label = self.label(row["uri"])
            if label is None or row["state"] == "deleted":
                continue
            words = LABEL.search(row["content_html"])
            known[f"{self.place} {label}"] = (row["state"], words and words.groups(), self.label(row["parent"]))
            if row["likes"] != row["likes_count"] or (row["is_root"] and row["replies"] != row["replies_count"]):
                known[f"{self.place} {label} counts"] = row
        return known

    async def reactions(self) -> dict[str, Any]:
        """Who likes and passed on what, where it was written and where they are."""
        known: dict[str, Any] = {}
        for table, standing in (("post_like", "post_like.kind = 'like'"), ("boost", "boost.undone_at IS NULL")):
            for row in await self.rows(
                f"SELECT DISTINCT actor.uri AS actor, post.uri AS post FROM {table}"
                f" JOIN actor ON actor.id = {table}.actor_id JOIN post ON post.id = {table}.post_id"
                f" WHERE {standing} AND post.state = 'visible'"
                f" AND post.uri IN ({self.uris()})"
            ):
                who, label = self.who(row["actor"]), self.label(row["post"])
                if who and label and self.place in {who, NAMES[self.play.story.authors[label]]}:
                    known[f"{self.place} {table} {who} {label}"] = True
        return known

    async def follows(self) -> dict[str, Any]:
        """Who follows whom, as the two sides see it."""
        known: dict[str, Any] = {}
        for row in await self.rows(
            "SELECT follower.uri AS follower, target.uri AS target, follow.state FROM follow"
            " JOIN actor AS follower ON follower.id = follow.follower_id"
            " JOIN actor AS target ON target.id = follow.target_id"
        ):
            follower = self.who(row["follower"])
            target = self.who(row["target"])
            if follower and target and self.place in {follower, target}:
                known[f"{self.place} {follower} follows {target}"] = row["state"]
        return known

    async def news(self) -> dict[str, Any]:
        """What each person was told."""
        known: dict[str, Any] = {}
        for row in await self.rows(
            "SELECT notification.kind, actor.uri AS actor, post.uri AS post FROM notification"
            " LEFT JOIN actor ON actor.id = notification.actor_id LEFT JOIN post ON post.id = notification.post_id"
            f" WHERE notification.reader_id = '{self.person.id}' AND post.uri IN ({self.uris()})"
        ):
            label = self.label(row["post"])
            if label is None:
                continue
            key = f"{self.place} told {row['kind']} {self.who(row['actor'] or '')} {label}"
            known[key] = known.get(key, 0) + 1
        return known


async def play(first: int, count: int) -> None:
    """Play so many stories, and print what became of each as a line of JSON."""
    for begin in range(first, first + count, FRESH_STAGE):
        with tempfile.TemporaryDirectory(prefix="peerhall-stories-") as name:
            template = await asyncio.to_thread(Template.make, Path(name))
            (Path(name) / "servers").mkdir()
            fediverse = Fediverse(template, Path(name) / "servers")
            stage = await Stage.make(fediverse)
            for seed in range(begin, min(begin + FRESH_STAGE, first + count)):
                try:
                    different = await stage.compare(seed)
                except Exception as error:  # noqa: BLE001  # whatever it is, it is what the seed leads to
                    different = [f"{type(error).__name__}: {error}"]
                print(json.dumps([seed, different]), flush=True)
            await fediverse.stop()


async def network(options: Options) -> AsyncIterator[Round]:
    """Stories on a bad network, in a process for each core."""
    begun = time.monotonic()
    share = -(-options.rounds // (os.cpu_count() or 1))
    last = options.seed + options.rounds
    parts = [(first, min(share, last - first)) for first in range(options.seed, last, share)]
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.chaos.network", str(first), str(count), stdout=asyncio.subprocess.PIPE
        )
        for first, count in parts
    ]
    lines: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            lines.put_nowait(line)
        lines.put_nowait(b"")

    readers = [asyncio.create_task(read(process)) for process in processes]
    try:
        done = 0
        while done < options.rounds:
            line = await lines.get()
            if not line:
                if all(reader.done() for reader in readers) and lines.empty():
                    raise RuntimeError("a process ended early")
                continue
            seed, different = json.loads(line)
            done += 1
            rate = f"{60 * done / (time.monotonic() - begun):.0f} seeds a minute" if done == options.rounds else ""
            yield Round(seed, 0, [Violation(WRONG, what) for what in different], rate)
    finally:
        for process in processes:
            if process.returncode is None:
                process.terminate()
            await process.wait()


if __name__ == "__main__":
    with made_before():
        asyncio.run(play(int(sys.argv[1]), int(sys.argv[2])))
