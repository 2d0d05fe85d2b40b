"""What this server knows about somebody, for them alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.accounts.models import Account
from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.errors import NotFound
from server.instance import Instance
from server.privacy.classes import CLASSES, HELD
from server.privacy.models import DataExport

EXPORTS_SHOWN = 10
SERVERS_SHOWN = 500


@dataclass(frozen=True, slots=True)
class ClassView:
    """So much of one class of data."""

    key: str
    rows: int


@dataclass(frozen=True, slots=True)
class ServerView:
    """A server that was sent something of somebody's, since when, as far as this one can tell."""

    host: str
    since: datetime


@dataclass(frozen=True, slots=True)
class PartView:
    """One file of an archive."""

    number: int
    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ExportView:
    """An archive that somebody asked for."""

    id: str
    kind: str
    state: str
    created_at: datetime
    expires_at: datetime
    parts: tuple[PartView, ...]


async def whose(here: Instance, actor_id: str) -> dict[str, Any]:
    """What the conditions of `classes.HELD` name, for one person here. Raises NotFound."""
    account = await Account.get_or_none(actor_id=actor_id).prefetch_related("actor")
    if account is None:
        raise NotFound
    return {
        "me": actor_id,
        "account": account.id,
        "uri": account.actor.uri,
        "email": account.email or "",
        "named": f"@{account.actor.username}",
    }


async def known(here: Instance, acting: Viewer) -> list[ClassView]:
    """How much there is of every class, in one statement over all tables."""
    values = await whose(here, str(acting.actor_id))
    each = (f"SELECT '{held.of}' AS of, count(*) AS number FROM {held.table} WHERE {held.mine}" for held in HELD)
    rows = await here.db.rows(
        f"SELECT of, sum(number) AS number FROM ({' UNION ALL '.join(each)}) AS counted"
        " GROUP BY of ORDER BY of LIMIT 100",
        **values,
    )
    numbers = {row["of"]: int(row["number"]) for row in rows}
    return [ClassView(key, numbers.get(key, 0)) for key in CLASSES]


async def receivers(here: Instance, actor_id: str, limit: int = SERVERS_SHOWN) -> list[ServerView]:
    """Servers that were sent something of somebody's: those of followers, of people named, and of communities."""
    rows = await here.db.rows(
        "SELECT host, min(at) AS since FROM ("
        "SELECT far.host AS host, follow.accepted_at AS at FROM follow JOIN actor AS far ON far.id = follow.follower_id"
        " WHERE follow.target_id = :me AND follow.state = 'accepted' AND NOT far.is_local"
        " UNION ALL SELECT far.host, post.published_at FROM post JOIN post_mention ON post_mention.post_id = post.id"
        " JOIN actor AS far ON far.id = post_mention.actor_id WHERE post.author_id = :me AND NOT far.is_local"
        " AND post.state = 'visible' AND post.visibility NOT IN ('instance', 'private')"
        " UNION ALL SELECT far.host, post.published_at FROM post JOIN membership ON"
        " membership.community_id = post.community_id AND membership.state = 'active' AND membership.from_elsewhere"
        " JOIN actor AS far ON far.id = membership.person_id WHERE post.author_id = :me"
        " AND post.state = 'visible' AND post.visibility IN ('public', 'unlisted', 'members')"
        " UNION ALL SELECT far.host, post.published_at FROM post JOIN actor AS far ON far.id = post.community_id"
        " WHERE post.author_id = :me AND NOT far.is_local AND post.state = 'visible'"
        " AND post.visibility IN ('public', 'unlisted', 'members')"
        ") AS sent WHERE at IS NOT NULL GROUP BY host ORDER BY min(at), host LIMIT :limit",
        me=actor_id,
        limit=limit,
    )
    return [ServerView(row["host"], from_milliseconds(row["since"])) for row in rows]


async def exports(here: Instance, acting: Viewer) -> list[ExportView]:
    """The archives that one asked for and can fetch, the latest first."""
    found = (
        await DataExport.filter(actor_id=str(acting.actor_id), kind__not="farewell", expires_at__gt=here.clock.now())
        .order_by("-id")
        .limit(EXPORTS_SHOWN)
    )
    return [export_view(item) for item in found]


def export_view(found: DataExport) -> ExportView:
    """An archive, ready to show."""
    parts = [PartView(number, part["name"], part["size_bytes"]) for number, part in enumerate(found.parts)]
    return ExportView(found.id, found.kind, found.state, found.created_at, found.expires_at, tuple(parts))
