"""The library, narrowed: found by what is rarest of what is asked for, or looked for among the latest, part by part.

Whether few or none say something is known from an index at once. Where each thing that was asked for is said by many,
but perhaps never all of it together, so many are looked through for one page, and the next goes on behind those.
"""

from dataclasses import dataclass
from typing import Any

from server.actors.viewer import Viewer
from server.db.given import TEXT, given, rows_given
from server.instance import Instance
from server.posts.queries import parse_cursor
from server.posts.readable import findable, readable

FEW = 200
LOOKED_AT = 2000
SIZE_BANDS = {"1-10": (1, 10), "11-20": (11, 20), "21-30": (21, 30), "31-": (31, 5000)}
MINUTE_BANDS = {"10": 10, "20": 20, "45": 45, "90": 90}
_LIBRARY = "post.state = 'visible' AND post.kind IN ('practice', 'tip')"


@dataclass(frozen=True, slots=True)
class Facets:
    """What narrows the library; empty means all. `size` and `minutes` are keys of the bands."""

    subject: str = ""
    level: str = ""
    size: str = ""
    minutes: str = ""
    language: str = ""
    licence: str = ""
    community_id: str = ""
    mine: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is narrowed."""
        return self == Facets()


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The ids of one page, the newest first, and the cursor of the next; `total` is None where nobody counted."""

    ids: list[str]
    next: str | None
    total: int | None


def source(here: Instance, facets: Facets) -> tuple[str, str]:
    """The table by the index that has the library, of one person or community, in order, and the condition for that."""
    index, which = "idx_post_library", _LIBRARY
    if facets.mine == "shared":
        index, which = "idx_post_library_by", f"{which} AND post.author_id = :facet_author"
        which += " AND post.community_id = :facet_community" if facets.community_id else ""
    elif facets.community_id:
        index, which = "idx_post_library_of", f"{which} AND post.community_id = :facet_community"
    return f"post{here.db.by(index)}", which


async def narrowed(here: Instance, viewer: Viewer, facets: Facets, before: str | None, limit: int) -> Narrowed | None:
    """One page; None where nothing is asked for that a practice says. At most eight queries."""
    said = _said(facets)
    if not said:
        return None
    asked = _asked(facets) | {"facet_author": viewer.actor_id, "facet_community": facets.community_id}
    for condition in said:
        table = "post" if condition.startswith("post.") else "practice"
        where = f"{_LIBRARY} AND {condition}" if table == "post" else condition
        rows = await here.db.rows(f"SELECT id FROM {table} WHERE {where} LIMIT :few", few=FEW + 1, **asked)
        if len(rows) <= FEW:
            return await _among(here, viewer, facets, [row["id"] for row in rows], before, limit, said, asked)
    return await _of_the_latest(here, viewer, facets, before, limit, said, asked)


def fits(facets: Facets) -> tuple[str, dict[str, Any]]:
    """What is asked for as a condition on the alias `post`, with its parameters; an empty one where nothing is.

    Without the community and whose it is: those are for the library.
    """
    said = _said(facets)
    return (_on_post(said) if said else ""), _asked(facets)


async def _among(
    here: Instance,
    viewer: Viewer,
    facets: Facets,
    ids: list[str],
    before: str | None,
    limit: int,
    said: list[str],
    asked: dict[str, Any],
) -> Narrowed:
    """All that fits is among these few."""
    _, which = source(here, facets)
    join = "CROSS JOIN" if here.db.dialect == "sqlite" else "JOIN"  # without it, SQLite begins with the whole library
    rows = await here.db.rows(
        f"SELECT post.id AS id, post.published_at AS at FROM {given(here.db.dialect, id=TEXT)}"
        f" {join} post ON post.id = given.id WHERE {which} AND {_fits(viewer, said)}",
        given=rows_given({"id": each} for each in ids),
        **asked,
        **readable(viewer)[1],
    )
    found = sorted(((row["at"], row["id"]) for row in rows), reverse=True)
    cursor = parse_cursor(before)
    rest = found if cursor is None else [each for each in found if each < cursor]
    more = f"{rest[limit - 1][0]}.{rest[limit - 1][1]}" if len(rest) > limit else None
    return Narrowed([post_id for _, post_id in rest[:limit]], more, len(found))


async def _of_the_latest(
    here: Instance,
    viewer: Viewer,
    facets: Facets,
    before: str | None,
    limit: int,
    said: list[str],
    asked: dict[str, Any],
) -> Narrowed:
    """What fits among so many of the latest before the cursor."""
    table, which = source(here, facets)
    values = asked | readable(viewer)[1]
    cursor = parse_cursor(before)
    if cursor is not None:
        which += (
            " AND (post.published_at < CAST(:before_at AS BIGINT)"
            " OR (post.published_at = CAST(:before_at AS BIGINT) AND post.id < :before_id))"
        )
        values["before_at"], values["before_id"] = cursor
    part = (
        f"SELECT post.id AS id, post.published_at AS at FROM {table} WHERE {which}"
        " ORDER BY post.published_at DESC, post.id DESC LIMIT "
    )
    # SQLite keeps the order of what is joined so, and stops when it has enough: told to sort, it would read all of it.
    join, order = (
        ("CROSS JOIN", "") if here.db.dialect == "sqlite" else ("JOIN", " ORDER BY near.at DESC, near.id DESC")
    )
    rows = await here.db.rows(
        f"SELECT near.id, near.at FROM ({part} :looked_at) AS near {join} post ON post.id = near.id"
        f" WHERE {_fits(viewer, said)}{order} LIMIT :limit",
        looked_at=LOOKED_AT,
        limit=limit + 1,
        **values,
    )
    last = rows[limit - 1] if len(rows) > limit else None
    if last is None:
        last = await here.db.row(f"{part} 1 OFFSET :looked_at", looked_at=LOOKED_AT - 1, **values)
    return Narrowed([row["id"] for row in rows[:limit]], None if last is None else f"{last['at']}.{last['id']}", None)


def _fits(viewer: Viewer, said: list[str]) -> str:
    return " AND ".join([_on_post(said), readable(viewer)[0], findable(viewer)])


def _on_post(said: list[str]) -> str:
    inner = [condition for condition in said if condition.startswith(("practice.", "lower("))]
    outer = [condition for condition in said if condition not in inner]
    if inner:
        outer.append(f"EXISTS (SELECT 1 FROM practice WHERE practice.id = post.id AND {' AND '.join(inner)})")
    return " AND ".join(outer)


def _asked(facets: Facets) -> dict[str, Any]:
    named = {f"facet_{name}": value for name in ("subject", "level", "language", "licence")
             if (value := getattr(facets, name))}  # fmt: skip
    return named | _bands(facets)


def _said(facets: Facets) -> list[str]:
    """What a practice has to say, as conditions, those that few fit first."""
    said = [
        f"lower(practice.{name}) = lower(:facet_{name}) AND practice.{name} <> ''"
        for name in ("subject", "level")
        if getattr(facets, name)
    ]
    said += [f"post.{name} = :facet_{name}" for name in ("language", "licence") if getattr(facets, name)]
    if facets.size in SIZE_BANDS:
        said.append("practice.group_size IS NOT NULL AND practice.group_size BETWEEN :size_from AND :size_to")
    if facets.minutes in MINUTE_BANDS:
        said.append("practice.minutes IS NOT NULL AND practice.minutes <= :most_minutes")
    return said


def _bands(facets: Facets) -> dict[str, int]:
    least, most = SIZE_BANDS.get(facets.size, (0, 0))
    return {"size_from": least, "size_to": most, "most_minutes": MINUTE_BANDS.get(facets.minutes, 0)}
