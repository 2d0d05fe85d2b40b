"""Signing in and out: sessions are rows that hold the hash of a token, so that revoked means now (S29).

Who has a second step gets no session for a password: they get an `Opening`, which `server.factors` takes with a code or
a passkey.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.accounts import passwords, throttle
from server.accounts.models import Account, Session
from server.accounts.proofs import PROOF_LIFE, role_now
from server.actors import queries as actors
from server.actors.viewer import Viewer
from server.db import Row, from_milliseconds
from server.errors import NotFound, Refused
from server.ids import new_id
from server.instance import Instance
from server.secrets import new_token, token_hash

SESSION_LIFE = timedelta(days=60)
TOUCH_EVERY = timedelta(hours=1)
AWAY = timedelta(days=14)
"""Who was not here for so long was away, and is told what happened meanwhile (O2)."""

OPENING_LIFE = timedelta(minutes=10)
OPENING = "second-step"

VIEWER_COLUMNS = f"""account.id AS account_id, account.role, account.has_second_step, account.state, account.language,
 account.timezone, account.theme, account.onboarded_at, account.guidelines_version, {actors.LABEL_COLUMNS}"""
"""What `viewer_of_row` needs of the tables account and actor."""

_VIEWER = f"""
SELECT session.id AS session_id, session.last_used_at, session.expires_at, session.proven_until, {VIEWER_COLUMNS}
FROM session JOIN account ON account.id = session.account_id JOIN actor ON actor.id = account.actor_id
WHERE session.token_hash = :hash AND account.state = 'active'
 AND actor.suspended_at IS NULL AND actor.deleted_at IS NULL AND NOT actor.hidden
"""


class SignInRefused(Refused):
    """The name or the password is wrong; which of them is not said (S32)."""

    def __init__(self) -> None:
        """One sentence for every reason."""
        super().__init__("This name and password do not belong together, or the account is not open yet.")


class SecondStepNeeded(Refused):
    """The password is right, and does not do for this account; `opening` is what the second step is taken with."""

    def __init__(self, opening: str) -> None:
        """One sentence, for whoever knows of no second step."""
        super().__init__("This account asks for a second step. Sign in on the page.")
        self.opening = opening


@dataclass(frozen=True, slots=True)
class Opening:
    """Whose password was right a moment ago."""

    account_id: str
    actor_id: str


async def sign_in(
    here: Instance,
    name_or_email: str,
    password: str,
    *,
    address: str = "",
    device: str = "",
    user_agent: str = "",
) -> tuple[str, Viewer]:
    """A session token and who it stands for. Raises SignInRefused, SecondStepNeeded, or `throttle.TooMany`.

    `address` is the client's; `device` the cookie of an earlier sign-in from the same browser.
    """
    name = name_or_email.strip().removeprefix("@").lower()[:254]
    local, _, domain = name.partition("@")
    if domain == here.settings.domain:
        account = await _account(here, local) or await _account(here, name)
    else:
        account = await _account(here, name)
    account_id = account["id"] if account else None
    throttle.check(here, name=name, address=address, account_id=account_id, device=device)
    stored = account["password_hash"] if account else None
    if not await passwords.matches(password, stored) or account is None or account["state"] != "active":
        throttle.failed(here, name=name, address=address, account_id=account_id, device=device)
        raise SignInRefused
    if account["has_second_step"]:
        raise SecondStepNeeded(_opening(here, account["id"], account["password_hash"]))
    return await open_session(here, account["actor_id"], user_agent=user_agent)


async def opened_for(here: Instance, opening: str) -> Opening:
    """Who may take the second step with this; raises SignInRefused once ten minutes or the password are past."""
    said = here.signatures.verify(OPENING, opening, now=here.clock.now()) if opening.count(".") == 2 else None
    account_id = said.partition(" ")[0] if said else ""
    account = await Account.get_or_none(id=account_id, state="active") if account_id else None
    if account is None or said != _opened(account.id, account.password_hash):
        raise SignInRefused
    return Opening(account.id, account.actor_id)


async def open_session(here: Instance, actor_id: str, *, user_agent: str = "") -> tuple[str, Viewer]:
    """A session for somebody who took every step: its token, and who it stands for. Raises SignInRefused."""
    token = await start_session(here, actor_id, user_agent=user_agent)
    viewer = await viewer_for_token(here, token)
    if viewer is None:
        raise SignInRefused
    return token, viewer


async def start_session(
    here: Instance, actor_id: str, *, user_agent: str = "", proven_for: timedelta = PROOF_LIFE
) -> str:
    """A fresh session of this person; returns its token, of which only the hash is kept.

    It begins with a proof that it is them, good for `proven_for`.
    """
    account = await Account.get_or_none(actor_id=actor_id, state="active")
    if account is None:
        raise NotFound
    token, now = new_token(), here.clock.now()
    async with here.db.transaction():
        await Session.create(
            id=new_id(now),
            account=account,
            token_hash=token_hash(token),
            user_agent=user_agent[:300],
            created_at=now,
            last_used_at=now,
            expires_at=now + SESSION_LIFE,
            proven_until=now + proven_for,
        )
        await _seen(here, str(account.id))
    return token


async def viewer_for_token(here: Instance, token: str) -> Viewer | None:
    """Whom a session token stands for now; None for an unknown, ended or expired one, and for locked-out people."""
    row = await here.db.row(_VIEWER, hash=token_hash(token))
    if row is None:
        return None
    now = here.clock.now()
    if from_milliseconds(row["expires_at"]) <= now:
        return None
    if now - from_milliseconds(row["last_used_at"]) > TOUCH_EVERY:
        await _touch(here, row)
    return viewer_of_row(here, row)


def viewer_of_row(here: Instance, row: Row) -> Viewer:
    """A person, from a row with `VIEWER_COLUMNS`; of a session where it has `session_id`."""
    label = actors.label_of(here, row)
    role, waiting_role = role_now(here, row)
    return Viewer(
        actor_id=label.id,
        actor_uri=label.uri,
        account_id=row["account_id"],
        handle=label.handle,
        full_handle=f"{label.handle}@{here.settings.domain}",
        display_name=label.display_name,
        avatar_url=label.avatar_url,
        role=role,
        language=row["language"],
        timezone=row["timezone"],
        theme=row["theme"],
        onboarded=row["onboarded_at"] is not None and row["guidelines_version"] >= here.site.guidelines_version,
        session_id=row.get("session_id"),
        waiting_role=waiting_role,
        has_second_step=bool(row["has_second_step"]),
        proven_until=_moment(row.get("proven_until")),
    )


async def sign_out(here: Instance, token: str) -> None:
    """End the session of this token."""
    await here.db.execute("DELETE FROM session WHERE token_hash = :hash", hash=token_hash(token))


async def end_session(here: Instance, acting: Viewer, session_id: str) -> None:
    """End one of one's own sessions."""
    ended = await here.db.execute(
        "DELETE FROM session WHERE id = :id AND account_id = :account", id=session_id, account=acting.account_id
    )
    if not ended:
        raise NotFound("This session has ended already.")


async def end_sessions(here: Instance, account_id: str, *, but: str | None = None) -> int:
    """End all sessions of an account, `but` one; returns how many."""
    return await here.db.execute(
        "DELETE FROM session WHERE account_id = :account AND id <> :but", account=account_id, but=but or ""
    )


async def _touch(here: Instance, row: Row) -> None:
    now = here.clock.now()
    async with here.db.transaction():
        await here.db.execute(
            "UPDATE session SET last_used_at = :now, expires_at = :until WHERE id = :id",
            now=now,
            until=now + SESSION_LIFE,
            id=row["session_id"],
        )
        await _seen(here, row["account_id"])


async def caught_up(here: Instance, acting: Viewer) -> None:
    """Somebody has seen what happened while they were away."""
    async with here.db.transaction():
        await here.db.execute(
            "UPDATE account SET away_since = NULL, back_at = NULL WHERE id = :id", id=acting.account_id
        )


async def _seen(here: Instance, account_id: str) -> None:
    """Somebody is here now; who was not for a while was away."""
    now = here.clock.now()
    await here.db.execute(
        "UPDATE account SET away_since = CASE WHEN last_seen_at < :long_ago THEN last_seen_at ELSE away_since END,"
        " back_at = CASE WHEN last_seen_at < :long_ago THEN CAST(:now AS BIGINT) ELSE back_at END,"
        " last_seen_at = CAST(:now AS BIGINT) WHERE id = :id",
        now=now,
        long_ago=now - AWAY,
        id=account_id,
    )


async def _account(here: Instance, name: str) -> Row | None:
    condition = "account.email = :name" if "@" in name else "actor.handle_key = :key"
    return await here.db.row(
        "SELECT account.id, account.actor_id, account.password_hash, account.state, account.has_second_step"
        f" FROM account JOIN actor ON actor.id = account.actor_id WHERE {condition} AND actor.suspended_at IS NULL"
        " AND actor.deleted_at IS NULL",
        name=name,
        key=f"{name}@{here.settings.domain}",
    )


def _opening(here: Instance, account_id: str, password_hash: str) -> str:
    return here.signatures.sign(OPENING, _opened(account_id, password_hash), until=here.clock.now() + OPENING_LIFE)


def _opened(account_id: str, password_hash: str) -> str:
    """A new password ends what was opened with the old one."""
    return f"{account_id} {token_hash(password_hash)[:24]}"


def _moment(stored: int | None) -> datetime | None:
    return from_milliseconds(stored) if stored is not None else None
