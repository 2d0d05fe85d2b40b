"""Reading what somebody signs in with: for themselves alone."""

from dataclasses import dataclass
from datetime import datetime

from server.accounts import actions as accounts
from server.actors.viewer import Viewer
from server.errors import NotFound
from server.factors import codes, passkeys
from server.factors.models import CodeApp, Passkey, RecoveryCode
from server.factors.passkeys import ANYBODY
from server.instance import Instance

MOST_PASSKEYS = 20


@dataclass(frozen=True, slots=True)
class PasskeyRow:
    """One of one's own passkeys."""

    id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Factors:
    """What somebody signs in with besides their password. Without an app, `app_since` is None."""

    app_since: datetime | None
    passkeys: tuple[PasskeyRow, ...]
    recovery_codes: int


@dataclass(frozen=True, slots=True)
class NewApp:
    """What an app is to know before it counts: for a picture, and to type."""

    address: str
    text: str


async def factors(here: Instance, acting: Viewer) -> Factors:
    """One's own."""
    app = await CodeApp.get_or_none(account_id=acting.account_id)
    found = await Passkey.filter(account_id=acting.account_id).order_by("created_at", "id").limit(MOST_PASSKEYS)
    return Factors(
        app_since=app.confirmed_at if app else None,
        passkeys=tuple(PasskeyRow(each.id, each.name, each.created_at, each.last_used_at) for each in found),
        recovery_codes=await RecoveryCode.filter(account_id=acting.account_id).count(),
    )


async def new_app(here: Instance, acting: Viewer) -> NewApp:
    """The app that somebody is setting up; raises NotFound where they are setting up none."""
    app = await CodeApp.get_or_none(account_id=acting.account_id, confirmed_at=None)
    secret = codes.unseal(here, app.account_id, app.sealed) if app else None
    if secret is None:
        raise NotFound("Begin again: nothing is being set up.")
    name = acting.full_handle.lstrip("@")
    return NewApp(codes.as_address(secret, issuer=here.site.name, name=name), codes.as_text(secret))


@dataclass(frozen=True, slots=True)
class Ways:
    """How somebody can show that it is them: a code, and a passkey, with what a browser is to ask for (else empty)."""

    has_app: bool
    passkey: str


def passkey_of_anybody(here: Instance) -> str:
    """What a browser is to ask for where nobody has said yet who they are."""
    return passkeys.asks_for_one(here, "sign in", ANYBODY, known=[])


async def second_steps(here: Instance, opening: str) -> Ways:
    """The second steps of whoever gave the right password a moment ago; raises SignInRefused once that is past."""
    opened = await accounts.opened_for(here, opening)
    return await _ways(here, opened.account_id, "second step", opened.account_id)


async def proofs(here: Instance, acting: Viewer) -> Ways:
    """How somebody who is signed in shows that it is still them, besides with their password."""
    return await _ways(here, str(acting.account_id), "prove", str(acting.session_id))


async def to_make(here: Instance, acting: Viewer) -> str:
    """What a browser is to make a passkey with."""
    known = await _credential_ids(str(acting.account_id))
    return passkeys.asks_to_make(
        here,
        str(acting.session_id),
        account_id=str(acting.account_id),
        name=acting.full_handle.lstrip("@"),
        display_name=acting.display_name,
        known=known,
    )


async def _ways(here: Instance, account_id: str, purpose: str, who: str) -> Ways:
    has_app = await CodeApp.filter(account_id=account_id, confirmed_at__isnull=False).exists()
    known = await _credential_ids(account_id)
    return Ways(has_app, passkeys.asks_for_one(here, purpose, who, known=known) if known else "")


async def _credential_ids(account_id: str) -> list[str]:
    found = await Passkey.filter(account_id=account_id).order_by("created_at", "id").limit(MOST_PASSKEYS)
    return [each.credential_id for each in found]
