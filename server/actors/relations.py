"""What stands between two actors, such as follows and blocks; it is made in `following`, `blocking`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from server.actors.queries import LABEL_COLUMNS, PersonLabel, label_of
from server.db import Row, among, from_milliseconds
from server.instance import Instance


@dataclass(frozen=True, slots=True)
class Relationship:
    """What stands between a viewer and an actor. States are those of `Follow`, or an empty text."""

    following: str = ""
    followed_by: str = ""
    i_blocked: bool = False
    blocked_me: bool = False

    @property
    def is_blocked(self) -> bool:
        """Whether one of the two blocked the other."""
        return self.i_blocked or self.blocked_me

    @property
    def is_following(self) -> bool:
        """Whether the viewer gets what the actor shares."""
        return self.following == "accepted"

    @property
    def is_requested(self) -> bool:
        """Whether the viewer waits for an answer."""
        return self.following == "requested"

    @property
    def asks_me(self) -> bool:
        """Whether the actor waits for the viewer's answer."""
        return self.followed_by == "requested"

    @property
    def follows_me(self) -> bool:
        """Whether the actor gets what the viewer shares."""
        return self.followed_by == "accepted"


async def relationship(here: Instance, viewer_id: str | None, actor_id: str) -> Relationship:
    """What stands between the two."""
    if viewer_id is None or viewer_id == actor_id:
        return Relationship()
    rows = await here.db.rows(
        "SELECT follower_id AS from_id, state FROM follow WHERE (follower_id = :me AND target_id = :other)"
        " OR (follower_id = :other AND target_id = :me)"
        " UNION ALL SELECT blocker_id, 'blocked' FROM actor_block WHERE (blocker_id = :me AND blocked_id = :other)"
        " OR (blocker_id = :other AND blocked_id = :me)",
        me=viewer_id,
        other=actor_id,
    )
    states = {row["from_id"]: row["state"] for row in rows if row["state"] != "blocked"}
    blockers = {row["from_id"] for row in rows if row["state"] == "blocked"}
    return Relationship(
        following=states.get(viewer_id, ""),
        followed_by=states.get(actor_id, ""),
        i_blocked=viewer_id in blockers,
        blocked_me=actor_id in blockers,
    )


@dataclass(slots=True)
class Standing:
    """Everything that somebody here chose about an actor, and what that one chose about them."""

    following: str = ""
    shows_boosts: bool = False
    notifies: bool = False
    languages: tuple[str, ...] | None = None
    followed_by: str = ""
    i_blocked: bool = False
    blocked_me: bool = False
    is_muted: bool = False
    mutes_notifications: bool = False
    mute_ends_at: datetime | None = None
    blocks_host: bool = False
    is_endorsed: bool = False
    note: str = ""


_STANDINGS = """
SELECT target_id AS other, 'following' AS what, state AS a, COALESCE(languages, '') AS b,
 CASE WHEN shows_boosts THEN 1 ELSE 0 END AS m, CASE WHEN notifies THEN 1 ELSE 0 END AS n, CAST(NULL AS BIGINT) AS o
 FROM follow WHERE follower_id = :me AND target_id IN ({others})
UNION ALL SELECT follower_id, 'followed_by', state, '', 0, 0, CAST(NULL AS BIGINT)
 FROM follow WHERE target_id = :me AND follower_id IN ({others})
UNION ALL SELECT blocked_id, 'i_blocked', '', '', 0, 0, CAST(NULL AS BIGINT)
 FROM actor_block WHERE blocker_id = :me AND blocked_id IN ({others})
UNION ALL SELECT blocker_id, 'blocked_me', '', '', 0, 0, CAST(NULL AS BIGINT)
 FROM actor_block WHERE blocked_id = :me AND blocker_id IN ({others})
UNION ALL SELECT muted_id, 'muted', '', '', CASE WHEN hides_notifications THEN 1 ELSE 0 END, 0, expires_at
 FROM actor_mute WHERE muter_id = :me AND muted_id IN ({others}) AND (expires_at IS NULL OR expires_at > :now)
UNION ALL SELECT actor.id, 'host', '', '', 0, 0, CAST(NULL AS BIGINT) FROM actor WHERE actor.id IN ({others})
 AND NOT actor.is_local AND EXISTS (SELECT 1 FROM host_block WHERE host_block.blocker_id = :me
 AND host_block.host IN (actor.host, actor.domain))
UNION ALL SELECT endorsed_id, 'endorsed', '', '', 0, 0, CAST(NULL AS BIGINT)
 FROM endorsement WHERE endorser_id = :me AND endorsed_id IN ({others})
UNION ALL SELECT about_id, 'note', text, '', 0, 0, CAST(NULL AS BIGINT)
 FROM actor_note WHERE writer_id = :me AND about_id IN ({others})
"""


async def standings(here: Instance, me: str, others: Iterable[str]) -> dict[str, Standing]:
    """What stands between somebody here and each of some actors, in one query however many they are."""
    found = {other: Standing() for other in others}
    if not found:
        return found
    named, parameters = among(found)
    for row in await here.db.rows(_STANDINGS.format(others=named), me=me, now=here.clock.now(), **parameters):
        _note(found[row["other"]], row)
    return found


def _note(standing: Standing, row: Row) -> None:
    match row["what"]:
        case "following":
            standing.following = row["a"]
            standing.shows_boosts, standing.notifies = bool(row["m"]), bool(row["n"])
            standing.languages = tuple(row["b"].split()) or None
        case "followed_by":
            standing.followed_by = row["a"]
        case "i_blocked":
            standing.i_blocked = True
        case "blocked_me":
            standing.blocked_me = True
        case "muted":
            standing.is_muted, standing.mutes_notifications = True, bool(row["m"])
            standing.mute_ends_at = None if row["o"] is None else from_milliseconds(row["o"])
        case "host":
            standing.blocks_host = True
        case "endorsed":
            standing.is_endorsed = True
        case "note":
            standing.note = row["a"]


async def is_blocked(here: Instance, actor_id: str, other_id: str) -> bool:
    """Whether one of the two blocked the other."""
    return bool(
        await here.db.value(
            "SELECT id FROM actor_block WHERE (blocker_id = :one AND blocked_id = :other)"
            " OR (blocker_id = :other AND blocked_id = :one) LIMIT 1",
            one=actor_id,
            other=other_id,
        )
    )


async def blocks_host(here: Instance, actor_id: str, other_id: str) -> bool:
    """Whether somebody here wants nothing from the server of another."""
    return bool(
        await here.db.value(
            "SELECT host_block.id FROM actor JOIN host_block ON host_block.blocker_id = :me"
            " AND host_block.host IN (actor.host, actor.domain) WHERE actor.id = :other AND NOT actor.is_local LIMIT 1",
            me=actor_id,
            other=other_id,
        )
    )


async def blocked_among(here: Instance, actor_id: str, others: Iterable[str]) -> set[str]:
    """Those of `others` between whom and this actor a block stands."""
    named = {f"id{number}": other for number, other in enumerate(dict.fromkeys(others))}
    if not named:
        return set()
    places = ", ".join(f":{name}" for name in named)
    rows = await here.db.rows(
        f"SELECT blocked_id AS id FROM actor_block WHERE blocker_id = :me AND blocked_id IN ({places})"
        f" UNION SELECT blocker_id FROM actor_block WHERE blocked_id = :me AND blocker_id IN ({places})",
        me=actor_id,
        **named,
    )
    return {row["id"] for row in rows}


async def blocked_people(
    here: Instance, actor_id: str, *, before: str | None = None, limit: int = 40
) -> list[tuple[str, PersonLabel]]:
    """Whom somebody blocked, the newest first, as pairs of block id (for `before`) and label."""
    rows = await here.db.rows(
        f"SELECT actor_block.id AS block_id, {LABEL_COLUMNS} FROM actor_block"
        " JOIN actor ON actor.id = actor_block.blocked_id WHERE actor_block.blocker_id = :id"
        " AND actor_block.id < :before ORDER BY actor_block.id DESC LIMIT :limit",
        id=actor_id,
        before=before or "~",
        limit=limit,
    )
    return [(row["block_id"], label_of(here, row)) for row in rows]
