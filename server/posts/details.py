"""The structured part of a kind of post: features above register how theirs is written, read and kept in versions."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from federation.inbox.dispatch import VerifiedActivity
from federation.vocab.objects import RemotePost
from federation.vocab.polls import RemoteVote
from server.actors.models import Actor
from server.instance import Instance
from server.posts.models import Post
from server.shelf import MadeFrom

CACHE = "posts.details"
ADDED = "posts.details.added"
EXTRAS = "posts.extras"
MADE_FROM = "posts.made_from"


class KindDetail(Protocol):
    """One kind's structured part. All of these run inside the caller's transaction, so none may use the network."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """Keys to add to the post's ActivityPub document, such as ``{"learning": {…}}``.

        ``before`` and ``after`` are HTML to put around the text, for those who cannot read the keys.
        """
        ...

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Store the structured part of a post from elsewhere; called again, with what is new, when it was edited."""
        ...

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """The structured part as JSON, kept with a version before it changes."""
        ...

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase the structured part of a post that is deleted (S27)."""
        ...


def register(here: Instance, kind: str, detail: KindDetail, made_from: Sequence[MadeFrom] = ()) -> None:
    """Make posts of this kind have a structured part; `made_from` names every row that `document` looks at."""
    details: dict[str, KindDetail] = here.caches.setdefault(CACHE, {})
    if kind in details:
        raise ValueError(f"two features for posts of kind {kind}")
    details[kind] = detail
    here.caches.setdefault(MADE_FROM, []).extend(replace(part, only_if=f"post.kind = '{kind}'") for part in made_from)


def add(here: Instance, kind: str, detail: KindDetail, made_from: Sequence[MadeFrom] = ()) -> None:
    """Have posts of a kind that belongs to another feature say more; it goes with what that feature registers."""
    here.caches.setdefault(ADDED, {}).setdefault(kind, []).append(detail)
    here.caches.setdefault(MADE_FROM, []).extend(replace(part, only_if=f"post.kind = '{kind}'") for part in made_from)


def made_from(here: Instance) -> list[MadeFrom]:
    """Every row that the structured parts in documents are made from."""
    found: list[MadeFrom] = here.caches.get(MADE_FROM, [])
    return found


def detail_of(here: Instance, kind: str) -> KindDetail | None:
    """The structured part of a kind, if it has one, with what other features add to it."""
    details: dict[str, KindDetail] = here.caches.get(CACHE, {})
    added: dict[str, list[KindDetail]] = here.caches.get(ADDED, {})
    parts = [*([details[kind]] if kind in details else []), *added.get(kind, [])]
    return parts[0] if len(parts) == 1 else _Together(tuple(parts)) if parts else None


@dataclass(frozen=True, slots=True)
class _Together:
    """What several features say of one kind of post."""

    parts: tuple[KindDetail, ...]

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """The keys of all; of what stands before and after the text, every part."""
        found: dict[str, object] = {}
        for part in self.parts:
            for key, value in (await part.document(here, post_id)).items():
                before = found.get(key)
                if key in {"before", "after"}:
                    found[key] = f"{before or ''}{value}"
                elif isinstance(before, dict) and isinstance(value, dict):
                    found[key] = {**before, **value}
                else:
                    found[key] = value
        return found

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Each keeps its own."""
        for part in self.parts:
            await part.received(here, post_id, remote)

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """All of it."""
        found: dict[str, object] = {}
        for part in self.parts:
            found |= await part.snapshot(here, post_id)
        return found

    async def forget(self, here: Instance, post_id: str) -> None:
        """Each erases its own."""
        for part in self.parts:
            await part.forget(here, post_id)


@dataclass(frozen=True, slots=True)
class Extras:
    """What some kinds have besides; every part may be missing.

    `facts`: short facts of posts with these ids, for their cards. `words`: what else they are found by. `tally`: takes
    an edit that changes nothing but numbers, and says whether it was one; in the caller's transaction. `vote`: takes
    somebody's vote. `waits`: whether an answer of this author waits (`policy.PEERS`). `hides`: whether answers of all
    wait, also of those elsewhere. `collections`: what is served below a post's id, by name.
    """

    facts: Callable[[Instance, Sequence[str]], Awaitable[dict[str, list[str]]]] | None = None
    words: Callable[[Instance, str], Awaitable[str]] | None = None
    tally: Callable[[Instance, str, RemotePost], Awaitable[bool]] | None = None
    vote: Callable[[Instance, VerifiedActivity, RemoteVote], Awaitable[None]] | None = None
    waits: Callable[[Instance, Post, Actor], Awaitable[bool]] | None = None
    hides: Callable[[Instance, Post], Awaitable[bool]] | None = None
    collections: Mapping[str, Callable[[Instance, str], Awaitable[dict[str, object] | None]]] = field(
        default_factory=dict
    )


def register_extras(here: Instance, kind: str, extras: Extras) -> None:
    """Give posts of this kind more than a structured part."""
    known: dict[str, Extras] = here.caches.setdefault(EXTRAS, {})
    known[kind] = extras


def extras_of(here: Instance, kind: str) -> Extras:
    """What posts of this kind have besides; nothing for most."""
    known: dict[str, Extras] = here.caches.get(EXTRAS, {})
    return known.get(kind) or Extras()


async def hides_answers(here: Instance, post: Post | None) -> bool:
    """Whether nobody sees answers of others below this post yet, which begins a conversation."""
    hides = None if post is None else extras_of(here, post.kind).hides
    return hides is not None and post is not None and await hides(here, post)


async def facts_of(here: Instance, kinds: Mapping[str, str]) -> dict[str, list[str]]:
    """Facts for cards of posts, given as ids with their kinds; one query per kind that has any."""
    found: dict[str, list[str]] = {}
    for kind in sorted(set(kinds.values())):
        facts = extras_of(here, kind).facts
        if facts is not None:
            found |= await facts(here, [post_id for post_id, of in kinds.items() if of == kind])
    return found


def newest(edited_at: datetime, told_at: datetime | None) -> datetime | None:
    """The `updated` of a post whose numbers were told at `told_at`; None where its last edit says it.

    Others take only what is newer in whole seconds, so an edit in the second of a telling counts as one later (E6).
    """
    if told_at is None or int(told_at.timestamp()) < int(edited_at.timestamp()):
        return None
    return told_at if told_at > edited_at else told_at + timedelta(seconds=1)
