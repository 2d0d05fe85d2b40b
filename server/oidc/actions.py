"""Signing in with the provider: whom its word stands for here, and what becomes of them."""

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from tortoise.exceptions import IntegrityError

from server.accounts import actions as accounts
from server.accounts import passwords
from server.accounts.events import AccountActivated, AccountPending
from server.accounts.joining import check_email
from server.accounts.models import Account
from server.actors import actions as actors
from server.actors.policy import check_display_name, check_username, clean_name
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.instance import Instance
from server.invitations import actions as invitations
from server.mail.actions import send_later
from server.oidc import ending, policy
from server.oidc.errors import NotBegun, NotLetIn
from server.oidc.flow import Arrival, seal, unseal
from server.oidc.models import OidcIdentity, OidcTicket
from server.secrets import new_token, token_hash
from server.text import slugify

NEWCOMER_LIFE = timedelta(minutes=30)
CONNECT = "oidc.connect"
CONNECT_LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session, and whom it stands for."""

    token: str
    viewer: Viewer


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody without an account here, who is let in and chooses a name next."""

    ticket: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a newcomer."""

    subject: str
    name: str
    email: str
    role: str | None
    refresh: str
    onward: str
    waits: bool = False


async def arrive(here: Instance, arrival: Arrival, *, user_agent: str = "") -> SignedIn | Newcomer:
    """Sign in whom the provider vouches for. Raises NotLetIn with what to do.

    An account is found by issuer and subject alone. A mail address connects the two only where the settings say so,
    the provider vouches for it, its owner confirmed it here, and the account is no admin's.
    """
    settings = here.settings
    verdict = policy.judge(arrival.claims, required=settings.oidc_required, roles=settings.oidc_roles)
    identity = await _identity(here, arrival.subject)
    if not verdict.allowed:
        if identity is not None:
            await ending.end(here, identity, verdict.why)
        raise NotLetIn(f"{verdict.why} That is needed here. If it is a mistake, ask an admin.")
    if identity is None and settings.oidc_link_verified:
        identity = await _by_address(here, arrival)
    if identity is not None:
        return await _welcome_back(here, identity, arrival, verdict.role, user_agent)
    return await _newcomer(here, arrival, verdict.role)


async def connect(here: Instance, acting: Viewer, arrival: Arrival) -> None:
    """Let somebody who is signed in also come in with the provider from now on.

    Only in the session in which they asked for it, with their password: who sits down at an open browser cannot.
    """
    if not arrival.session_id or acting.session_id != arrival.session_id or acting.account_id is None:
        raise NotBegun
    settings = here.settings
    verdict = policy.judge(arrival.claims, required=settings.oidc_required, roles=settings.oidc_roles)
    if not verdict.allowed:
        raise NotLetIn(f"{verdict.why} That is needed here. If it is a mistake, ask an admin.")
    known = await _identity(here, arrival.subject)
    if known is not None and known.account_id == acting.account_id:
        return
    if known is not None:
        raise NotLetIn("Somebody else’s account here is connected to this one. Sign out there, and choose yours.")
    if await OidcIdentity.exists(account_id=acting.account_id, issuer=settings.oidc_issuer):
        raise NotLetIn("Your account is connected to another one there. Disconnect it first.")
    account = await Account.get(id=acting.account_id)
    async with here.db.transaction():
        await _note_identity(here, account, arrival.subject, arrival.refresh)
        await _tell(here, account, "was connected to")
    if verdict.role is not None:
        await ending.set_role(here, account, verdict.role)


async def ask_to_connect(here: Instance, acting: Viewer, password: str) -> str:
    """A word that lets this session connect the provider for ten minutes. Raises Invalid for a wrong password."""
    account = await Account.get_or_none(id=acting.account_id)
    if account is None or acting.session_id is None:
        raise NotFound
    if not await passwords.matches(password, account.password_hash):
        raise Invalid("This is not your password.", field="password")
    return here.signatures.sign(CONNECT, acting.session_id, until=here.clock.now() + CONNECT_LIFE)


def may_connect(here: Instance, acting: Viewer, word: str) -> bool:
    """Whether this word was given to this session."""
    said = here.signatures.verify(CONNECT, word, now=here.clock.now()) if word.count(".") == 2 else None
    return said is not None and said == acting.session_id


async def disconnect(here: Instance, acting: Viewer, password: str) -> None:
    """Come in without the provider again; needs a password here, or nobody could come in any more."""
    account = await Account.get_or_none(id=acting.account_id)
    if account is None or not await passwords.matches(password, account.password_hash):
        raise Invalid("This is not your password. Without one you need the connection.", field="password")
    async with here.db.transaction():
        if await OidcIdentity.filter(account_id=account.id).delete():
            await _tell(here, account, "was disconnected from")


async def look(here: Instance, ticket: str) -> Known:
    """What is known of a newcomer; NotBegun where the ticket is used, or its time is over."""
    held = await OidcTicket.get_or_none(hash=token_hash(ticket), until__gt=here.clock.now())
    text = unseal(here, held.sealed) if held is not None else None
    if text is None:
        raise NotBegun
    values: dict[str, Any] = json.loads(text)
    return Known(**values)


async def join(
    here: Instance, ticket: str, *, name: str, display_name: str, language: str, user_agent: str = ""
) -> SignedIn | None:
    """Open an account for a newcomer under the name they chose; None where it waits for an admin. Raises Invalid."""
    known = await look(here, ticket)
    check_username(name)
    check_display_name(display_name or name, field="display_name")
    waits = known.waits
    keys, now = await actors.new_keys(), here.clock.now()
    taken = bool(known.email) and await Account.exists(email=known.email)
    try:
        async with here.db.transaction():
            if not await OidcTicket.filter(hash=token_hash(ticket)).delete():
                raise NotBegun
            actor = await actors.create_local(
                here, kind="Person", username=name, name=display_name or name, hidden=waits, keys=keys
            )
            account = await Account.create(
                id=new_id(now),
                actor=actor,
                email=known.email if known.email and not taken else None,
                role=known.role or "member",
                state="pending" if waits else "active",
                language=language,
                why_join=f"Signed in with {here.site.sign_in_with}: {known.name}"[:2000] if waits else "",
                email_confirmed_at=now if known.email and not taken else None,
                created_at=now,
            )
            await _note_identity(here, account, known.subject, known.refresh)
            await invitations.came(here, known.email)
            event = AccountPending if waits else AccountActivated
            await here.events.emit(event(account.id, actor.id))
    except IntegrityError as error:
        raise Invalid("Somebody else was faster. Please send the form once more.") from error
    return None if waits else await _session(here, account, user_agent)


async def _welcome_back(
    here: Instance, identity: OidcIdentity, arrival: Arrival, role: str | None, user_agent: str
) -> SignedIn:
    account = await Account.get(id=identity.account_id)
    if account.state == "suspended" and identity.ended_at is None:
        raise NotLetIn("Your account here is suspended. If it is a mistake, ask an admin.")
    if account.state == "unconfirmed":
        raise NotLetIn("Confirm your mail address first: you have a mail with a link.")
    if account.state == "pending":
        raise NotLetIn("Your request to join was sent. You get a mail as soon as somebody has looked at it.")
    await ending.let_back(here, identity, account, refresh=arrival.refresh)
    if role is not None:
        await ending.set_role(here, account, role)
    return await _session(here, account, user_agent)


async def _by_address(here: Instance, arrival: Arrival) -> OidcIdentity | None:
    address = policy.verified_email(arrival.claims)
    account = await Account.get_or_none(email=address, state="active") if address else None
    if account is None or account.email_confirmed_at is None or account.role == "admin":
        return None
    if await OidcIdentity.exists(account_id=account.id, issuer=here.settings.oidc_issuer):
        return None
    async with here.db.transaction():
        identity = await _note_identity(here, account, arrival.subject, arrival.refresh)
        await _tell(here, account, "was connected to")
    return identity


async def _newcomer(here: Instance, arrival: Arrival, role: str | None) -> Newcomer:
    address = policy.verified_email(arrival.claims)
    said = policy.text_of(arrival.claims, "email").lower()
    if said and await Account.exists(email=said):
        raise NotLetIn(
            "An account here has this mail address. If it is yours, sign in with its password, and connect the two"
            " in your settings."
        )
    invited, create = await invitations.invited_role(here, address), here.settings.oidc_create
    if create == "nobody" or (create == "invited" and invited is None):
        raise NotLetIn(
            "There is no account for you here yet. Ask an admin for an invitation, or sign in with your password and"
            " connect the two in your settings."
        )
    known = Known(
        subject=arrival.subject,
        name=clean_name(policy.text_of(arrival.claims, "name", "preferred_username"))[:100],
        email=_address_or_nothing(address),
        role=role or invited,
        refresh=arrival.refresh,
        onward=arrival.onward,
        waits=create == "approval" and invited is None,
    )
    ticket, now = new_token(), here.clock.now()
    await OidcTicket.create(
        id=new_id(now), hash=token_hash(ticket), sealed=seal(here, json.dumps(asdict(known))), until=now + NEWCOMER_LIFE
    )
    return Newcomer(ticket)


def proposed_name(known: Known) -> str:
    """A name for somebody to change: from how they are called, never from their mail address."""
    return slugify(known.name).replace("-", "_")[:30].strip("_")


async def prune(here: Instance) -> None:
    """Forget states and newcomers whose time is over."""
    await here.db.execute("DELETE FROM oidc_ticket WHERE until < :now", now=here.clock.now())


async def _identity(here: Instance, subject: str) -> OidcIdentity | None:
    return await OidcIdentity.get_or_none(issuer=here.settings.oidc_issuer, subject=subject)


async def _note_identity(here: Instance, account: Account, subject: str, refresh: str) -> OidcIdentity:
    now = here.clock.now()
    identity = await OidcIdentity.create(
        id=new_id(now),
        account=account,
        issuer=here.settings.oidc_issuer,
        subject=subject,
        refresh_sealed=seal(here, refresh) if refresh else None,
        created_at=now,
        seen_at=now,
        asked_at=now,
        answered_at=now,
    )
    await account.fetch_related("actor")
    await audit.record(here, by="oidc", action="oidc.connect", subject=f"@{account.actor.username}")
    return identity


async def _session(here: Instance, account: Account, user_agent: str) -> SignedIn:
    token = await accounts.start_session(here, account.actor_id, user_agent=user_agent)
    viewer = await accounts.viewer_for_token(here, token)
    if viewer is None:
        raise NotLetIn("Your account here is suspended. If it is a mistake, ask an admin.")
    return SignedIn(token, viewer)


async def _tell(here: Instance, account: Account, what: str) -> None:
    if account.email:
        await send_later(
            here,
            to=account.email,
            subject=f"Signing in at {here.site.name} has changed",
            text=(
                f"Your account {what} {here.site.sign_in_with}.\n\nIf that was not you, choose a new password and look"
                f" at your settings: {here.url('/settings/provider')}\n"
            ),
        )


def _address_or_nothing(address: str) -> str:
    try:
        return check_email(address) if address else ""
    except Invalid:
        return ""
