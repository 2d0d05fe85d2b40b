"""What only the person may do, not whoever sits down at their open browser: it needs a proof that is still fresh (S28).

A proof is the password, a code or a passkey (`server.factors`). Signing in is one, too.
"""

from datetime import timedelta

from server.accounts.models import Account, Session
from server.actors.viewer import Viewer
from server.db import Row
from server.errors import NotAllowed, Refused
from server.instance import Instance

PROOF_LIFE = timedelta(minutes=30)

_ASKED = {"admins": ("admin",), "stewards": ("admin", "steward")}
"""Of whom this server asks a second step, by what its admins chose (`site.second_step_for`)."""


class ProofNeeded(Refused):
    """Somebody is signed in, and has to show that it is them before this is done."""

    def __init__(self) -> None:
        """One sentence."""
        super().__init__("Show first that it is you.")


def need_proof(here: Instance, acting: Viewer) -> None:
    """Raise ProofNeeded unless this person showed within half an hour, in this browser, that it is them."""
    if acting.proven_until is None or acting.proven_until <= here.clock.now():
        raise ProofNeeded


async def note_proof(here: Instance, acting: Viewer) -> None:
    """They have just shown that it is them, in this browser."""
    async with here.db.transaction():
        await Session.filter(id=acting.session_id, account_id=acting.account_id).update(
            proven_until=here.clock.now() + PROOF_LIFE
        )


def roles_asked(here: Instance) -> tuple[str, ...]:
    """The roles that count for nothing here without a second step of signing in."""
    return _ASKED.get(here.site.second_step_for, ())


def role_now(here: Instance, row: Row) -> tuple[str, str]:
    """The role that somebody has now, and the one that waits for their second step; of a row of their account."""
    if row["role"] in roles_asked(here) and not row["has_second_step"]:
        return "member", row["role"]
    return row["role"], ""


async def owner_of(acting: Viewer) -> Account:
    """The account of somebody who is signed in; raises NotAllowed for anybody else."""
    account = await Account.get_or_none(id=acting.account_id, state="active") if acting.account_id else None
    if account is None:
        raise NotAllowed("Sign in first.")
    return account
