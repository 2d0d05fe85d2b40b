"""The way to the provider and back: authorization code with PKCE, bound to the browser that began (RFC 9700).

What binds it is one secret in a signed cookie: state, nonce and verifier are made from it, so that nothing is kept here
for those who never come back. A state that comes back counts once, for every process.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.fernet import Fernet, InvalidToken

from server.ids import new_id
from server.instance import Instance
from server.oidc import policy, provider
from server.oidc.errors import Away, NotBegun, NotLetIn, NotVerified
from server.secrets import new_token, token_hash

PURPOSE = "oidc"
SEAL = "oidc.seal"
BACK = "/sign-in/with/back"
LIFE = timedelta(minutes=10)
MAX_GIVEN = 8000


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who comes back: what the provider says of them, and what this browser wanted.

    `session_id` is that of somebody who wants to connect the provider to the account they are signed in with.
    """

    subject: str
    claims: Mapping[str, Any]
    refresh: str
    onward: str
    session_id: str


async def begin(here: Instance, *, onward: str, session_id: str = "") -> tuple[str, str]:
    """Where to send a browser, and the cookie that binds it. Raises Away."""
    there, secret = await provider.provider(here), new_token()
    settings = here.settings
    extra = dict(item.partition("=")[::2] for item in settings.oidc_parameters)
    asked = extra | {
        "client_id": settings.oidc_client_id,
        "redirect_uri": here.url(BACK),
        "response_type": "code",
        "scope": " ".join(settings.oidc_scopes.split()),
        "state": _made(secret, "state"),
        "nonce": _made(secret, "nonce"),
        "code_challenge": _digest(_made(secret, "verifier").encode()),
        "code_challenge_method": "S256",
    }
    joint = "&" if urlsplit(there.authorization).query else "?"
    kept = json.dumps({"secret": secret, "next": onward, "session": session_id})
    cookie = here.signatures.sign(PURPOSE, kept, until=here.clock.now() + LIFE)
    return f"{there.authorization}{joint}{urlencode(asked)}", cookie


async def finish(here: Instance, cookie: str, given: Mapping[str, str]) -> Arrival:
    """Take the answer of the provider, once. Raises NotBegun, NotLetIn, NotVerified, or Away."""
    now = here.clock.now()
    kept = here.signatures.verify(PURPOSE, cookie, now=now) if cookie.count(".") == 2 else None
    if kept is None or any(len(value) > MAX_GIVEN for value in given.values()):
        raise NotBegun
    began: dict[str, str] = json.loads(kept)
    secret = began["secret"]
    if not hmac.compare_digest(given.get("state", "").encode(), _made(secret, "state").encode()):
        raise NotBegun
    await _only_once(here, given["state"])
    issuer = here.settings.oidc_issuer
    if "iss" in given and given["iss"] != issuer:  # RFC 9207: the answer of one provider is not brought to another
        raise NotVerified("the answer names another issuer")
    if "error" in given:
        if given["error"] in {"access_denied", "login_required", "interaction_required", "consent_required"}:
            raise NotLetIn("The sign-in was ended there. Nobody was signed in here.")
        raise Away(f"it answers with {given['error'][:100]}: {given.get('error_description', '')[:200]}")
    there = await provider.provider(here)
    if (there.names_itself and "iss" not in given) or not given.get("code"):
        raise NotVerified("the answer has no code, or no issuer")
    form = {
        "grant_type": "authorization_code",
        "code": given["code"],
        "redirect_uri": here.url(BACK),
        "code_verifier": _made(secret, "verifier"),
    }
    status, answer = await provider.ask_for_tokens(here, form)
    if status != 200:
        raise NotVerified(f"the code was refused: {str(answer.get('error'))[:100]} (status {status})")
    claims = await provider.claims_of(here, answer.get("id_token"))
    subject = policy.check(
        claims,
        issuer=issuer,
        client_id=here.settings.oidc_client_id,
        now=here.clock.now(),
        nonce=_made(secret, "nonce"),
    )
    more = await provider.userinfo(here, answer.get("access_token"), subject) or {}
    refresh = answer.get("refresh_token")
    return Arrival(
        subject=subject,
        claims={**more, **claims},
        refresh=refresh if isinstance(refresh, str) and len(refresh) <= MAX_GIVEN else "",
        onward=began["next"],
        session_id=began["session"],
    )


def seal(here: Instance, text: str) -> str:
    """A text that only this server can read again: its key is made from the secret key (S35)."""
    return _box(here).encrypt(text.encode()).decode()


def unseal(here: Instance, sealed: str | None) -> str | None:
    """The text; None where it was sealed with another secret key."""
    try:
        return _box(here).decrypt(sealed.encode()).decode() if sealed else None
    except InvalidToken:
        return None


def _box(here: Instance) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(here.signatures.derive(SEAL)))


async def _only_once(here: Instance, state: str) -> None:
    now = here.clock.now()
    noted = await here.db.execute(
        "INSERT INTO oidc_ticket (id, hash, until) VALUES (:id, :hash, :until) ON CONFLICT (hash) DO NOTHING",
        id=new_id(now),
        hash=token_hash(state),
        until=now + LIFE,
    )
    if not noted:
        raise NotBegun


def _made(secret: str, what: str) -> str:
    """43 letters, from which neither the secret nor what else is made of it can be worked out."""
    return _digest(f"{what}\n{secret}".encode())


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
