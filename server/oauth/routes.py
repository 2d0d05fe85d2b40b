"""Endpoints of OAuth that apps call themselves. The page that people see is in `web.oauth`."""

import base64
import binascii
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from server.accounts import throttle
from server.api import ApiError, Parameters, answer, endpoint, parameters, text_of, texts_of
from server.errors import Invalid
from server.instance import Instance
from server.oauth import actions, bearer, scopes
from server.oauth.actions import GrantRefused, Issued
from server.oauth.models import OAuthApp
from server.vapid import public_key

APPS_PER_QUARTER = 30
TOKENS_PER_QUARTER = 120


def _here(request: Request) -> Instance:
    here: Instance = request.scope["state"]["here"]
    return here


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


async def register(request: Request) -> Response:
    """POST /api/v1/apps: an app makes itself known."""
    here, found = _here(request), await parameters(request)
    throttle.limit(here, "oauth-app", _address(request), APPS_PER_QUARTER)
    redirects = [part for text in texts_of(found, "redirect_uris") for part in text.split("\n")]
    try:
        made = await actions.register_app(
            here,
            name=text_of(found, "client_name", 300),
            redirect_uris=redirects,
            scopes_text=_scope_of(found, "scopes"),
            website=text_of(found, "website", 600),
        )
    except (Invalid, scopes.UnknownScope) as error:
        raise ApiError(422, f"Validation failed: {error.message}") from None
    app = made.app
    return answer(
        {
            "id": app.id,
            **_app_document(
                app.name, app.website, app.redirect_uris.split("\n"), app.scopes.split(), public_key(here.signatures)
            ),
            "client_id": app.client_id,
            "client_secret": made.secret,
            "client_secret_expires_at": 0,
        }
    )


async def verify_app(request: Request) -> Response:
    """GET /api/v1/apps/verify_credentials: whether a token is good, and whose app has it."""
    access = await bearer.app(request)
    row = await _here(request).db.row(
        "SELECT name, website, redirect_uris, scopes FROM oauth_app WHERE id = :id", id=access.app_id
    )
    assert row is not None  # its tokens go with it
    redirects = row["redirect_uris"].split("\n")
    return answer(
        _app_document(
            row["name"], row["website"], redirects, row["scopes"].split(), public_key(_here(request).signatures)
        )
    )


async def token(request: Request) -> Response:
    """POST /oauth/token: a token for a code, or for an app alone."""
    here, found = _here(request), await parameters(request)
    throttle.limit(here, "oauth-token", _address(request), TOKENS_PER_QUARTER)
    grant = text_of(found, "grant_type", 100)
    if grant not in {"authorization_code", "client_credentials"}:
        raise ApiError(400, "unsupported_grant_type", "Use authorization_code or client_credentials.")
    try:
        app = await _client(request, found)
        issued = await _granted(here, app, grant, found)
    except GrantRefused as refusal:
        is_client = refusal.code == "invalid_client"
        challenge = {"WWW-Authenticate": 'Basic realm="OAuth"'} if is_client else {}
        raise ApiError(401 if is_client else 400, refusal.code, refusal.message, challenge) from None
    except scopes.UnknownScope as error:
        raise ApiError(400, "invalid_scope", error.message) from None
    return answer(
        {
            "access_token": issued.token,
            "token_type": "Bearer",
            "scope": " ".join(issued.scopes),
            "created_at": int(issued.created_at.timestamp()),
        },
        headers={"Cache-Control": "no-store", "Pragma": "no-cache"},
    )


async def revoke(request: Request) -> Response:
    """POST /oauth/revoke: an app gives a token back. Whether it was one is not said (RFC 7009 section 2.2).

    Phanpy names no client of its own: whoever has a token may end it, which is the least that one can do with it.
    """
    here, found = _here(request), await parameters(request)
    throttle.limit(here, "oauth-token", _address(request), TOKENS_PER_QUARTER)
    token = text_of(found, "token", bearer.MAX_TOKEN)
    try:
        app = await _client(request, found)
    except GrantRefused as refusal:
        if await bearer.access_of(here, token) is None:
            raise ApiError(403, "unauthorized_client", refusal.message) from None
        await actions.revoke(here, None, token)
    else:
        await actions.revoke(here, app, token)
    return answer({})


async def metadata(request: Request) -> Response:
    """GET /.well-known/oauth-authorization-server (RFC 8414)."""
    here = _here(request)
    return answer(
        {
            "issuer": here.settings.origin + "/",
            "authorization_endpoint": here.url("/oauth/authorize"),
            "token_endpoint": here.url("/oauth/token"),
            "revocation_endpoint": here.url("/oauth/revoke"),
            "app_registration_endpoint": here.url("/api/v1/apps"),
            "scopes_supported": list(scopes.KNOWN),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        },
        headers={"Cache-Control": "public, max-age=300"},
    )


async def _granted(here: Instance, app: OAuthApp, grant: str, found: Parameters) -> Issued:
    if grant == "client_credentials":
        return await actions.issue_to_app(here, app, _scope_of(found, "scope"))
    return await actions.exchange(
        here,
        app,
        code=text_of(found, "code", 200),
        redirect_uri=text_of(found, "redirect_uri", actions.MAX_URI),
        verifier=text_of(found, "code_verifier", 200),
    )


async def _client(request: Request, found: Parameters) -> OAuthApp:
    """The app that a request comes from, by its parameters or by HTTP Basic (RFC 6749 section 2.3.1)."""
    client_id, secret = text_of(found, "client_id", 200), text_of(found, "client_secret", 200)
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic" and not secret:
        try:
            name, _, word = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            raise GrantRefused("invalid_client", "The Authorization header cannot be read.") from None
        client_id, secret = unquote_plus(name), unquote_plus(word)
        if "\x00" in client_id:  # which no database takes
            raise GrantRefused("invalid_client", "The Authorization header cannot be read.")
    return await actions.authenticate(_here(request), client_id, secret)


def _scope_of(found: Parameters, name: str) -> str:
    """Scopes as a text or as a list."""
    return " ".join(texts_of(found, name))


def _app_document(
    name: str, website: str | None, redirects: list[str], allowed: list[str], vapid_key: str
) -> dict[str, object]:
    shown = [uri for uri in redirects if uri]
    return {
        "name": name,
        "website": website,
        "scopes": allowed,
        "redirect_uri": "\n".join(shown),
        "redirect_uris": shown,
        "vapid_key": vapid_key,
    }


def routes() -> list[BaseRoute]:
    """All of them."""
    return [
        Route("/api/v1/apps", endpoint(register), methods=["POST"]),
        Route("/api/v1/apps/verify_credentials", endpoint(verify_app)),
        Route("/oauth/token", endpoint(token), methods=["POST"]),
        Route("/oauth/revoke", endpoint(revoke), methods=["POST"]),
        Route("/.well-known/oauth-authorization-server", endpoint(metadata)),
    ]
