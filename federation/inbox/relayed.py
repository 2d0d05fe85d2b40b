"""What somebody else passes on: nothing that is between two, nothing twice, and nothing old for its proof alone (S3).

A proof fits for ever, and a server may show an activity long after it was taken back. Who passes such a thing on once
more must not bring back a follow, a like or a moderator. Posts are known by their ids and times, so that a Create or
Update does nothing the second time; everything else is remembered when it had its effect.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from federation.errors import Forbidden, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.ports import Receipt, Receipts
from federation.signatures import proofs
from federation.vocab.activities import Activity
from federation.vocab.base import timestamp_of

BETWEEN_TWO = frozenset(
    {
        "Follow",
        "Join",
        "Leave",
        "Invite",
        "Offer",
        "Accept",
        "Reject",
        "TentativeAccept",
        "TentativeReject",
        "Move",
        "QuoteRequest",
        "ReplyRequest",
        "LikeRequest",
        "AnnounceRequest",
    }
)
"""What a community has no part in, so that it does not announce it (FEP-1b12)."""

OF_POSTS = frozenset({"Create", "Update"})

PROOF_LASTS = timedelta(days=7)
"""Shorter than `Receipts` remember what they accepted."""


def proof_is_recent(activity: Activity, now: datetime) -> bool:
    """Whether the proof was made so lately that we would still know of its activity; of posts it need not be."""
    if activity.type in OF_POSTS:
        return True
    proof = proofs.find_proof(activity.raw)
    created = timestamp_of(proof.get("created")) if proof is not None else None
    return created is not None and now - created <= PROOF_LASTS


async def once(
    receipts: Receipts, verified: VerifiedActivity, act: Callable[[VerifiedActivity], Awaitable[None]]
) -> None:
    """Do what was passed on, unless it was done. Forbidden for what is not passed on; Ignored the second time."""
    activity = verified.activity
    if verified.via is not None and activity.type in BETWEEN_TWO:
        raise Forbidden(f"No community passes on a {activity.type}.", "authority")
    if activity.type in OF_POSTS or not activity.id:
        await act(verified)
        return
    if await receipts.was_done(activity.id):
        raise Ignored("This came before.", "repeated")
    await act(verified)
    await receipts.done(
        Receipt(
            activity_id=activity.id,
            activity_type=activity.type,
            actor=activity.actor,
            signer=verified.signer,
            proven=False,
            body=b"",
            received_at=verified.received_at,
        )
    )
