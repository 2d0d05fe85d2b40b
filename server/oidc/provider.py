"""Talking to the provider: what it says of itself, its keys, and its answers. All through the guarded way out (S13)."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, cast
from urllib.parse import quote_plus, urlencode

from federation.errors import FederationError
from federation.vocab.base import parse_json
from server.instance import Instance
from server.oidc.errors import Away, NotVerified

CACHE = "oidc"
KEPT = timedelta(hours=1)
PAUSE = timedelta(seconds=60)
"""So long we do not ask again for keys, whatever tokens name."""
MAX_BYTES = 300_000
MAX_KEYS = 60
SECONDS = 8.0
_SAFE = re.compile(r"[\x21-\x7e]{1,2000}")


@dataclass(frozen=True, slots=True)
class Provider:
    """What a provider says of itself (OpenID Connect Discovery section 3)."""

    authorization: str
    token: str
    keys: str
    userinfo: str
    end_session: str
    takes_basic: bool
    names_itself: bool
    says_s256: bool


@dataclass(slots=True)
class _Known:
    provider: Provider | None = None
    at: datetime | None = None
    keys: list[Mapping[str, Any]] = field(default_factory=list)
    keys_at: datetime | None = None


async def provider(here: Instance, *, again: bool = False) -> Provider:
    """What the provider says of itself, at most an hour old. Raises Away."""
    known, now = _known(here), here.clock.now()
    if known.provider is None or known.at is None or now - known.at > KEPT or again:
        known.provider, known.at = await _discover(here), now
    return known.provider


async def keys(here: Instance, *, again: bool = False) -> list[Mapping[str, Any]]:
    """The provider's keys, at most an hour old; `again` asks anew, but not more often than once a minute."""
    known, now = _known(here), here.clock.now()
    age = None if known.keys_at is None else now - known.keys_at
    if age is None or age > KEPT or (again and age >= PAUSE):
        # Noted before asking: many tokens with made-up keys cause one question (S24).
        known.keys_at = now if known.keys else None
        found = (await _document(here, (await provider(here)).keys)).get("keys")
        listed = found if isinstance(found, list) else []
        known.keys = [key for key in listed[:MAX_KEYS] if isinstance(key, dict)]
        known.keys_at = now
    return known.keys


async def claims_of(here: Instance, token: object) -> dict[str, object]:
    """What an ID token says, if it is signed by the provider; raises NotVerified or Away."""
    if not isinstance(token, str):
        raise NotVerified("there is no ID token")
    tokens = import_module("server.oidc.tokens")  # takes megabytes, which an idle server has for something else (P9)
    try:
        return cast(dict[str, object], tokens.claims_of(token, await keys(here)))
    except tokens.UnknownKey:
        return cast(dict[str, object], tokens.claims_of(token, await keys(here, again=True)))


async def ask_for_tokens(here: Instance, form: Mapping[str, str]) -> tuple[int, dict[str, object]]:
    """A request to the token endpoint as this client; its status and answer. Raises Away."""
    settings, there = here.settings, await provider(here)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    sent = dict(form)
    if there.takes_basic:
        pair = f"{quote_plus(settings.oidc_client_id)}:{quote_plus(settings.oidc_client_secret)}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    else:
        sent |= {"client_id": settings.oidc_client_id, "client_secret": settings.oidc_client_secret}
    return await _ask(here, "POST", there.token, headers, urlencode(sent).encode())


async def userinfo(here: Instance, access_token: object, subject: str) -> dict[str, object] | None:
    """What the provider says to this token (Core section 5.3); None where it says nothing that is about `subject`."""
    address = (await provider(here)).userinfo
    if not address or not isinstance(access_token, str) or not _SAFE.fullmatch(access_token):
        return None
    headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
    try:
        status, found = await _ask(here, "GET", address, headers, None)
    except Away:
        return None
    return found if status == 200 and found.get("sub") == subject else None


async def _discover(here: Instance) -> Provider:
    issuer = here.settings.oidc_issuer
    said = await _document(here, issuer.rstrip("/") + "/.well-known/openid-configuration")
    if said.get("issuer") != issuer:
        raise Away(f"it calls itself {str(said.get('issuer'))[:200]}; PEERHALL_OIDC_ISSUER must be exactly that")
    methods, challenges = (
        said.get("token_endpoint_auth_methods_supported"),
        said.get("code_challenge_methods_supported"),
    )
    return Provider(
        authorization=_address(said, "authorization_endpoint"),
        token=_address(said, "token_endpoint"),
        keys=_address(said, "jwks_uri"),
        userinfo=_address(said, "userinfo_endpoint", needed=False),
        end_session=_address(said, "end_session_endpoint", needed=False),
        takes_basic=not isinstance(methods, list) or "client_secret_basic" in methods,
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
        says_s256=isinstance(challenges, list) and "S256" in challenges,
    )


def _address(said: Mapping[str, object], name: str, *, needed: bool = True) -> str:
    value = said.get(name)
    if isinstance(value, str) and value.startswith(("https://", "http://")) and _SAFE.fullmatch(value):
        return value
    if needed:
        raise Away(f"it names no {name}")
    return ""


async def _document(here: Instance, url: str) -> dict[str, object]:
    status, found = await _ask(here, "GET", url, {"Accept": "application/json"}, None)
    if status != 200:
        raise Away(f"{url} answers with status {status}")
    return found


async def _ask(
    here: Instance, method: str, url: str, headers: Mapping[str, str], body: bytes | None
) -> tuple[int, dict[str, object]]:
    """One request, without following anything; an answer that is no JSON object is an empty one."""
    try:
        answer = await here.engine.client.request(method, url, headers, body=body, max_bytes=MAX_BYTES, seconds=SECONDS)
    except FederationError as error:
        raise Away(f"{url}: {error}") from error
    if answer.status >= 500:
        raise Away(f"{url} answers with status {answer.status}")
    try:
        return answer.status, parse_json(answer.body)
    except FederationError:
        return answer.status, {}


def _known(here: Instance) -> _Known:
    known: _Known = here.caches.setdefault(CACHE, _Known())
    return known
