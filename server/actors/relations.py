"""What stands between two actors, follows and blocks; they are made in `following` and `blocking`."""

from collections.abc import Iterable
from dataclasses import dataclass

from server.actors.queries import LABEL_COLUMNS, PersonLabel, label_of
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
