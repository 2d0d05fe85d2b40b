"""Letting a guest in, and answering in their name: the answer is written at their own server, as everything of theirs.

Whom a browser stands for is decided by three who agree: the handle that was typed leads by WebFinger to an actor and
back (S9); the actor's own host is asked who signed in; and the name it gives leads to the same actor. A server can thus
speak for its own people, and for nobody else's.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from server.actors import actions as actors
from server.actors.models import Actor
from server.errors import Invalid, NotFound
from server.guests import home, queries
from server.guests.errors import NoGuest, NotTheirs
from server.guests.models import GuestPass
from server.ids import new_id
from server.instance import Instance
from server.peers.queries import may_receive
from server.secrets import new_token, token_hash

PURPOSE = "guest"
LIFE = timedelta(minutes=10)
STAY = timedelta(hours=8)
PASSES_EACH = 5
MAX_ANSWER = 5000
VISIBILITIES = ("public", "unlisted", "private", "direct")


async def begin(here: Instance, handle: str) -> tuple[str, str, str]:
    """Where somebody signs in at their own server, what that is called, and the cookie that binds the browser."""
    if "@" not in handle.strip().lstrip("@"):
        raise Invalid("Write your whole address, for example @tom@riverside.example.", field="handle")
    actor = await _welcome(here, await actors.resolve(here, handle))
    base = _base(actor)
    known, secret = await home.app(here, base), new_token()
    asked = {
        "client_id": known.client_id,
        "redirect_uri": here.url(home.BACK),
        "response_type": "code",
        "scope": home.SCOPES,
        "state": _made(secret, "state"),
        "code_challenge": _digest(_made(secret, "verifier").encode()),
        "code_challenge_method": "S256",
    }
    kept = json.dumps({"secret": secret, "base": base, "domain": actor.domain})
    cookie = here.signatures.sign(PURPOSE, kept, until=here.clock.now() + LIFE)
    return f"{base}/oauth/authorize?{urlencode(asked)}", actor.domain, cookie


async def enter(here: Instance, cookie: str, given: Mapping[str, str]) -> str:
    """Let in who comes back, in the browser that set out; the key that the browser keeps. Raises NoGuest."""
    now = here.clock.now()
    kept = here.signatures.verify(PURPOSE, cookie, now=now) if cookie.count(".") == 2 else None
    began: dict[str, str] = json.loads(kept) if kept else {}
    wanted = _made(began.get("secret", ""), "state")
    if not began or not hmac.compare_digest(given.get("state", "").encode(), wanted.encode()):
        raise NoGuest("This was not begun in this browser, or it took too long. Begin again.")
    if not 1 <= len(given.get("code", "")) <= 2000:
        raise NoGuest("You did not let this server know who you are. Nothing happened.")
    held = await home.token(here, began["base"], given["code"], _made(began["secret"], "verifier"))
    actor = await _who(here, began["base"], began["domain"], held)
    key = new_token()
    async with here.db.transaction():
        await GuestPass.filter(ends_at__lt=now).delete()
        older = await GuestPass.filter(person_id=actor.id).order_by("-id").limit(PASSES_EACH)
        if len(older) == PASSES_EACH:
            await GuestPass.filter(id=older[-1].id).delete()
        await GuestPass.create(
            id=new_id(now),
            key_hash=token_hash(key),
            person_id=actor.id,
            token_sealed=home.seal(here, held),
            created_at=now,
            ends_at=now + STAY,
        )
    return key


async def answer(here: Instance, key: str, post_id: str, text: str) -> None:
    """Write an answer at the guest's own server, to a post that they may read here; as narrow as it has the post."""
    guest = await queries.whose(here, key)
    post, _ = await queries.conversation(here, guest, post_id)
    text = text.strip()
    if not 1 <= len(text) <= MAX_ANSWER:
        raise Invalid(f"Write an answer of at most {MAX_ANSWER} characters.", field="text")
    row = await GuestPass.get(key_hash=token_hash(key))
    base, held = _base(await Actor.get(id=guest.person_id)), home.unseal(here, row.token_sealed)
    asked = urlencode({"q": post.uri, "resolve": "true", "type": "statuses", "limit": "5"})
    found = (await home.ask(here, "GET", f"{base}/api/v2/search?{asked}", held=held)).get("statuses")
    same = (
        [each for each in found if isinstance(each, dict) and each.get("uri") == post.uri]
        if isinstance(found, list)
        else []
    )
    if not same:
        raise NoGuest("Your server does not have this post yet, so it cannot answer it. Try again in a few minutes.")
    visibility = same[0].get("visibility")
    domain = "" if "@" in post.author.handle.lstrip("@") else f"@{here.settings.domain}"
    form = {
        "status": f"{post.author.handle}{domain} {text}",
        "in_reply_to_id": str(same[0].get("id"))[:100],
        "visibility": visibility if visibility in VISIBILITIES else "direct",
    }
    await home.ask(here, "POST", f"{base}/api/v1/statuses", held=held, form=form)


async def leave(here: Instance, key: str) -> None:
    """Have the browser stand for nobody any more, and give their server its token back."""
    row = await GuestPass.get_or_none(key_hash=token_hash(key)).prefetch_related("person")
    if row is None:
        return
    await GuestPass.filter(id=row.id).delete()
    await home.revoke(here, _base(row.person), home.unseal(here, row.token_sealed))


async def prune(here: Instance) -> None:
    """Forget passes whose time is over."""
    await here.db.execute("DELETE FROM guest_pass WHERE ends_at < :now", now=here.clock.now())


async def _who(here: Instance, base: str, domain: str, held: str) -> Actor:
    """The actor whom a token stands for, by its server's word and by its account's; both have to agree."""
    said = await home.ask(here, "GET", f"{base}/api/v1/accounts/verify_credentials", held=held)
    name, acct = said.get("username"), said.get("acct")
    if not isinstance(name, str) or not name or "@" in name or len(name) > 100 or acct != name:
        raise NotTheirs("it names somebody of another server, or nobody")
    try:
        actor = await actors.resolve(here, f"{name}@{domain}")
    except (Invalid, NotFound) as error:
        raise NotTheirs("there is no account of that name") from error
    if _base(actor) != base or actor.username.lower() != name.lower():
        raise NotTheirs("the account lives on another server")
    return await _welcome(here, actor)


async def _welcome(here: Instance, actor: Actor) -> Actor:
    """The actor, if they may be a guest at all: a person elsewhere, neither blocked nor suspended."""
    if actor.is_local:
        raise Invalid("You have an account here: sign in with it.", field="handle")
    if actor.kind != "Person" or not may_receive(here, actor.host) or not await queries.is_welcome(here, actor.id):
        raise NoGuest("This account cannot be a guest here.")
    return actor


def _base(actor: Actor) -> str:
    parts = urlsplit(actor.uri)
    return f"{parts.scheme}://{parts.netloc}"


def _made(secret: str, what: str) -> str:
    return _digest(f"guest {what}\n{secret}".encode())


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
