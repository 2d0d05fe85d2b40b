"""The structured part of a kind of post: features above register how theirs is written, read and kept in versions."""

from typing import Protocol

from federation.vocab.objects import RemotePost
from server.instance import Instance

CACHE = "posts.details"


class KindDetail(Protocol):
    """One kind's structured part. All of these run inside the caller's transaction, so none may use the network."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """Keys to add to the post's ActivityPub document, such as ``{"learning": {…}}``."""
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


def register(here: Instance, kind: str, detail: KindDetail) -> None:
    """Make posts of this kind have a structured part."""
    details: dict[str, KindDetail] = here.caches.setdefault(CACHE, {})
    if kind in details:
        raise ValueError(f"two features for posts of kind {kind}")
    details[kind] = detail


def detail_of(here: Instance, kind: str) -> KindDetail | None:
    """The structured part of a kind, if it has one."""
    details: dict[str, KindDetail] = here.caches.get(CACHE, {})
    return details.get(kind)
