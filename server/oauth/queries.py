"""Reading apps and tokens: what an app asks for, and which ones a person has let in."""

import re
from dataclasses import dataclass
from datetime import datetime

from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.errors import NotFound
from server.instance import Instance
from server.oauth import scopes
from server.oauth.actions import OUT_OF_BAND

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class BadRequest(NotFound):
    """Who asks is not known, or wants to be answered elsewhere: the person is told, and nobody is sent anywhere."""


class AskedWrongly(Exception):
    """The app is known, and asks for what cannot be. `code` is the error of RFC 6749 section 4.1.2.1."""

    def __init__(self, code: str, redirect_uri: str) -> None:
        """Say which, and to which address it is told."""
        super().__init__(code)
        self.code = code
        self.redirect_uri = redirect_uri


@dataclass(frozen=True, slots=True)
class AppFacts:
    """An app as people are shown it."""

    id: str
    client_id: str
    name: str
    website: str | None
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an app asks a person for. `challenge` is that of PKCE."""

    app: AppFacts
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str | None

    @property
    def is_out_of_band(self) -> bool:
        """Whether the person carries the code over by hand."""
        return self.redirect_uri == OUT_OF_BAND


@dataclass(frozen=True, slots=True)
class Connected:
    """An app that a person has let in, and what all of its tokens together may do."""

    id: str
    name: str
    website: str | None
    scopes: tuple[str, ...]
    since: datetime
    last_used_at: datetime | None


async def app_with(here: Instance, client_id: str) -> AppFacts | None:
    """The app of a client id."""
    row = await here.db.row(
        "SELECT id, client_id, name, website, redirect_uris, scopes FROM oauth_app WHERE client_id = :client_id",
        client_id=client_id[:64],
    )
    if row is None:
        return None
    return AppFacts(
        id=row["id"],
        client_id=row["client_id"],
        name=row["name"],
        website=row["website"],
        redirect_uris=tuple(row["redirect_uris"].split("\n")),
        scopes=tuple(row["scopes"].split()),
    )


async def asked(
    here: Instance,
    *,
    client_id: str,
    redirect_uri: str,
    response_type: str,
    scope: str,
    challenge: str,
    challenge_method: str,
) -> Asked:
    """What an app asks for. Raises BadRequest where it cannot be told, and AskedWrongly where it can (S31)."""
    app = await app_with(here, client_id)
    if app is None:
        raise BadRequest("This server does not know the app, or not any more. Sign in from the app once more.")
    if redirect_uri not in app.redirect_uris or not redirect_uri:
        raise BadRequest("The app wants to go back to an address that it did not register.")
    if response_type != "code":
        raise AskedWrongly("unsupported_response_type", redirect_uri)
    if (challenge or challenge_method) and (challenge_method != "S256" or not _CHALLENGE.match(challenge)):
        raise AskedWrongly("invalid_request", redirect_uri)
    try:
        wanted = scopes.parse(scope)
        scopes.check_within(wanted, app.scopes)
    except scopes.UnknownScope:
        raise AskedWrongly("invalid_scope", redirect_uri) from None
    return Asked(app, redirect_uri, wanted, challenge or None)


async def connected(here: Instance, acting: Viewer) -> list[Connected]:
    """The apps that somebody has let in, the latest used first."""
    rows = await here.db.rows(
        "SELECT oauth_app.id, oauth_app.name, oauth_app.website, oauth_token.scopes, oauth_token.created_at,"
        " oauth_token.last_used_at FROM oauth_token JOIN oauth_app ON oauth_app.id = oauth_token.app_id"
        " WHERE oauth_token.account_id = :account ORDER BY oauth_token.id DESC LIMIT 500",
        account=acting.account_id,
    )
    found: dict[str, Connected] = {}
    for row in rows:
        used = None if row["last_used_at"] is None else from_milliseconds(row["last_used_at"])
        since = from_milliseconds(row["created_at"])
        before = found.get(row["id"])
        if before is not None:
            used = max((each for each in (used, before.last_used_at) if each is not None), default=None)
        found[row["id"]] = Connected(
            id=row["id"],
            name=row["name"],
            website=row["website"],
            scopes=tuple(dict.fromkeys((*(before.scopes if before else ()), *row["scopes"].split()))),
            since=min(since, before.since) if before else since,
            last_used_at=used,
        )
    return sorted(found.values(), key=lambda app: app.last_used_at or app.since, reverse=True)
