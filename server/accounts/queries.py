"""Reading accounts: for their owners, for admins, and for commands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.accounts.models import Account, Invitation, SavedContext
from server.actors import queries as actors
from server.actors.queries import PersonLabel
from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.errors import NotFound
from server.instance import Instance


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """What a person sees of their own account."""

    email: str
    email_confirmed: bool
    language: str
    timezone: str
    theme: str
    teaches: str
    stuck_with: str
    ask_me_about: str
    guidelines_version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PostDefaults:
    """What posts written with apps are when nothing is said; `visibility` in the words of apps."""

    visibility: str
    is_sensitive: bool
    language: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One signed-in browser."""

    id: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    is_current: bool


@dataclass(frozen=True, slots=True)
class ContextRow:
    """A saved teaching context."""

    id: str
    label: str
    subject: str
    level: str
    group_size: int | None
    minutes: int | None
    setting: str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account, as admins see it. Never more than they need: no answers, no mail address but for who waits."""

    id: str
    person: PersonLabel
    role: str
    state: str
    email: str
    why_join: str
    created_at: datetime
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation that can still be used."""

    id: str
    note: str
    role: str
    uses: int
    max_uses: int
    created_at: datetime
    expires_at: datetime
    by_handle: str


async def own(here: Instance, acting: Viewer) -> OwnAccount:
    """One's own account."""
    account = await Account.get_or_none(id=acting.account_id)
    if account is None:
        raise NotFound
    return OwnAccount(
        email=account.email or "",
        email_confirmed=account.email_confirmed_at is not None,
        language=account.language,
        timezone=account.timezone,
        theme=account.theme,
        teaches=account.teaches,
        stuck_with=account.stuck_with,
        ask_me_about=account.ask_me_about,
        guidelines_version=account.guidelines_version,
        created_at=account.created_at,
    )


async def post_defaults(here: Instance, acting: Viewer) -> PostDefaults:
    """What somebody's posts are when they say nothing about it."""
    row = await here.db.row(
        "SELECT post_visibility, post_sensitive, post_language, language FROM account WHERE id = :id",
        id=acting.account_id,
    )
    if row is None:
        raise NotFound
    return PostDefaults(row["post_visibility"], bool(row["post_sensitive"]), row["post_language"] or row["language"])


async def sessions(here: Instance, acting: Viewer) -> list[SessionRow]:
    """One's own sessions, the latest used first."""
    rows = await here.db.rows(
        "SELECT id, user_agent, created_at, last_used_at FROM session WHERE account_id = :account AND expires_at > :now"
        " ORDER BY last_used_at DESC, id DESC LIMIT 100",
        account=acting.account_id,
        now=here.clock.now(),
    )
    return [
        SessionRow(
            id=row["id"],
            user_agent=row["user_agent"],
            created_at=from_milliseconds(row["created_at"]),
            last_used_at=from_milliseconds(row["last_used_at"]),
            is_current=row["id"] == acting.session_id,
        )
        for row in rows
    ]


async def contexts(here: Instance, acting: Viewer) -> list[ContextRow]:
    """One's own saved contexts, by name."""
    found = await SavedContext.filter(account_id=acting.account_id).order_by("label", "id").limit(100)
    return [
        ContextRow(
            id=item.id,
            label=item.label,
            subject=item.subject,
            level=item.level,
            group_size=item.group_size,
            minutes=item.minutes,
            setting=item.setting,
        )
        for item in found
    ]


async def ask_me_about(here: Instance, actor_id: str) -> str:
    """What this person may be asked about: the only one of the three answers that others see."""
    value = await here.db.value(
        "SELECT ask_me_about FROM account WHERE actor_id = :id AND state = 'active'", id=actor_id
    )
    return str(value or "")


async def accepted_guidelines(here: Instance, acting: Viewer) -> bool:
    """Whether this person accepted the guidelines as they are now."""
    value = await here.db.value("SELECT guidelines_version FROM account WHERE id = :id", id=acting.account_id)
    return int(value or 0) >= here.site.guidelines_version


async def waiting(here: Instance, limit: int = 100) -> list[AccountRow]:
    """Who waits for approval, the longest first, with what they wrote."""
    return await _accounts(here, "account.state = 'pending'", "account.created_at, account.id", limit, with_mail=True)


async def waiting_count(here: Instance) -> int:
    """How many wait for approval."""
    return int(await here.db.value("SELECT count(*) AS n FROM account WHERE state = 'pending'") or 0)


async def people(here: Instance, *, text: str = "", after: str = "", limit: int = 50) -> list[AccountRow]:
    """People who are or were in, by handle; `after` is the handle (without @) of the last one shown."""
    escaped = text.lower().lstrip("@").replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return await _accounts(
        here,
        "account.state IN ('active', 'suspended') AND actor.username > :after"
        " AND (lower(actor.name) LIKE :pattern ESCAPE '!' OR actor.username LIKE :pattern ESCAPE '!')",
        "actor.username",
        limit,
        after=after,
        pattern=f"%{escaped}%",
    )


async def invitations(here: Instance) -> list[InvitationRow]:
    """Invitations that can still be used, the newest first."""
    found = (
        await Invitation.filter(expires_at__gt=here.clock.now())
        .order_by("-id")
        .limit(200)
        .prefetch_related("created_by__actor")
    )
    return [
        InvitationRow(
            id=item.id,
            note=item.note,
            role=item.role,
            uses=item.uses,
            max_uses=item.max_uses,
            created_at=item.created_at,
            expires_at=item.expires_at,
            by_handle=f"@{item.created_by.actor.username}",
        )
        for item in found
        if item.uses < item.max_uses
    ]


async def account_id_of(here: Instance, name: str) -> str:
    """The account of a local person, by name; raises NotFound."""
    username, _ = actors.split_handle(here, name)
    value = await here.db.value(
        "SELECT account.id FROM account JOIN actor ON actor.id = account.actor_id WHERE actor.handle_key = :key",
        key=f"{username}@{here.settings.domain}",
    )
    if value is None:
        raise NotFound(f"Nobody here is called @{username}.")
    return str(value)


async def owner_actor_id(here: Instance, name: str | None) -> str:
    """The actor of a local person, or of the first admin where no name is given; raises NotFound."""
    if name:
        account_id = await account_id_of(here, name)
        return str(await here.db.value("SELECT actor_id FROM account WHERE id = :id", id=account_id))
    value = await here.db.value(
        "SELECT actor_id FROM account WHERE role = 'admin' AND state = 'active' ORDER BY created_at, id LIMIT 1"
    )
    if value is None:
        raise NotFound("There is no admin yet. Name an owner.")
    return str(value)


async def admin_actor_ids(here: Instance) -> list[str]:
    """The actors of all active admins, for notifications."""
    rows = await here.db.rows(
        "SELECT actor_id FROM account WHERE role = 'admin' AND state = 'active' ORDER BY created_at, id LIMIT 100"
    )
    return [row["actor_id"] for row in rows]


async def _accounts(
    here: Instance, condition: str, order: str, limit: int, *, with_mail: bool = False, **values: Any
) -> list[AccountRow]:
    rows = await here.db.rows(
        "SELECT account.id AS account_id, account.role, account.state, account.email, account.why_join,"
        f" account.created_at AS joined_at, account.last_seen_at, {actors.LABEL_COLUMNS}"
        " FROM account JOIN actor ON actor.id = account.actor_id"
        f" WHERE {condition} ORDER BY {order} LIMIT :limit",
        limit=limit,
        **values,
    )
    return [
        AccountRow(
            id=row["account_id"],
            person=actors.label_of(here, row),
            role=row["role"],
            state=row["state"],
            email=(row["email"] or "") if with_mail else "",
            why_join=row["why_join"] if with_mail else "",
            created_at=from_milliseconds(row["joined_at"]),
            last_seen_at=from_milliseconds(row["last_seen_at"]) if row["last_seen_at"] else None,
        )
        for row in rows
    ]
