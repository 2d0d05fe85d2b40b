"""The signed message behind a post: what was sent or received, when, and who vouches for it."""

import json
from dataclasses import dataclass
from datetime import datetime

from server.db import from_milliseconds
from server.instance import Instance
from server.posts import documents
from server.posts.models import Post
from server.posts.policy import ON_THE_WIRE
from server.posts.queries import PostView
from server.practices.elsewhere import SeenElsewhere, seen_elsewhere
from server.practices.mastodon import SeenOnMastodon, as_on_mastodon


@dataclass(frozen=True, slots=True)
class Message:
    """One ActivityPub activity about a post, pretty printed. `signed_by` and `signed_at` come from its proof.

    `delivered_by` is the server's actor whose signature the delivery bore, for messages that came in.
    """

    verb: str
    id: str
    text: str
    actor: str
    is_ours: bool
    at: datetime
    signed_by: str
    signed_at: str
    delivered_by: str


async def messages(here: Instance, post: PostView) -> list[Message]:
    """What was sent about a post of ours, the newest first, or the message that brought one from elsewhere."""
    if not post.is_local:
        received = await _received(here, post)
        return [received] if received else []
    rows = await here.db.rows(
        "SELECT body, created_at FROM sent_activity WHERE post_id = :id ORDER BY created_at DESC, uri DESC LIMIT 20",
        id=post.id,
    )
    return [_message(json.loads(row["body"]), from_milliseconds(row["created_at"]), is_ours=True) for row in rows]


async def on_mastodon(here: Instance, post: PostView) -> SeenOnMastodon | None:
    """How Mastodon shows a post of ours; None for one that never leaves this server, or from elsewhere."""
    if not post.is_local or post.visibility not in ON_THE_WIRE or post.state != "visible":
        return None
    return as_on_mastodon(await documents.build(here, await Post.get(id=post.id)))


async def on_other_software(here: Instance, post: PostView) -> tuple[SeenElsewhere, ...]:
    """How GoToSocial and Lemmy show a post of ours; nothing for one that never leaves this server."""
    if not post.is_local or post.visibility not in ON_THE_WIRE or post.state != "visible":
        return ()
    return seen_elsewhere(await documents.build(here, await Post.get(id=post.id)))


async def _received(here: Instance, post: PostView) -> Message | None:
    row = await here.db.row(
        "SELECT post.raw_create, post.created_at FROM post WHERE post.id = :id AND post.raw_create IS NOT NULL",
        id=post.id,
    )
    if row is None:
        return None
    document = json.loads(row["raw_create"])
    if not isinstance(document, dict):
        return None
    receipt = await here.db.row(
        "SELECT signer, received_at FROM inbox_receipt WHERE activity_id = :id", id=str(document.get("id", ""))[:500]
    )
    at = from_milliseconds(receipt["received_at"] if receipt else row["created_at"])
    return _message(document, at, is_ours=False, delivered_by=receipt["signer"] if receipt else "")


def _message(document: dict[str, object], at: datetime, *, is_ours: bool, delivered_by: str = "") -> Message:
    proof = document.get("proof")
    inner = document.get("object")
    if not isinstance(proof, dict) and isinstance(inner, dict):
        proof = inner.get("proof")
    found = proof if isinstance(proof, dict) else {}
    return Message(
        verb=str(document.get("type", "")),
        id=str(document.get("id", "")),
        text=json.dumps(document, ensure_ascii=False, indent=2),
        actor=str(document.get("actor", "")),
        is_ours=is_ours,
        at=at,
        signed_by=str(found.get("verificationMethod", "")).partition("#")[0],
        signed_at=str(found.get("created", "")),
        delivered_by=delivered_by,
    )
