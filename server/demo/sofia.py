"""Sofia's server: one person on software like Mastodon, small but real.

It has keys and an inbox, checks every signature with the same engine as Peerhall, and signs what Sofia does. What she sees
is what was delivered to her, or what her server fetched because a community passed it on, as Mastodon does.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import httpx

from federation.engine import Engine, VerifiedActivity
from federation.errors import FederationError
from federation.ports import Clock, NodeInfoFacts, Reader, Receipt, Served, Signer, WebFingerSubject
from federation.signatures.keys import public_pem
from federation.signatures.signing import CAVAGE, SigningThreads
from federation.testing import MemoryActors, MemoryDeliveries, MemoryPeerPolicy, MemoryReceipts
from federation.transport.guard import AddressRange
from federation.transport.signed import signed_headers
from federation.vocab import activities, collections, polls
from federation.vocab.base import PUBLIC, id_of, same_origin
from federation.vocab.objects import author_of, is_post_type
from federation.vocab.writing import tombstone
from server.demo import microblog
from server.demo.memory import Kept, Memory, Neighbour
from server.demo.wire import Delivery, shown
from server.ids import new_id
from server.version import VERSION

log = logging.getLogger("peerhall.demo")

PAGE = 20
Did = Literal["sent", "refused", "unreachable"]


@dataclass
class _Actors(MemoryActors):
    """Only she lives here, and she signs everything."""

    her: Signer | None = None

    async def instance_signer(self) -> Signer:
        """Her keys: there is no other actor."""
        assert self.her is not None
        return self.her


@dataclass
class _Inbox(MemoryReceipts):
    """What came in and is not dealt with yet."""

    waiting: deque[Receipt] = field(default_factory=deque)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def store(self, receipt: Receipt) -> bool:
        """Keep it, once, until `Sofia.work`."""
        is_new = await super().store(receipt)
        if is_new:
            self.waiting.append(receipt)
            self.came.set()
        return is_new


class Sofia:
    """One person, her server, and what she can do: follow, answer, vote, favourite, and take back."""

    def __init__(
        self,
        origin: str,
        folder: Path,
        *,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
        allowed_private: tuple[AddressRange, ...] = (),
    ) -> None:
        """Remembers what is in the folder; `close` writes it down."""
        self.origin, self.folder, self.clock = origin, folder, clock
        self.domain = origin.partition("://")[2]
        self.actor = f"{origin}/ap/users/{microblog.NAME}"
        self.handle = f"{microblog.NAME}@{self.domain}"
        self.memory = Memory.of(folder)
        self._signer = self.memory.signer(self.actor)
        self._began = clock.now()
        self._threads = SigningThreads(1)
        self._inbox = _Inbox()
        page = f"{origin}/@{microblog.NAME}"
        subject = WebFingerSubject(f"acct:{self.handle}", self.actor, page, "Person")
        self.engine = Engine(
            origin=origin,
            domain=self.domain,
            software_version=VERSION,
            actors=_Actors(
                origin=origin,
                domain=self.domain,
                signers={self.actor: self._signer},
                subjects=dict.fromkeys((subject.acct, self.actor, page), subject),
                her=self._signer,
            ),
            objects=self,
            receipts=self._inbox,
            deliveries=MemoryDeliveries(),
            peers=MemoryPeerPolicy(),
            clock=clock,
            transport=transport,
            allowed_private=allowed_private,
        )
        self.engine.accepts_announces_from = _not_activities
        self.engine.on("Create", None, self._on_create)
        self.engine.on("Update", None, self._on_update)
        self.engine.on("Delete", None, self._on_delete)
        self.engine.on("Announce", None, self._on_announce)
        self.engine.on("Accept", None, self._on_accept)

    # What she reads

    def timeline(self, before: str = "", limit: int = PAGE) -> list[tuple[str, Kept]]:
        """Posts that start something, the newest first; `before` is the id that the page before ended with."""
        found = sorted(
            ((uri, kept) for uri, kept in self.memory.posts.items() if not kept.document.get("inReplyTo")),
            key=lambda item: (str(item[1].document.get("published", "")), item[0]),
            reverse=True,
        )
        ids = [uri for uri, _ in found]
        begin = ids.index(before) + 1 if before in ids else 0
        return found[begin : begin + limit]

    def addressed(self) -> list[tuple[str, Kept]]:
        """Answers of others to what she wrote, the newest first."""
        found = [
            (uri, kept)
            for uri, kept in self.memory.posts.items()
            if kept.document.get("inReplyTo") in self.memory.mine and author_of(kept.document) != self.actor
        ]
        return sorted(found, key=lambda item: item[1].at, reverse=True)[:PAGE]

    def answers(self, uri: str) -> list[tuple[str, Kept]]:
        """What her server knows under a post, the oldest first."""
        found = [(found, kept) for found, kept in self.memory.posts.items() if kept.document.get("inReplyTo") == uri]
        return sorted(found, key=lambda item: str(item[1].document.get("published", "")))[:PAGE]

    def author(self, document: Mapping[str, object]) -> Neighbour:
        """Who wrote something."""
        uri = author_of(document) or ""
        if uri == self.actor:
            return Neighbour(microblog.DISPLAY_NAME, self.handle, "Person", f"{self.actor}/inbox")
        return self.memory.people.get(uri) or Neighbour(uri, uri, "Person", "")

    def letter_of(self, uri: str) -> Delivery | None:
        """The letter that brought a post, or told of it, or that she sent with it."""
        return next((one for one in self.memory.letters if uri in one.ids), None)

    def name_of(self, letter: Delivery) -> str:
        """Who sent a letter, or whose inbox it went to."""
        known = {person.inbox: person.name for person in self.memory.people.values()} if letter.is_ours else {}
        if letter.is_ours:
            return known.get(letter.inbox, letter.inbox)
        person = self.memory.people.get(letter.signer)
        return person.name if person else letter.signer

    def fetched(self, letter: Delivery) -> str:
        """The document that her server fetched because a letter named only its id; empty where it was in the letter."""
        uri = letter.activity.get("object")
        kept = self.memory.posts.get(uri) if isinstance(uri, str) and letter.verb == "Announce" else None
        return json.dumps(kept.document, ensure_ascii=False, indent=2) if kept else ""

    def results(self, document: Mapping[str, object]) -> tuple[tuple[str, int], ...]:
        """The options of a poll with their votes, as far as they were heard."""
        return tuple((option.name, option.votes) for option in polls.options_of(document))

    # What she does

    async def follow(self, handle: str) -> Did:
        """Ask to follow somebody, or a community."""
        uri = await self.engine.resolve_handle(handle)
        person = await self._meet(uri)
        document = activities.follow(id=self._new("activities"), actor=self.actor, object=uri, cc=None, to=[uri])
        self.memory.follows[uri] = "asked"
        return await self._send(document, person.inbox)

    async def reply(self, uri: str, text: str) -> Did:
        """Answer a post: a public note for its author."""
        kept = self.memory.posts[uri]
        author = author_of(kept.document) or ""
        person = await self._meet(author)
        number = new_id(self.clock.now())
        document = microblog.note(
            id=f"{self.origin}/ap/notes/{number}",
            url=f"{self.origin}/post?id={self.origin}/ap/notes/{number}",
            actor=self.actor,
            text=text,
            answers=uri,
            author=author,
            handle=person.handle,
            page=author,
            published=self.clock.now(),
        )
        self.memory.mine[str(document["id"])] = document
        self.memory.posts[str(document["id"])] = Kept(document, self.clock.now().isoformat())
        create = activities.create(
            id=f"{document['id']}/activity",
            actor=self.actor,
            object=document,
            to=[PUBLIC],
            cc=[f"{self.actor}/followers", author],
            published=self.clock.now(),
        )
        return await self._send(create, person.inbox)

    async def take_back(self, uri: str) -> Did:
        """Delete what she wrote."""
        document = self.memory.mine.pop(uri)
        kept = self.memory.posts.pop(uri, None)
        parent = self.memory.posts.get(str(document.get("inReplyTo")))
        if kept is None or parent is None:
            return "refused"
        person = await self._meet(author_of(parent.document) or "")
        gone = tombstone(uri, former_type="Note", deleted=self.clock.now())
        delete = activities.delete(id=f"{uri}/delete", actor=self.actor, object=gone, to=[PUBLIC])
        return await self._send(delete, person.inbox)

    async def favourite(self, uri: str) -> Did:
        """Like a post, or take the like back."""
        author = author_of(self.memory.posts[uri].document) or ""
        person = await self._meet(author)
        liked = self.memory.likes.pop(uri, None)
        like = activities.like(id=liked or self._new("activities"), actor=self.actor, object=uri, to=[author], cc=None)
        if liked is not None:
            undo = activities.undo(id=f"{liked}/undo", actor=self.actor, object=like, to=[author], cc=None)
            return await self._send(undo, person.inbox)
        self.memory.likes[uri] = str(like["id"])
        return await self._send(like, person.inbox)

    async def vote(self, uri: str, option: str) -> Did:
        """Choose in a poll, once."""
        question = self.memory.posts[uri].document
        if uri in self.memory.votes or option not in {each.name for each in polls.options_of(question)}:
            return "refused"
        author = author_of(question) or ""
        note = self._new("notes")
        document = polls.vote(
            id=f"{note}/activity", note_id=note, actor=self.actor, author=author, question=uri, option=option
        )
        self.memory.votes[uri] = option
        return await self._send(document, (await self._meet(author)).inbox)

    # Her server

    async def get(self, uri: str, page: str | None, reader: Reader) -> Served | None:
        """A document at an id of hers (`federation.ports.Objects`)."""
        if uri == self.actor:
            pem = public_pem(self._signer.rsa_key.public_key())
            return _served(microblog.person(self.actor, self.origin, pem, self._began))
        if uri in self.memory.mine:
            return _served(self.memory.mine[uri])
        if uri in {f"{self.actor}/{name}" for name in ("outbox", "followers", "following")}:
            return _served(collections.ordered_collection(uri, total=0))
        return None

    async def inbox_owner(self, inbox: str) -> str | None:
        """Whose inbox this is."""
        return self.actor if inbox == f"{self.actor}/inbox" else None

    async def nodeinfo(self) -> NodeInfoFacts:
        """Never asked: `web.demo.viewer` answers with the software that this is."""
        return NodeInfoFacts("Sofia", microblog.ABOUT, VERSION, False, 1, 1, 1, 0, 0)

    async def work(self) -> bool:
        """Do what came in asks for; returns whether there was anything."""
        self._inbox.came.clear()
        worked = bool(self._inbox.waiting)
        while self._inbox.waiting:
            try:
                await self.engine.process(self._inbox.waiting.popleft())
            except FederationError as error:
                log.debug("Sofia's server leaves something out: %s", error)
        return worked

    async def run(self) -> None:
        """Work whenever something comes, until cancelled."""
        while True:
            await self._inbox.came.wait()
            await self.work()

    async def close(self) -> None:
        """Write everything down."""
        await self.work()
        self.memory.save(self.folder)
        await self.engine.aclose()
        self._threads.close()

    def _new(self, kind: str) -> str:
        return f"{self.origin}/ap/{kind}/{new_id(self.clock.now())}"

    async def _meet(self, uri: str) -> Neighbour:
        if uri not in self.memory.people:
            found = await self.engine.fetch_actor(uri)
            handle = found.webfinger or f"{found.username}@{found.host}"
            self.memory.people[uri] = Neighbour(found.name or found.username, handle, found.kind, found.inbox)
        return self.memory.people[uri]

    async def _send(self, document: dict[str, object], inbox: str) -> Did:
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        headers = await signed_headers(
            self._threads, CAVAGE, "POST", inbox, body, signer=self._signer, clock=self.clock
        )
        status = 0
        try:
            status = await self.engine.raw_post(inbox, body, headers)
        except FederationError as error:
            log.warning("Sofia's message did not arrive: %s", error)
        letter = Delivery(self.clock.now(), inbox, shown(headers), body.decode(), status, is_ours=True)
        self.memory.letters.append(letter)
        return "sent" if letter.is_taken else "refused" if status else "unreachable"

    async def _keep(self, document: dict[str, object], boosted_by: str = "") -> None:
        uri = id_of(document)
        if uri is None or not is_post_type(str(document.get("type"))) or uri in self.memory.mine:
            return
        await self._meet(author_of(document) or "")
        before = self.memory.posts.get(uri)
        at = before.at if before else self.clock.now().isoformat()
        self.memory.posts[uri] = Kept(document, at, boosted_by or (before.boosted_by if before else ""))

    async def _on_create(self, received: VerifiedActivity) -> None:
        if received.activity.object is not None and polls.vote_of(received.activity.object) is None:
            await self._keep(received.activity.object)

    async def _on_update(self, received: VerifiedActivity) -> None:
        document = received.activity.object
        if document is not None and id_of(document) in self.memory.posts:
            await self._keep(document)

    async def _on_delete(self, received: VerifiedActivity) -> None:
        uri = received.activity.object_id or ""
        if same_origin(uri, received.activity.actor):
            self.memory.posts.pop(uri, None)

    async def _on_announce(self, received: VerifiedActivity) -> None:
        """A community passes a post on, by its id: it is fetched from where it lives."""
        uri, group = received.activity.object_id, received.activity.actor
        if uri is None or group not in self.memory.follows or same_origin(uri, self.origin):
            return
        await self._meet(group)
        await self._keep(await self.engine.fetch(uri), boosted_by=group)

    async def _on_accept(self, received: VerifiedActivity) -> None:
        if received.activity.actor in self.memory.follows:
            self.memory.follows[received.activity.actor] = "accepted"


async def _not_activities(_: str) -> bool:
    """Mastodon leaves out what a community announces as a whole activity."""
    return False


def _served(document: dict[str, object]) -> Served:
    return Served(json.dumps(document, ensure_ascii=False).encode())
