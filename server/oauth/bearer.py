"""Who sends a request of the client API: the token in it, and whom it stands for now (RFC 6750)."""

from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import HTTPConnection, Request

from server.accounts.sessions import VIEWER_COLUMNS, viewer_of_row
from server.actors.viewer import ANONYMOUS, Viewer
from server.api import ApiError
from server.db import from_milliseconds
from server.instance import Instance
from server.oauth import scopes
from server.secrets import token_hash

TOUCH_EVERY = timedelta(hours=1)
MAX_TOKEN = 200

_FIND = f"""
SELECT oauth_token.id AS token_id, oauth_token.app_id, oauth_token.scopes, oauth_token.last_used_at,
 oauth_token.account_id AS owner_id, {VIEWER_COLUMNS}
FROM oauth_token
LEFT JOIN account ON account.id = oauth_token.account_id AND account.state = 'active'
LEFT JOIN actor ON actor.id = account.actor_id
 AND actor.suspended_at IS NULL AND actor.deleted_at IS NULL AND NOT actor.hidden
WHERE oauth_token.token_hash = :hash
"""


@dataclass(frozen=True, slots=True)
class Access:
    """What a request may do. `viewer` is nobody where an app speaks for itself alone."""

    viewer: Viewer
    token_id: str
    app_id: str
    scopes: tuple[str, ...]


async def access_of(here: Instance, token: str) -> Access | None:
    """What a token allows now; None for an unknown one, and for one of people who are locked out (S29)."""
    if not 20 <= len(token) <= MAX_TOKEN:
        return None
    row = await here.db.row(_FIND, hash=token_hash(token))
    if row is None or (row["owner_id"] is not None and row["id"] is None):
        return None
    now = here.clock.now()
    if row["last_used_at"] is None or now - from_milliseconds(row["last_used_at"]) > TOUCH_EVERY:
        await here.db.execute("UPDATE oauth_token SET last_used_at = :now WHERE id = :id", now=now, id=row["token_id"])
    viewer = ANONYMOUS if row["owner_id"] is None else viewer_of_row(here, row)
    return Access(viewer, row["token_id"], row["app_id"], tuple(row["scopes"].split()))


def token_of(request: HTTPConnection) -> str:
    """The token in the header; empty without one."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


async def anybody(request: Request, scope: str) -> Access | None:
    """The access of a request that needs none; a token that is there has to be a good one, with this scope."""
    if not token_of(request):
        return None
    return await _with(request, scope)


async def app(request: Request) -> Access:
    """The access of a request by an app, with or without a person. Raises ApiError 401."""
    return await _with(request, None)


async def person(request: Request, scope: str) -> Access:
    """The access of a request for a person. Raises ApiError: 401, 403 without the scope, 422 for an app alone."""
    access = await _with(request, scope)
    if access.viewer.actor_id is None:
        raise ApiError(422, "This method requires an authenticated user")
    return access


async def _with(request: Request, scope: str | None) -> Access:
    here: Instance = request.scope["state"]["here"]
    access = await access_of(here, token_of(request))
    if access is None:
        raise ApiError(401, "The access token is invalid", headers={"WWW-Authenticate": "Bearer"})
    if scope is not None and not scopes.covers(access.scopes, scope):
        raise ApiError(
            403,
            "This action is outside the authorized scopes",
            f"The token lacks {scope}.",
            {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
        )
    return access
