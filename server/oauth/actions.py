"""Apps, and letting them in: registration, codes, tokens, and their ends (RFC 6749, 7009, 7636)."""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from server.accounts.models import Account
from server.actors.viewer import Viewer
from server.errors import Invalid, NotFound, Refused
from server.ids import new_id
from server.instance import Instance
from server.oauth import scopes
from server.oauth.models import OAuthApp, OAuthCode, OAuthToken
from server.secrets import new_token, token_hash
from server.text import clean_text

ACCESS = "access"
"""The channel on which it is said whose apps may do something else than before."""
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
CODE_LIFE = timedelta(minutes=10)
MAX_REDIRECTS = 20
MAX_URI = 2000
FORBIDDEN = frozenset(
    {"about", "blob", "data", "file", "filesystem", "ftp", "javascript", "mailto", "vbscript", "view-source"}
)
_NETLOC = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?\Z")
"""Host and port, and nothing that would mean something in a header: they go into the policy of the page that asks."""
OWN_APP = "peerhall-command-line"
"""The client id of what tokens from the command line belong to is this, with the name that was given."""


class GrantRefused(Refused):
    """An exchange that cannot be made. `code` is the error of RFC 6749 section 5.2."""

    def __init__(self, code: str, message: str) -> None:
        """Say which, and why."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Registered:
    """A new app, with its secret, which cannot be asked for again."""

    app: OAuthApp
    secret: str


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token, which cannot be asked for again."""

    token: str
    scopes: tuple[str, ...]
    created_at: datetime


async def register_app(
    here: Instance, *, name: str, redirect_uris: Sequence[str], scopes_text: str, website: str | None
) -> Registered:
    """Register an app. Raises Invalid and UnknownScope."""
    shown = clean_text(name).strip()[:100]
    if not shown:
        raise Invalid("The app has no name.", field="client_name")
    redirects = list(dict.fromkeys(uri.strip() for uri in redirect_uris if uri.strip()))
    if not redirects or len(redirects) > MAX_REDIRECTS:
        raise Invalid("Name one to twenty addresses to go back to.", field="redirect_uris")
    for uri in redirects:
        _check_redirect(uri)
    wanted = scopes.parse(scopes_text)
    secret, now = new_token(), here.clock.now()
    app = await OAuthApp.create(
        id=new_id(now),
        client_id=new_token(),
        secret_hash=token_hash(secret),
        name=shown,
        website=_website(website),
        redirect_uris="\n".join(redirects),
        scopes=" ".join(wanted),
        created_at=now,
    )
    return Registered(app, secret)


async def let_in(
    here: Instance, acting: Viewer, app_id: str, *, redirect_uri: str, wanted: Sequence[str], challenge: str | None
) -> str:
    """A person lets an app in; returns the code that it exchanges. `queries.asked` has looked at the rest before."""
    if acting.account_id is None:
        raise NotFound
    code, now = new_token(), here.clock.now()
    await OAuthCode.create(
        id=new_id(now),
        app_id=app_id,
        account_id=acting.account_id,
        code_hash=token_hash(code),
        redirect_uri=redirect_uri,
        scopes=" ".join(wanted),
        challenge=challenge,
        created_at=now,
        expires_at=now + CODE_LIFE,
    )
    return code


async def authenticate(here: Instance, client_id: str, secret: str) -> OAuthApp:
    """The app that these belong to. Raises GrantRefused, with the same words for an unknown app and a wrong secret."""
    app = await OAuthApp.get_or_none(client_id=client_id[:64])
    if app is None or not hmac.compare_digest(app.secret_hash, token_hash(secret)):
        raise GrantRefused("invalid_client", "There is no such app, or its secret is another one. Register it again.")
    return app


async def exchange(here: Instance, app: OAuthApp, *, code: str, redirect_uri: str, verifier: str) -> Issued:
    """A token for a code, once. A code that comes a second time ends what it brought the first time (section 4.1.2)."""
    now = here.clock.now()
    refused = GrantRefused("invalid_grant", "This code is unknown, over, used, or another app's. Sign in again.")
    known = await OAuthCode.get_or_none(code_hash=token_hash(code), app_id=app.id)
    if known is None or known.expires_at <= now or known.redirect_uri != redirect_uri:
        raise refused
    if not _fits(known.challenge, verifier):
        raise GrantRefused("invalid_grant", "The code verifier does not fit the challenge.")
    async with here.db.transaction():
        is_first = await OAuthCode.filter(id=known.id, used_at=None).update(used_at=now)
        if is_first:
            return await _issue(here, app, known.account_id, known.scopes, code_id=known.id)
        await OAuthToken.filter(code_id=known.id).delete()
        here.bus.tell(ACCESS, known.account_id)
    raise refused


async def issue_to_app(here: Instance, app: OAuthApp, scopes_text: str) -> Issued:
    """A token that stands for an app alone (section 4.4). Raises UnknownScope."""
    wanted = scopes.parse(scopes_text) if scopes_text.strip() else tuple(app.scopes.split())
    scopes.check_within(wanted, app.scopes.split())
    return await _issue(here, app, None, " ".join(wanted))


async def revoke(here: Instance, app: OAuthApp | None, token: str) -> None:
    """An app gives a token back; one that is not its own, or is none, is passed over (RFC 7009 section 2.2).

    Without `app`, whoever has the token does.
    """
    of = {} if app is None else {"app_id": app.id}
    held = await OAuthToken.get_or_none(token_hash=token_hash(token), **of)
    if held is not None:
        await held.delete()
        here.bus.tell(ACCESS, held.account_id)


async def disconnect(here: Instance, acting: Viewer, app_id: str) -> None:
    """A person ends what an app may do for them."""
    async with here.db.transaction():
        await OAuthCode.filter(app_id=app_id, account_id=acting.account_id).delete()
        if not await OAuthToken.filter(app_id=app_id, account_id=acting.account_id).delete():
            raise NotFound("This app is not connected any more.")
        here.bus.tell(ACCESS, acting.account_id)


async def disconnect_all(here: Instance, account_id: str) -> None:
    """End what every app may do for somebody; in the caller's transaction."""
    await OAuthCode.filter(account_id=account_id).delete()
    await OAuthToken.filter(account_id=account_id).delete()
    here.bus.tell(ACCESS, account_id)


async def create_token(here: Instance, account_id: str, *, scopes_text: str, app_name: str) -> str:
    """A token for somebody's own scripts, from the command line."""
    wanted, shown = scopes.parse(scopes_text), clean_text(app_name).strip()[:100]
    if not shown:
        raise Invalid("Name what the token is for.", field="app")
    account = await Account.get_or_none(id=account_id, state="active")
    if account is None:
        raise NotFound("This account is not open.")
    client_id = f"{OWN_APP}-{hashlib.sha256(shown.encode()).hexdigest()[:20]}"
    async with here.db.transaction():
        app = await OAuthApp.get_or_none(client_id=client_id)
        if app is None:
            now = here.clock.now()
            app = await OAuthApp.create(
                id=new_id(now),
                client_id=client_id,
                secret_hash="",  # nobody signs in as it
                name=shown,
                website=None,
                redirect_uris="",
                scopes=" ".join(scopes.WHOLE),
                created_at=now,
            )
        issued = await _issue(here, app, account.id, " ".join(wanted))
    return issued.token


async def prune(here: Instance) -> None:
    """Forget codes that are over."""
    await here.db.execute("DELETE FROM oauth_code WHERE expires_at < :before", before=here.clock.now() - CODE_LIFE)


async def _issue(
    here: Instance, app: OAuthApp, account_id: str | None, scopes_text: str, *, code_id: str | None = None
) -> Issued:
    token, now = new_token(), here.clock.now()
    await OAuthToken.create(
        id=new_id(now),
        app_id=app.id,
        account_id=account_id,
        code_id=code_id,
        token_hash=token_hash(token),
        scopes=scopes_text,
        created_at=now,
    )
    return Issued(token, tuple(scopes_text.split()), now)


def _fits(challenge: str | None, verifier: str) -> bool:
    """Whether a verifier belongs to a challenge; one without the other never does, so that PKCE cannot be dropped."""
    if challenge is None:
        return not verifier
    if not 43 <= len(verifier) <= 128 or not verifier.isascii():
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(digest, challenge)


def _check_redirect(uri: str) -> None:
    """Raise Invalid for what no app is sent back to: a relative address, a fragment, a scheme that runs something."""
    if uri == OUT_OF_BAND:
        return
    scheme, colon, rest = uri.partition(":")
    is_scheme = bool(colon) and scheme[:1].isalpha() and all(each.isalnum() or each in "+-." for each in scheme)
    is_plain = uri.isascii() and uri.isprintable() and not set(uri) & set(" \"'<>\\^`{|}")
    if not is_scheme or not is_plain or not rest or len(uri) > MAX_URI or "#" in uri:
        raise Invalid("An address to go back to is not one.", field="redirect_uris")
    if scheme.lower() in FORBIDDEN:
        raise Invalid(f"Apps are not sent back to {scheme}: addresses.", field="redirect_uris")
    if scheme.lower() in {"http", "https"}:
        try:
            parts = urlsplit(uri)
            known = _NETLOC.match(parts.netloc) is not None and (parts.port is None or parts.port > 0)
        except ValueError:
            known = False
        if not known:
            raise Invalid("An address to go back to is not one.", field="redirect_uris")


def _website(text: str | None) -> str | None:
    address = (text or "").strip()
    if not address.startswith(("https://", "http://")) or len(address) > 500 or not address.isprintable():
        return None
    return address
