"""Looking up a handle or an address of any server, for people who paste one into the search field."""

import asyncio
import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from federation.errors import FederationError
from server.accounts import throttle
from server.actors.queries import PersonLabel, labels
from server.actors.remote import resolve
from server.actors.viewer import Viewer
from server.errors import Invalid, Refused
from server.instance import Instance
from server.posts import gathering
from server.posts.actions import fetch_post
from server.posts.queries import PostView, listing

MOST = 20
SECONDS = 20
WINDOW = timedelta(minutes=5)

_HANDLE = re.compile(r"[@!]?[\w][\w.\-]{0,60}@[\w\-]+(\.[\w\-]+)*(:\d{1,5})?")
_ADDRESS = re.compile(r"https?://[^\s<>\"]{3,900}")


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What stands at an address or behind a handle: one of the two."""

    actor: PersonLabel | None = None
    post: PostView | None = None


def is_address(text: str) -> bool:
    """Whether a search text is a handle or an address rather than words."""
    return _HANDLE.fullmatch(text) is not None or _ADDRESS.fullmatch(text) is not None


def server_named(text: str) -> str:
    """The server that a handle or address names."""
    if _ADDRESS.fullmatch(text):
        try:
            return urlsplit(text).hostname or ""
        except ValueError:
            return ""
    return text.rpartition("@")[2].lower()


async def look_up(here: Instance, viewer: Viewer, text: str) -> LookedUp | None:
    """Ask the server that a text names; None if there is nothing there for the viewer. Raises Refused.

    For signed-in people only, and so many times in five minutes: other servers pay for each.
    """
    text = text.strip()
    if viewer.actor_id is None or not is_address(text):
        return None
    _count(here, viewer.actor_id)
    try:
        async with asyncio.timeout(SECONDS):
            if _HANDLE.fullmatch(text):
                return await _actor(here, text)
            return await _thing(here, viewer, text)
    except TimeoutError:
        raise Invalid(f"{server_named(text)} did not answer. Try again in a few minutes.", field="q") from None


async def _thing(here: Instance, viewer: Viewer, address: str) -> LookedUp | None:
    """A post if there is one at this address, else an actor; the refusal of the second says what is wrong."""
    try:
        post = await fetch_post(here, address)
    except (Refused, FederationError):
        return await _actor(here, address)
    await gathering.looked_up(here, post)
    found = await listing(here, viewer, ids=[post.id], limit=1)
    return LookedUp(post=found.items[0]) if found.items else None


async def _actor(here: Instance, text: str) -> LookedUp | None:
    actor = await resolve(here, text)
    label = (await labels(here, [actor.id])).get(actor.id)
    return LookedUp(actor=label) if label else None


def _count(here: Instance, actor_id: str) -> None:
    try:
        throttle.limit(here, f"search {actor_id}", "", MOST, window=WINDOW)
    except throttle.TooMany:
        raise Invalid("You looked up many addresses just now. Wait five minutes and try again.", field="q") from None
