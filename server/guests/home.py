"""Talking to the own server of a guest, in the client API of Mastodon, through the guarded way out (S13)."""

import base64
import json
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from cryptography.fernet import Fernet, InvalidToken

from federation.errors import FederationError
from server.guests.errors import NoGuest
from server.guests.models import GuestApp
from server.ids import new_id
from server.instance import Instance

BACK = "/guest/back"
SCOPES = "read:accounts read:search write:statuses"
SEAL = "guests.seal"
MAX_BYTES = 300_000
SECONDS = 8.0
_TEXT = re.compile(r"[\x21-\x7e]{1,500}")


async def app(here: Instance, base: str) -> GuestApp:
    """What the server at `base` (scheme and host) calls us; asked once."""
    host = base.partition("://")[2]
    known = await GuestApp.get_or_none(host=host)
    if known is not None:
        return known
    form = {"client_name": here.site.name, "redirect_uris": here.url(BACK), "scopes": SCOPES, "website": here.url("/")}
    said = await ask(here, "POST", f"{base}/api/v1/apps", form=form)
    client_id, secret = said.get("client_id"), said.get("client_secret")
    if not isinstance(client_id, str) or not isinstance(secret, str) or not _TEXT.fullmatch(client_id):
        raise NoGuest("Your server lets no other servers in this way. Ask for an account here instead.")
    await here.db.execute(
        "INSERT INTO guest_app (id, host, client_id, secret_sealed, created_at)"
        " VALUES (:id, :host, :client_id, :sealed, :now) ON CONFLICT (host) DO NOTHING",
        id=new_id(here.clock.now()),
        host=host,
        client_id=client_id,
        sealed=seal(here, secret),
        now=here.clock.now(),
    )
    return await GuestApp.get(host=host)


async def token(here: Instance, base: str, code: str, verifier: str) -> str:
    """What a code is exchanged for. Where they do not know us any more, they are asked anew the next time."""
    known = await app(here, base)
    form = {
        "grant_type": "authorization_code",
        "client_id": known.client_id,
        "client_secret": unseal(here, known.secret_sealed),
        "redirect_uri": here.url(BACK),
        "code": code,
        "code_verifier": verifier,
        "scope": SCOPES,
    }
    said = await ask(here, "POST", f"{base}/oauth/token", form=form, may_refuse=True)
    if said.get("error") == "invalid_client":
        await known.delete()
    found = said.get("access_token")
    if not isinstance(found, str) or not _TEXT.fullmatch(found):
        raise NoGuest("Your server did not let us know who you are. Begin again.")
    return found


async def revoke(here: Instance, base: str, held: str) -> None:
    """Give a token back; that it did not arrive makes no difference here."""
    try:
        known = await app(here, base)
        form = {"client_id": known.client_id, "client_secret": unseal(here, known.secret_sealed), "token": held}
        await ask(here, "POST", f"{base}/oauth/revoke", form=form, may_refuse=True)
    except NoGuest as error:
        here.log.info("a token of a guest could not be given back: %s", error.message)


async def ask(
    here: Instance,
    method: str,
    url: str,
    *,
    held: str = "",
    form: Mapping[str, str] | None = None,
    may_refuse: bool = False,
) -> dict[str, object]:
    """One request, following nothing; its JSON object. Raises NoGuest."""
    headers = {"Accept": "application/json"}
    if held:
        headers["Authorization"] = f"Bearer {held}"
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    body = urlencode(form).encode() if form is not None else None
    try:
        answer = await here.engine.client.request(method, url, headers, body=body, max_bytes=MAX_BYTES, seconds=SECONDS)
    except FederationError as error:
        here.log.info("the server of a guest cannot be asked: %s: %s", url, error)
        raise NoGuest("Your server cannot be reached from here. Try again later.") from error
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        said = {}
    if not isinstance(said, dict) or (answer.status != 200 and not may_refuse):
        raise NoGuest("Your server did not do what we asked it for. Try again later, or answer from there.")
    return said


def seal(here: Instance, text: str) -> str:
    """A text that only this server can read again (S35)."""
    return _box(here).encrypt(text.encode()).decode()


def unseal(here: Instance, sealed: str) -> str:
    """The text; empty where it was sealed with another secret key."""
    try:
        return _box(here).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return ""


def _box(here: Instance) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(here.signatures.derive(SEAL)))
