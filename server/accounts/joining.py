"""Coming in: signing up, invitations, confirming an address, approval, and a forgotten password (S32)."""

import re
from dataclasses import dataclass
from datetime import timedelta

from tortoise.exceptions import IntegrityError

from server.accounts import passwords
from server.accounts.events import AccountActivated, AccountPending, PasswordChanged
from server.accounts.models import Account, Invitation, MailToken
from server.accounts.sessions import end_sessions
from server.actors import actions as actors
from server.actors.policy import check_display_name, check_username
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.mail.actions import send_later
from server.secrets import new_token, token_hash

CONFIRM_LIFE = timedelta(days=3)
RESET_LIFE = timedelta(hours=2)
INVITATION_LIFE = timedelta(days=14)
ROLES = ("member", "steward", "admin")
LINK_GONE = "This link was used already, or its time is over. Ask for a new one."

_EMAIL = re.compile(r"[^\s@<>\"\x00-\x1f\x7f,;:()\[\]\\]{1,64}@[a-z0-9](?:[a-z0-9.\-]{0,250}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class SignUp:
    """What somebody fills in to join."""

    name: str
    password: str
    display_name: str = ""
    email: str = ""
    why_join: str = ""
    accepts_guidelines: bool = False
    invitation: str = ""
    language: str = "en"


async def sign_up(here: Instance, form: SignUp) -> Account | None:
    """Join, as far as the site lets people: see `Account.state` of the result for what is next.

    None: whoever owns the mail address has an account already and was written to; say the same as for ``unconfirmed``.
    """
    mode = here.site.registration
    invitation = await find_invitation(here, form.invitation) if form.invitation else None
    if form.invitation and invitation is None:
        raise NotAllowed("This invitation was used already, or its time is over. Ask for a new one.")
    if invitation is None and mode == "closed":
        raise NotAllowed("Nobody can join this server at the moment.")
    if invitation is None and mode == "invite":
        raise NotAllowed("Joining this server needs an invitation from somebody who is here.")
    form_email = await _checked(here, form, asks_why=invitation is None and mode == "approval")
    by_mail = bool(here.settings.smtp_url) and invitation is None
    taken = form_email is not None and await Account.exists(email=form_email)
    if taken and form_email is not None:
        await _tell_owner(here, form_email)
        if by_mail:
            return None
        form_email = None
    state = "unconfirmed" if by_mail else "pending" if invitation is None and mode == "approval" else "active"
    keys = await actors.new_keys()
    password_hash = await passwords.hash_password(form.password)
    now = here.clock.now()
    try:
        async with here.db.transaction():
            if invitation is not None and not await _use(here, invitation.id):
                raise NotAllowed("This invitation was used already, or its time is over. Ask for a new one.")
            actor = await actors.create_local(
                here,
                kind="Person",
                username=form.name,
                name=form.display_name or form.name,
                hidden=state != "active",
                keys=keys,
            )
            account = await Account.create(
                id=new_id(now),
                actor=actor,
                email=form_email,
                password_hash=password_hash,
                role=invitation.role if invitation else "member",
                state=state,
                language=form.language,
                why_join=form.why_join[:2000],
                guidelines_version=here.site.guidelines_version,
                created_at=now,
            )
            if state == "unconfirmed" and form_email is not None:
                await _send_confirmation(here, account, form_email)
            await _announce(here, account, actor.id)
    except IntegrityError as error:
        raise Invalid("Somebody else was faster. Please send the form once more.") from error
    return account


async def create_account(
    here: Instance,
    *,
    name: str,
    email: str | None,
    password: str,
    role: str = "member",
    display_name: str = "",
    confirmed: bool = True,
) -> Account:
    """Make an account that can be used at once; for commands, seeds and admins."""
    if role not in ROLES:
        raise Invalid("Choose one of the roles.", field="role")
    if not password:
        raise Invalid("Choose a password.", field="password")
    address = check_email(email) if email else None
    check_username(name)
    keys = await actors.new_keys()
    password_hash = await passwords.hash_password(password)
    now = here.clock.now()
    try:
        async with here.db.transaction():
            actor = await actors.create_local(here, kind="Person", username=name, name=display_name or name, keys=keys)
            account = await Account.create(
                id=new_id(now),
                actor=actor,
                email=address,
                password_hash=password_hash,
                role=role,
                state="active",
                email_confirmed_at=now if confirmed and address else None,
                guidelines_version=here.site.guidelines_version,
                created_at=now,
            )
            await here.events.emit(AccountActivated(account.id, actor.id))
    except IntegrityError as error:
        raise Invalid("Another account has this mail address.", field="email") from error
    return account


async def confirm_email(here: Instance, token: str) -> Account:
    """The owner of an address followed our link and pressed the button."""
    now = here.clock.now()
    async with here.db.transaction():
        account = await _spend(here, token, "confirm")
        account.email_confirmed_at = now
        if account.state == "unconfirmed":
            waits = here.site.registration == "approval"
            account.state = "pending" if waits else "active"
            if not waits:
                await actors.show(here, account.actor_id)
        await account.save(update_fields=["email_confirmed_at", "state"])
        await _announce(here, account, account.actor_id)
    return account


async def approve(here: Instance, by: Viewer, account_id: str) -> None:
    """Let somebody in who waits."""
    account = await _waiting(account_id)
    async with here.db.transaction():
        account.state = "active"
        await account.save(update_fields=["state"])
        await actors.show(here, account.actor_id)
        await audit.record(here, by=by.handle, action="account.approve", subject=f"@{account.actor.username}")
        await _announce(here, account, account.actor_id)
        if account.email:
            await send_later(
                here,
                to=account.email,
                subject=f"Welcome to {here.site.name}",
                text=f"You are in. Sign in here:\n\n{here.url('/sign-in')}\n",
            )


async def decline(here: Instance, by: Viewer, account_id: str, reason: str = "") -> None:
    """Do not let somebody in; what they sent is deleted, and the name is free again."""
    account = await _waiting(account_id)
    async with here.db.transaction():
        await audit.record(here, by=by.handle, action="account.decline", subject=f"@{account.actor.username}")
        if account.email:
            note = f"\n\n{reason.strip()[:1000]}" if reason.strip() else ""
            await send_later(
                here,
                to=account.email,
                subject=f"Your request to join {here.site.name}",
                text=f"Your request was not accepted, and what you sent was deleted.{note}\n",
            )
        actor_id = account.actor_id
        await account.delete()
        await actors.discard_hidden(here, actor_id)


async def invite(
    here: Instance, by: Viewer, *, note: str = "", role: str = "member", max_uses: int = 1, days: int = 14
) -> str:
    """Make an invitation; returns its token, of which only the hash is kept."""
    if by.account_id is None or not by.is_admin:
        raise NotAllowed("Only admins invite people.")
    if role not in ROLES:
        raise Invalid("Choose one of the roles.", field="role")
    if not 1 <= max_uses <= 500:
        raise Invalid("Between 1 and 500 people can use an invitation.", field="max_uses")
    if role != "member" and max_uses != 1:
        raise Invalid("An invitation to be a steward or admin is for one person.", field="max_uses")
    if not 1 <= days <= 90:
        raise Invalid("An invitation lasts 1 to 90 days.", field="days")
    token, now = new_token(), here.clock.now()
    async with here.db.transaction():
        await Invitation.create(
            id=new_id(now),
            token_hash=token_hash(token),
            created_by_id=by.account_id,
            note=note.strip()[:200],
            role=role,
            max_uses=max_uses,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        await audit.record(
            here, by=by.handle, action="invitation.create", subject=role, detail={"uses": max_uses, "days": days}
        )
    return token


async def revoke_invitation(here: Instance, by: Viewer, invitation_id: str) -> None:
    """Make an invitation useless."""
    async with here.db.transaction():
        invitation = await Invitation.get_or_none(id=invitation_id)
        if invitation is None:
            raise NotFound("There is no such invitation any more.")
        await invitation.delete()
        await audit.record(here, by=by.handle, action="invitation.revoke", subject=invitation.note or invitation.role)


async def find_invitation(here: Instance, token: str) -> Invitation | None:
    """The invitation of this token, if it can still be used."""
    invitation = await Invitation.get_or_none(token_hash=token_hash(token))
    if invitation is None or invitation.uses >= invitation.max_uses or invitation.expires_at <= here.clock.now():
        return None
    return invitation


async def request_reset(here: Instance, name_or_email: str) -> None:
    """Write to the owner of an account, if there is one; the caller says the same in either case."""
    name = name_or_email.strip().removeprefix("@").lower()
    if "@" in name:
        account = await Account.get_or_none(email=name, state="active")
    else:
        account = await Account.get_or_none(actor__handle_key=f"{name}@{here.settings.domain}", state="active")
    if account is None or account.email is None:
        return
    async with here.db.transaction():
        token = await _mail_token(here, account, "reset", RESET_LIFE)
        await send_later(
            here,
            to=account.email,
            subject=f"A new password for {here.site.name}",
            text=(
                f"Somebody, probably you, asked for a new password at {here.site.domain}.\n\n"
                f"Choose one here within two hours:\n\n{here.url(f'/reset/{token}')}\n\n"
                "If it was not you, do nothing: your password stays as it is.\n"
            ),
        )


async def reset_password(here: Instance, token: str, password: str) -> None:
    """Set a new password with a link from a mail; ends every session."""
    await peek(here, token, "reset")
    passwords.check_password(password, personal=(here.site.name,))
    stored = await passwords.hash_password(password)
    async with here.db.transaction():
        account = await _spend(here, token, "reset")
        if account.state != "active":
            raise NotFound(LINK_GONE)
        account.password_hash = stored
        account.email_confirmed_at = account.email_confirmed_at or here.clock.now()
        await account.save(update_fields=["password_hash", "email_confirmed_at"])
        await MailToken.filter(account=account, purpose="reset").delete()
        await end_sessions(here, account.id)
        await here.events.emit(PasswordChanged(account.id))


async def peek(here: Instance, token: str, purpose: str) -> None:
    """Raise NotFound unless this link still works; changes nothing, so that link scanners may look (S32)."""
    known = await MailToken.get_or_none(token_hash=token_hash(token), purpose=purpose, used_at=None)
    if known is None or known.expires_at <= here.clock.now():
        raise NotFound(LINK_GONE)


def check_email(text: str, *, field: str = "email") -> str:
    """A mail address in its one spelling; raises Invalid."""
    address = text.strip().lower()
    if len(address) > 254 or _EMAIL.fullmatch(address) is None or ".." in address:
        raise Invalid("Write a mail address, such as maya@school.example.", field=field)
    return address


async def _checked(here: Instance, form: SignUp, *, asks_why: bool) -> str | None:
    errors: list[Invalid] = []
    email: str | None = None
    try:
        email = check_email(form.email) if form.email or here.settings.smtp_url else None
    except Invalid as error:
        errors.append(error)
    for check in (
        lambda: check_username(form.name),
        lambda: check_display_name(form.display_name or form.name, field="display_name"),
        lambda: passwords.check_password(form.password, personal=(form.name, form.email, here.site.name)),
    ):
        try:
            check()
        except Invalid as error:
            errors.append(error)
    if asks_why and len(form.why_join.strip()) < 10:
        errors.append(Invalid("Say in a sentence why you want to join.", field="why_join"))
    if here.site.guidelines_version and not form.accepts_guidelines:
        errors.append(Invalid("Joining means accepting the guidelines.", field="accepts_guidelines"))
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))
    return email


async def _announce(here: Instance, account: Account, actor_id: str) -> None:
    if account.state == "active":
        await here.events.emit(AccountActivated(account.id, actor_id))
    elif account.state == "pending":
        await here.events.emit(AccountPending(account.id, actor_id))


async def _use(here: Instance, invitation_id: str) -> bool:
    used = await here.db.execute(
        "UPDATE invitation SET uses = uses + 1 WHERE id = :id AND uses < max_uses", id=invitation_id
    )
    return used == 1


async def _waiting(account_id: str) -> Account:
    account = await Account.get_or_none(id=account_id, state="pending").prefetch_related("actor")
    if account is None:
        raise NotFound("Nobody waits under this name any more.")
    return account


async def _send_confirmation(here: Instance, account: Account, address: str) -> None:
    token = await _mail_token(here, account, "confirm", CONFIRM_LIFE)
    await send_later(
        here,
        to=address,
        subject=f"Confirm your address for {here.site.name}",
        text=(
            f"Welcome. Confirm that this address is yours, within three days:\n\n{here.url(f'/confirm/{token}')}\n\n"
            "If you did not sign up, do nothing: nothing was opened in your name.\n"
        ),
    )


async def _tell_owner(here: Instance, address: str) -> None:
    await send_later(
        here,
        to=address,
        subject=f"You have an account at {here.site.name} already",
        text=(
            f"Somebody, perhaps you, tried to join {here.site.domain} with your address."
            " You have an account already.\n\n"
            f"Sign in: {here.url('/sign-in')}\nA new password: {here.url('/reset')}\n"
        ),
    )


async def _mail_token(here: Instance, account: Account, purpose: str, life: timedelta) -> str:
    token, now = new_token(), here.clock.now()
    await MailToken.filter(account=account, purpose=purpose).delete()
    await MailToken.create(
        id=new_id(now),
        account=account,
        purpose=purpose,
        token_hash=token_hash(token),
        created_at=now,
        expires_at=now + life,
    )
    return token


async def _spend(here: Instance, token: str, purpose: str) -> Account:
    """Use a token up. Only one of two requests at the same time gets it."""
    now = here.clock.now()
    hashed = token_hash(token)
    spent = await here.db.execute(
        "UPDATE mail_token SET used_at = :now WHERE token_hash = :hash AND purpose = :purpose"
        " AND used_at IS NULL AND expires_at > :now",
        now=now,
        hash=hashed,
        purpose=purpose,
    )
    known = await MailToken.get_or_none(token_hash=hashed).prefetch_related("account") if spent else None
    if known is None:
        raise NotFound(LINK_GONE)
    return known.account
