"""Who may write to somebody, and who may name them (B20); and wanting quiet (B18). Nobody else is told of it."""

from collections.abc import Iterable

from server.actors.models import Boundary
from server.actors.viewer import Viewer
from server.db import among
from server.errors import Invalid
from server.instance import Instance

EVERYONE, KNOWN, NOBODY = WHO = ("everyone", "known", "nobody")
"""Known are those whom one follows, or shares a community with."""
DIRECT, MENTION = "direct", "mention"
UNREACHABLE = (
    "Somebody whom this names cannot be reached this way. Nothing was sent, and your words are kept: ask them in a"
    " community that you share, or name others."
)
"""Says neither who it is nor why."""

IS_QUIET = "EXISTS (SELECT 1 FROM boundary WHERE boundary.id = {reader} AND boundary.quiet)"


def closed(what: str, person: str, other: str) -> str:
    """A condition on two columns with ids of actors: `person` does not let the other write to or name them."""
    return (
        f"EXISTS (SELECT 1 FROM boundary AS drawn WHERE drawn.id = {person} AND (drawn.{what} = '{NOBODY}'"
        f" OR (drawn.{what} = '{KNOWN}' AND NOT EXISTS (SELECT 1 FROM follow WHERE follow.follower_id = {person}"
        f" AND follow.target_id = {other} AND follow.state = 'accepted') AND NOT EXISTS (SELECT 1 FROM membership"
        " AS shared JOIN membership AS theirs ON theirs.community_id = shared.community_id"
        f" AND theirs.person_id = {other} AND theirs.state = 'active'"
        f" WHERE shared.person_id = {person} AND shared.state = 'active'))))"
    )


async def closed_among(here: Instance, actor_id: str, others: Iterable[str], *, direct: bool) -> set[str]:
    """Those of `others` whom this actor may not write to (`direct`), or may not name."""
    wanted = sorted(set(others))
    if not wanted:
        return set()
    places, parameters = among(wanted)
    shut = closed(DIRECT if direct else MENTION, "actor.id", ":me")
    rows = await here.db.rows(
        f"SELECT actor.id FROM actor WHERE actor.id IN ({places}) AND {shut}",
        me=actor_id,
        **parameters,
    )
    return {row["id"] for row in rows}


async def boundary_of(viewer: Viewer) -> Boundary:
    """What somebody chose; without a choice everybody may, and it is not quiet."""
    return await Boundary.get_or_none(id=viewer.actor_id) or Boundary(id=viewer.actor_id)


async def set_boundary(here: Instance, acting: Viewer, *, direct: str, mention: str, quiet: bool) -> None:
    """Choose. Raises Invalid for what is no choice."""
    errors = [
        Invalid("Choose who.", field=name) for name, who in (("direct", direct), ("mention", mention)) if who not in WHO
    ]
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))
    async with here.db.transaction():
        await Boundary.update_or_create(
            defaults={"direct": direct, "mention": mention, "quiet": quiet}, id=str(acting.actor_id)
        )
