"""The load under which faults happen: what other servers send and what people here do, and what must come of it."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from federation.vocab import activities
from federation.vocab.base import PUBLIC
from federation.vocab.objects import object_document
from tests.chaos.neighbours import Host, Line, Sent, deliver
from tests.chaos.world import PEOPLE_PER_HOST, Member, World

PAUSE_SECONDS = 0.02


@dataclass(slots=True)
class Note:
    """A reply from elsewhere, as it must be here in the end."""

    uri: str
    author: str
    parent: Member
    published: datetime
    edits: int = 0
    deleted: bool = False
    activities: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Act:
    """Something that somebody here did with a form. `taken`: it was answered with a redirect."""

    kind: str
    member: Member
    marker: str
    text: str = ""
    taken: bool = False
    at: float = 0.0


@dataclass(slots=True)
class Written:
    """A reply by somebody here, and what was done with it, in order."""

    marker: str
    member: Member
    short: str = ""
    acts: list[Act] = field(default_factory=list)

    @property
    def deleted(self) -> bool:
        """Whether somebody tried to delete it, taken or not."""
        return any(act.kind == "delete" for act in self.acts)


class Load:
    """Everything that was sent and done so far in one world."""

    def __init__(self, world: World, *, ordered: bool = True, timed: bool = True) -> None:
        self.timed = timed
        self.world = world
        self.ordered = ordered
        """Else what hosts send comes in any order, and more than once."""
        self.notes: dict[str, Note] = {}
        self.likes: dict[tuple[str, str], list[str]] = {}
        """By actor and post: the ids of Like, Undo, Like, …"""
        self.written: list[Written] = []
        self.count = 0
        self.trouble: list[str] = []
        """Answers that nobody should get, such as a 4xx to a proper form."""
        self.uploads = 0
        self.processed: set[str] = set()
        """The activities that were found processed in the round in which they came."""
        self.told: set[str] = set()
        """What was found wrong in earlier rounds."""

    @property
    def acknowledged(self) -> int:
        """How many activities and forms were taken so far."""
        inbound = sum(len(host.sent) for host in self.world.neighbours.hosts.values())
        return inbound + sum(act.taken for written in self.written for act in written.acts)

    async def round(self, rng: random.Random, *, inbound: int = 10, forms: int = 5) -> None:
        """Send and do so much from every host and by everybody here, at once; returns when all of it was answered."""
        hosts = list(self.world.neighbours.hosts.values())
        for host in hosts:
            for _ in range(inbound):
                host.outbox.append(Sent(self.next_activity(rng, host)))
        async with asyncio.TaskGroup() as group:
            for host in hosts:
                group.create_task(self.deliver(host))
            group.create_task(self.forms(rng, forms))

    async def forms(self, rng: random.Random, count: int) -> None:
        """Let everybody here use so many forms."""
        async with asyncio.TaskGroup() as group:
            for member in self.world.members:
                group.create_task(self._use_forms(random.Random(rng.random()), member, count))

    async def deliver(self, host: Host) -> None:
        """Send what a host has to send."""
        if not self.ordered:
            mixed = [*host.outbox, *host.outbox]
            random.Random(f"{self.count} {host.name}").shuffle(mixed)
            host.outbox.clear()
            host.outbox.extend(mixed)
        await deliver(host, self.world.port, self.world.authority, self.world.clock)

    def next_activity(self, rng: random.Random, host: Host) -> dict[str, object]:
        """Decide what a host sends next, and note what must come of it."""
        self.count += 1
        author = f"{host.origin}/u/author{rng.randrange(PEOPLE_PER_HOST)}"
        mine = [note for note in self.notes.values() if note.author == author and not note.deleted]
        choice = rng.random()
        if mine and choice < 0.25:
            return self._edit(host, rng.choice(mine[-5:]))
        if mine and choice < 0.35:
            return self._delete(host, rng.choice(mine[-5:]))
        if choice < 0.6:
            return self._like(host, author, rng.choice(self.world.members))
        return self._create(host, author, rng.choice(self.world.members))

    def _create(self, host: Host, author: str, parent: Member) -> dict[str, object]:
        now = self.world.clock.now()
        note = Note(f"{host.origin}/notes/{self.count}", author, parent, now)
        self.notes[note.uri] = note
        document = self._document(host, note)
        made = activities.create(
            id=self._id(host), actor=author, to=[PUBLIC], cc=[parent.uri], object=document, published=now
        )
        note.activities.append(str(made["id"]))
        return made

    def _edit(self, host: Host, note: Note) -> dict[str, object]:
        note.edits += 1
        document = self._document(host, note)
        made = activities.update(
            id=self._id(host),
            actor=note.author,
            to=[PUBLIC],
            cc=[note.parent.uri],
            object=document,
            published=self.world.clock.now(),
        )
        note.activities.append(str(made["id"]))
        return made

    def _delete(self, host: Host, note: Note) -> dict[str, object]:
        note.deleted = True
        host.documents.pop(note.uri.removeprefix(host.origin), None)
        made: dict[str, object] = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": self._id(host),
            "type": "Delete",
            "actor": note.author,
            "to": [PUBLIC],
            "object": {"id": note.uri, "type": "Tombstone"},
        }
        note.activities.append(str(made["id"]))
        return made

    def _like(self, host: Host, author: str, member: Member) -> dict[str, object]:
        done = self.likes.setdefault((author, member.thread_uri), [])
        if not self.ordered and len(done) == 2:
            # Which of two likes an Undo came after, nobody can tell.
            return self._create(host, author, member)
        like = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": self._id(host),
            "type": "Like",
            "actor": author,
            "object": member.thread_uri,
        }
        if len(done) % 2:
            like |= {"type": "Undo", "object": {**like, "id": done[-1]}}
        done.append(str(like["id"]))
        return like

    def _document(self, host: Host, note: Note) -> dict[str, object]:
        document = object_document(
            id=note.uri,
            type="Note",
            attributed_to=note.author,
            to=[PUBLIC],
            cc=[note.parent.uri],
            content=f"<p>{self.words(note)}</p>",
            in_reply_to=note.parent.thread_uri,
            published=note.published,
            # No two in one second: who counts in seconds is asked what it says now.
            updated=note.published + timedelta(seconds=note.edits) if note.edits else None,
            tags=[{"type": "Mention", "href": note.parent.uri, "name": f"@{note.parent.name}"}],
        )
        host.documents[note.uri.removeprefix(host.origin)] = document
        return document

    @staticmethod
    def words(note: Note) -> str:
        """What a note says after so many edits."""
        return f"We tried this, version {note.edits} of it."

    def _id(self, host: Host) -> str:
        return f"{host.origin}/activities/{self.count}"

    async def _use_forms(self, rng: random.Random, member: Member, count: int) -> None:
        line = Line(self.world.port)
        try:
            for _ in range(count):
                await self._use_form(rng, member, line)
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            line.close()

    async def _use_form(self, rng: random.Random, member: Member, line: Line) -> None:
        mine = [each for each in self.written if each.member is member and each.short and not each.deleted]
        choice = rng.random()
        self.count += 1
        if mine and choice < 0.3:
            written = rng.choice(mine[-4:])
            edits = 1 + sum(each.kind == "edit" for each in written.acts)
            act = Act("edit", member, written.marker, f"{written.marker} edit {edits}.")
            path, fields = f"/p/{written.short}/edit", {"content": act.text}
        elif mine and choice < 0.42:
            written = rng.choice(mine[-4:])
            act = Act("delete", member, written.marker)
            path, fields = f"/p/{written.short}/delete", {}
        else:
            await self._reply(member, line)
            return
        await self._send(written, act, line, path, fields)

    async def _reply(self, member: Member, line: Line) -> Act:
        self.count += 1
        written = Written(f"By {member.name} number {self.count}:", member)
        self.written.append(written)
        act = Act("reply", member, written.marker, f"{written.marker} as it was at first.")
        await self._send(written, act, line, f"/p/{member.thread_short}/reply", {"content": act.text})
        return act

    async def _send(self, written: Written, act: Act, line: Line, path: str, fields: dict[str, str]) -> None:
        written.acts.append(act)
        status, headers = await self._post(line, act.member, path, fields | {"nobody_identifiable": "on"})
        if status is None:
            return
        if status not in (302, 303):
            if status < 500:
                self.trouble.append(f"the form {path} was answered with {status}")
            await asyncio.sleep(0.1)
            return
        act.taken, act.at = True, time.monotonic()
        if act.kind == "reply":
            written.short = headers["location"].partition("#reply-")[2][-8:]

    async def reply_once(self, member: Member) -> str | None:
        """Answer one's own thread; returns what was written, if it was taken."""
        line = Line(self.world.port)
        try:
            act = await self._reply(member, line)
        finally:
            line.close()
        return act.text if act.taken else None

    def flood_activity(self, host: Host) -> dict[str, object]:
        """A reply that nothing is expected of; each says its own number instead of NUMBER."""
        self.count += 1
        now = self.world.clock.now()
        name = f"{self.count}-NUMBER"
        note = Note(f"{host.origin}/flood/{name}", f"{host.origin}/u/author0", self.world.members[1], now)
        return activities.create(
            id=f"{host.origin}/flooding/{name}",
            actor=note.author,
            to=[PUBLIC],
            cc=[note.parent.uri],
            object=self._document(host, note),
            published=now,
        )

    async def upload(self, member: Member, data: bytes) -> bool:
        """Answer one's own thread with a file; returns whether that was taken."""
        self.count += 1
        boundary = "chaos-of-forms"
        parts = [
            ("content", f"By {member.name} number {self.count}: a file."),
            ("nobody_identifiable", "on"),
            ('files"; filename="notes.txt', data.decode("ascii")),
        ]
        body = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts
        )
        line = Line(self.world.port)
        headers = self.headers(member) | {"content-type": f"multipart/form-data; boundary={boundary}"}
        try:
            status, _, _ = await line.ask(
                "POST", f"/p/{member.thread_short}/reply", headers, f"{body}--{boundary}--\r\n".encode()
            )
        except (OSError, EOFError, TimeoutError):
            return False
        finally:
            line.close()
        return status in (302, 303)

    def headers(self, member: Member) -> dict[str, str]:
        """What the browser of a member sends."""
        return {
            "host": self.world.authority,
            "accept": "text/html",
            "origin": self.world.origin,
            "sec-fetch-site": "same-origin",
            "cookie": f"peerhall_session={member.token}",
            "content-type": "application/x-www-form-urlencoded",
        }

    async def _post(
        self, line: Line, member: Member, path: str, fields: dict[str, str]
    ) -> tuple[int | None, dict[str, str]]:
        try:
            status, found, _ = await line.ask("POST", path, self.headers(member), urlencode(fields).encode())
        except (OSError, EOFError, TimeoutError):
            await asyncio.sleep(0.1)
            return None, {}
        return status, found
