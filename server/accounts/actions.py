"""What people do with their own account, and admins with those of others.

Joining is in `joining`, sessions in `sessions`.
"""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import available_timezones

from server.accounts import passwords
from server.accounts.events import (
    AccountActivated,
    AccountDeleted,
    AccountSuspended,
    PasswordChanged,
    PreferencesChanged,
)
from server.accounts.joining import (
    ROLES,
    SignUp,
    approve,
    confirm_email,
    create_account,
    decline,
    find_invitation,
    invite,
    peek,
    request_reset,
    reset_password,
    revoke_invitation,
    sign_up,
)
from server.accounts.models import Account, SavedContext
from server.accounts.proofs import ProofNeeded, need_proof, note_proof
from server.accounts.sessions import (
    SecondStepNeeded,
    SignInRefused,
    end_session,
    end_sessions,
    open_session,
    opened_for,
    sign_in,
    sign_out,
    start_session,
    viewer_for_token,
)
from server.actors import actions as actors
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance

__all__ = [
    "NewContext",
    "ProofNeeded",
    "SecondStepNeeded",
    "SignInRefused",
    "SignUp",
    "accept_guidelines",
    "approve",
    "change_password",
    "confirm_email",
    "create_account",
    "decline",
    "delete_account",
    "delete_context",
    "delete_own_account",
    "end_session",
    "end_sessions",
    "find_invitation",
    "finish_first_visit",
    "invite",
    "need_proof",
    "note_proof",
    "open_session",
    "opened_for",
    "peek",
    "prune",
    "request_reset",
    "reset_password",
    "revoke_invitation",
    "save_context",
    "set_password",
    "set_post_defaults",
    "set_preferences",
    "set_role",
    "sign_in",
    "sign_out",
    "sign_up",
    "start_session",
    "suspend_account",
    "unsuspend_account",
    "viewer_for_token",
]

MAX_CONTEXTS = 20
UNCONFIRMED_KEPT = timedelta(days=7)
THEMES = ("auto", "light", "dark")

POST_VISIBILITIES = ("public", "unlisted", "private", "direct")


@dataclass(frozen=True, slots=True)
class NewContext:
    """A teaching context to reuse in forms."""

    label: str
    subject: str = ""
    level: str = ""
    group_size: int | None = None
    minutes: int | None = None
    setting: str = ""


async def change_password(here: Instance, acting: Viewer, current: str, new: str) -> None:
    """A new password, for somebody who knows the present one; ends their other sessions."""
    account = await _own(acting)
    if not await passwords.matches(current, account.password_hash):
        raise Invalid("This is not your present password.", field="current")
    passwords.check_password(
        new, personal=(acting.handle.lstrip("@"), account.email or "", here.site.name), field="new"
    )
    stored = await passwords.hash_password(new)
    async with here.db.transaction():
        account.password_hash = stored
        await account.save(update_fields=["password_hash"])
        await end_sessions(here, account.id, but=acting.session_id)
        await here.events.emit(PasswordChanged(account.id))


async def set_password(here: Instance, account_id: str, password: str) -> None:
    """A new password from the command line; ends every session."""
    if not password:
        raise Invalid("Choose a password.", field="password")
    stored = await passwords.hash_password(password)
    async with here.db.transaction():
        account = await _existing(account_id)
        account.password_hash = stored
        await account.save(update_fields=["password_hash"])
        await end_sessions(here, account.id)
        await here.events.emit(PasswordChanged(account.id))


async def set_preferences(here: Instance, acting: Viewer, *, language: str, theme: str, timezone: str) -> None:
    """How pages look to this person."""
    if theme not in THEMES:
        raise Invalid("Choose how pages look.", field="theme")
    if timezone not in available_timezones():
        raise Invalid("Choose a time zone.", field="timezone")
    if not 2 <= len(language) <= 16 or not language.replace("-", "").isalnum():
        raise Invalid("Choose a language.", field="language")
    async with here.db.transaction():
        account = await _own(acting)
        account.language, account.theme, account.timezone = language, theme, timezone
        await account.save(update_fields=["language", "theme", "timezone"])
        await here.events.emit(PreferencesChanged(account.actor_id))


async def set_post_defaults(
    here: Instance,
    acting: Viewer,
    *,
    visibility: str | None = None,
    is_sensitive: bool | None = None,
    language: str | None = None,
) -> None:
    """What posts written with apps are when nothing is said; None leaves a part, no language is that of the pages."""
    if visibility is not None and visibility not in POST_VISIBILITIES:
        raise Invalid("Validation failed: privacy is one of public, unlisted, private and direct", field="privacy")
    if language and (len(language) > 16 or not language.replace("-", "").isalnum()):
        raise Invalid("Validation failed: language is none that there is", field="language")
    async with here.db.transaction():
        account = await _own(acting)
        account.post_visibility = visibility or account.post_visibility
        account.post_sensitive = account.post_sensitive if is_sensitive is None else is_sensitive
        account.post_language = account.post_language if language is None else language or None
        await account.save(update_fields=["post_visibility", "post_sensitive", "post_language"])


async def finish_first_visit(
    here: Instance, acting: Viewer, *, teaches: str, stuck_with: str, ask_me_about: str, accepts_guidelines: bool | None
) -> None:
    """Keep the answers to the three questions, which may be empty, and the acceptance of the guidelines.

    None where the answers are given anew: what was accepted stays as it is.
    """
    account = await _own(acting)
    version = account.guidelines_version if accepts_guidelines is None else here.site.guidelines_version
    if version > account.guidelines_version and not accepts_guidelines:
        raise Invalid("Please read and accept the guidelines.", field="accepts_guidelines")
    answers = {"teaches": teaches, "stuck_with": stuck_with, "ask_me_about": ask_me_about}
    for field, text in answers.items():
        if len(text) > 500:
            raise Invalid("Use at most 500 characters.", field=field)
    async with here.db.transaction():
        account.teaches, account.stuck_with, account.ask_me_about = (text.strip() for text in answers.values())
        account.guidelines_version = max(version, account.guidelines_version)
        account.onboarded_at = account.onboarded_at or here.clock.now()
        await account.save(
            update_fields=["teaches", "stuck_with", "ask_me_about", "guidelines_version", "onboarded_at"]
        )


async def accept_guidelines(here: Instance, acting: Viewer) -> None:
    """Accept the guidelines as they are now."""
    async with here.db.transaction():
        account = await _own(acting)
        account.guidelines_version = here.site.guidelines_version
        await account.save(update_fields=["guidelines_version"])


async def save_context(here: Instance, acting: Viewer, new: NewContext) -> str:
    """Keep a teaching context; returns its id."""
    label = new.label.strip()[:120]
    if not label:
        raise Invalid("Give it a name, such as Year 8 science.", field="label")
    if new.group_size is not None and not 1 <= new.group_size <= 5000:
        raise Invalid("Write how many people, as a number.", field="group_size")
    if new.minutes is not None and not 1 <= new.minutes <= 10_000:
        raise Invalid("Write how many minutes, as a number.", field="minutes")
    now = here.clock.now()
    async with here.db.transaction():
        account = await _own(acting)
        if await SavedContext.filter(account=account).count() >= MAX_CONTEXTS:
            raise Invalid(f"You have {MAX_CONTEXTS} saved contexts. Remove one first.", field="label")
        created = await SavedContext.create(
            id=new_id(now),
            account=account,
            label=label,
            subject=new.subject.strip()[:120],
            level=new.level.strip()[:120],
            group_size=new.group_size,
            minutes=new.minutes,
            setting=new.setting.strip()[:200],
            created_at=now,
        )
    return str(created.id)


async def delete_context(here: Instance, acting: Viewer, context_id: str) -> None:
    """Remove one of one's own saved contexts."""
    async with here.db.transaction():
        if not await SavedContext.filter(id=context_id, account_id=acting.account_id).delete():
            raise NotFound("This context is gone already.")


async def set_role(here: Instance, by: Viewer, account_id: str, role: str) -> None:
    """Make somebody member, steward or admin."""
    _admins_only(by)
    if role not in ROLES:
        raise Invalid("Choose one of the roles.", field="role")
    async with here.db.transaction():
        account = await _existing(account_id)
        if account.role == role:
            return
        if account.role == "admin":
            await _keep_an_admin(here, account)
        before, account.role = account.role, role
        await account.save(update_fields=["role"])
        await audit.record(
            here,
            by=by.handle,
            action="account.role",
            subject=_handle(account),
            detail={"before": before, "after": role},
        )


async def suspend_account(here: Instance, account_id: str, *, by: str, reason: str = "") -> None:
    """Lock somebody out at once and hide their profile; nothing is deleted."""
    async with here.db.transaction():
        account = await _existing(account_id)
        if account.state == "suspended":
            return
        if account.state != "active":
            raise Invalid("This account is not open yet.")
        await _keep_an_admin(here, account)
        account.state = "suspended"
        await account.save(update_fields=["state"])
        await end_sessions(here, account.id)
        actor_id = account.actor_id
        await actors.suspend(here, actor_id, by, reason)
        await here.events.emit(AccountSuspended(account.id, actor_id))


async def unsuspend_account(here: Instance, account_id: str, *, by: str) -> None:
    """Let somebody back in."""
    async with here.db.transaction():
        account = await _existing(account_id)
        if account.state != "suspended":
            return
        account.state = "active"
        await account.save(update_fields=["state"])
        actor_id = account.actor_id
        await actors.unsuspend(here, actor_id, by)
        await here.events.emit(AccountActivated(account.id, actor_id))


async def delete_account(here: Instance, account_id: str, *, by: str, report: bool = True) -> None:
    """Delete somebody with all that they wrote, here and, by asking them, on other servers. The handle stays taken.

    With `report` they get a mail that says what the other servers answered, where their address is known.
    """
    async with here.db.transaction():
        account = await _existing(account_id)
        await _keep_an_admin(here, account)
        actor_id, was_shown = account.actor_id, account.state in {"active", "suspended"}
        report_to = account.email if report and account.email_confirmed_at is not None else None
        await account.delete()
        if was_shown:
            await actors.delete_local_actor(here, actor_id, by)
            await here.events.emit(AccountDeleted(actor_id, account.actor.username, report_to))
        else:
            await actors.discard_hidden(here, actor_id)


async def delete_own_account(here: Instance, acting: Viewer, *, report: bool = True) -> None:
    """Delete oneself; needs a fresh proof. See `delete_account` for `report`."""
    need_proof(here, acting)
    account = await _own(acting)
    await delete_account(here, account.id, by=acting.handle, report=report)


async def move_own_account(here: Instance, acting: Viewer, target: str) -> None:
    """Move away, with one's followers; needs a fresh proof. `target` is a handle or an address."""
    need_proof(here, acting)
    account = await _own(acting)
    await actors.move_away(here, account.actor_id, target)


async def prune(here: Instance) -> None:
    """Drop expired sessions, links and invitations, and sign-ups that nobody confirmed in a week."""
    now = here.clock.now()
    async with here.db.transaction():
        await here.db.execute("DELETE FROM session WHERE expires_at < :now", now=now)
        await here.db.execute("DELETE FROM mail_token WHERE expires_at < :now", now=now)
        await here.db.execute("DELETE FROM invitation WHERE expires_at < :before", before=now - timedelta(days=30))
        stale = await Account.filter(state="unconfirmed", created_at__lt=now - UNCONFIRMED_KEPT).limit(500)
        for account in stale:
            actor_id = account.actor_id
            await account.delete()
            await actors.discard_hidden(here, actor_id)


async def _own(acting: Viewer) -> Account:
    if acting.account_id is None:
        raise NotAllowed("Sign in first.")
    return await _existing(acting.account_id)


async def _existing(account_id: str) -> Account:
    account = await Account.get_or_none(id=account_id).prefetch_related("actor")
    if account is None:
        raise NotFound("There is no such account.")
    return account


async def _keep_an_admin(here: Instance, account: Account) -> None:
    if account.role != "admin" or account.state != "active":
        return
    others = await here.db.value(
        "SELECT count(*) AS n FROM account WHERE role = 'admin' AND state = 'active' AND id <> :id", id=account.id
    )
    if not others:
        raise Invalid("This is the only admin. Make somebody else an admin first.", field="role")


def _admins_only(by: Viewer) -> None:
    if not by.is_admin:
        raise NotAllowed("Only admins do this.")


def _handle(account: Account) -> str:
    return f"@{account.actor.username}"
