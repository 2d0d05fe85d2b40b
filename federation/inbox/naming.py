"""What an activity is called by us: in its receipt, and where it was put together from what its object says."""

import hashlib

from federation.vocab.activities import Activity, parse_activity
from federation.vocab.actors import is_actor
from federation.vocab.base import origin_of, without_fragment


def rebuilt(activity: Activity, found: object, object_id: str, version: object) -> Activity:
    """The activity that the fetched object tells of. Its id is ours, so that no id can be occupied (S8)."""
    suffix = f"-{version}" if isinstance(version, str) else ""
    document: dict[str, object] = {
        "id": f"{without_fragment(object_id)}#{activity.type.lower()}{suffix}",
        "type": activity.type,
        "actor": activity.actor,
        "object": found,
    }
    if isinstance(found, dict) and not is_actor(found):
        document |= {key: found[key] for key in ("to", "cc", "audience", "published") if key in found}
    return parse_activity(document)


def receipt_id(activity: Activity, signer: str, body: bytes, *, trusted: bool) -> str:
    """What makes two deliveries the same.

    Only the actor's own word may use the activity's id; a relayed copy gets another, so that it cannot keep the real
    one out (S8).
    """
    if trusted and activity.id:
        return activity.id
    if trusted:
        return f"{without_fragment(activity.actor)}#body-{hashlib.sha256(body).hexdigest()}"
    digest = hashlib.sha256(f"{activity.id}\n".encode() + body).hexdigest()
    return f"{origin_of(signer)}/#relayed-{digest}"
