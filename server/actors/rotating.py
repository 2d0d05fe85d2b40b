"""New keys for an actor here, without losing what the old ones said (FEP-521a, S4)."""

from datetime import timedelta
from typing import Any

from server.actors import keys
from server.actors.models import Actor, ActorKey, RetiredKey
from server.actors.sending import send_update
from server.audit import actions as audit
from server.errors import NotFound
from server.instance import Instance

PRIVATE_KEPT = timedelta(days=11)
"""A little longer than the news of the new keys is tried."""


async def rotate_keys(here: Instance, actor_id: str, *, by: str, compromised: bool = False) -> None:
    """Give an actor of ours new keys and tell its followers.

    The news is signed with the old key, which is what others have. The public half of the old Ed25519 key stays in the
    document, so that earlier proofs hold; with `compromised` it does not, and whatever it signed is worth nothing.
    """
    actor = await Actor.get_or_none(id=actor_id, is_local=True, deleted_at=None)
    if actor is None:
        raise NotFound("There is nobody of that name here.")
    made = await keys.new_keys()
    fresh = {
        "rsa": (made.rsa_private_pem, made.rsa_public_pem),
        "ed25519": (made.ed25519_private_pem, made.ed25519_multikey),
    }
    now = here.clock.now()
    try:
        async with here.db.transaction():
            former = {key.kind: key for key in await ActorKey.filter(actor_id=actor.id)}
            if compromised:
                await RetiredKey.filter(actor_id=actor.id).delete()
            for kind, key in former.items():
                if not compromised:
                    await here.db.execute(
                        "INSERT INTO retired_key (key_id, actor_id, kind, private_pem, public_text, retired_at)"
                        " VALUES (:key_id, :actor_id, :kind, :private_pem, :public_text, :retired_at)",
                        key_id=keys.retired_id(actor.uri, kind, key.generation),
                        actor_id=actor.id,
                        kind=kind,
                        private_pem=key.private_pem if kind == "rsa" else None,
                        public_text=key.public_text,
                        retired_at=now,
                    )
                key.private_pem, key.public_text = fresh[kind]
                key.generation, key.created_at = key.generation + 1, now
                await key.save()
            actor.updated_at = now
            await actor.save(update_fields=["updated_at"])
            keys.forget_signer(here, actor.uri)
            await here.bus.publish(keys.CACHE, actor.uri)
            await audit.record(here, by=by, action="actor.keys", subject=f"@{actor.username}")
            if not actor.hidden:
                old = keys.retired_id(actor.uri, "rsa", former["rsa"].generation - 1)
                await send_update(here, actor, signed_by=None if compromised else old)
    finally:
        keys.forget_signer(here, actor.uri)


async def wipe_retired(here: Instance, _: Any = None) -> None:
    """Old private keys are gone when nothing is left for them to sign."""
    await RetiredKey.filter(retired_at__lt=here.clock.now() - PRIVATE_KEPT).update(private_pem=None)
