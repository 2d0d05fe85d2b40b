"""Reading what comes of signing in with the provider: for oneself, for admins, and a test of the connection."""

from dataclasses import dataclass
from datetime import datetime
from importlib import import_module

from server.accounts.models import Account
from server.actors import queries as actors
from server.actors.queries import PersonLabel
from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.instance import Instance
from server.oidc import provider
from server.oidc.errors import Away, NotVerified
from server.oidc.flow import BACK
from server.oidc.models import OidcIdentity
from server.secrets import new_token


@dataclass(frozen=True, slots=True)
class Own:
    """Whether one's own account is connected, and whether one has a password here."""

    is_connected: bool
    has_password: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """Somebody whom the provider does not let in any more. `is_kept`: not suspended, for they are the only admin."""

    person: PersonLabel
    why: str
    at: datetime
    is_kept: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """What admins see: settings without the secret, how many come that way, and what is known of them."""

    issuer: str
    client_id: str
    back: str
    scopes: str
    parameters: tuple[str, ...]
    required: tuple[str, ...]
    roles: tuple[str, ...]
    create: str
    links_verified: bool
    people: int
    asked_at_night: int
    asked_last: datetime | None
    ended: tuple[Ended, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One part of the test of a connection: its name, whether it went well, and what was found."""

    name: str
    is_well: bool
    found: str = ""


async def own(here: Instance, acting: Viewer) -> Own:
    """One's own connection."""
    account = await Account.get_or_none(id=acting.account_id)
    connected = await OidcIdentity.exists(account_id=acting.account_id, issuer=here.settings.oidc_issuer)
    return Own(connected, account is not None and bool(account.password_hash))


async def overview(here: Instance) -> Overview:
    """What is set, and what came of it."""
    settings = here.settings
    row = await here.db.row(
        "SELECT count(*) AS people, count(refresh_sealed) AS asked, max(answered_at) AS last FROM oidc_identity"
        " WHERE issuer = :issuer",
        issuer=settings.oidc_issuer,
    )
    assert row is not None
    rows = await here.db.rows(
        f"SELECT oidc_identity.ended_why, oidc_identity.ended_at, account.state, {actors.LABEL_COLUMNS}"
        " FROM oidc_identity JOIN account ON account.id = oidc_identity.account_id"
        " JOIN actor ON actor.id = account.actor_id WHERE oidc_identity.ended_at IS NOT NULL"
        " ORDER BY oidc_identity.ended_at DESC, oidc_identity.id LIMIT 100"
    )
    return Overview(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        back=here.url(BACK),
        scopes=settings.oidc_scopes,
        parameters=settings.oidc_parameters,
        required=settings.oidc_required,
        roles=settings.oidc_roles,
        create=settings.oidc_create,
        links_verified=settings.oidc_link_verified,
        people=int(row["people"]),
        asked_at_night=int(row["asked"]),
        asked_last=from_milliseconds(row["last"]) if row["last"] else None,
        ended=tuple(
            Ended(
                person=actors.label_of(here, each),
                why=each["ended_why"],
                at=from_milliseconds(each["ended_at"]),
                is_kept=each["state"] == "active",
            )
            for each in rows
        ),
    )


async def test_connection(here: Instance) -> list[Step]:
    """Ask the provider for all that a sign-in needs, without signing anybody in; ends with the first thing missing."""
    steps: list[Step] = []
    try:
        there = await provider.provider(here, again=True)
        steps.append(Step("discovery", True, here.settings.oidc_issuer))
        listed = await provider.keys(here, again=True)
        usable = import_module("server.oidc.tokens").usable(listed)
        steps.append(Step("keys", usable > 0, str(usable)))
        steps.append(Step("pkce", there.says_s256))
        # A code that nobody gave out: whoever refuses the code, and not us, knows id and secret.
        form = {"grant_type": "authorization_code", "code": new_token(), "redirect_uri": here.url(BACK)}
        status, answer = await provider.ask_for_tokens(here, form | {"code_verifier": new_token()})
        error = str(answer.get("error", ""))[:100]
        steps.append(Step("client", error in {"invalid_grant", "invalid_request"}, error or str(status)))
        steps.append(Step("sign_out", bool(there.end_session), there.end_session))
    except (Away, NotVerified) as error:
        steps.append(Step("away", False, error.detail))
    return steps


async def sign_out_address(here: Instance, acting: Viewer) -> str:
    """Where somebody who came in with the provider can end its session, too; empty where that is nowhere."""
    if not (here.settings.oidc_issuer and (await own(here, acting)).is_connected):
        return ""
    try:
        return (await provider.provider(here)).end_session
    except Away:
        return ""
