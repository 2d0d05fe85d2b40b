"""The library, narrowed: found by what is rarest of what is asked for, or looked for among the latest, part by part.

Whether few or none say something is known from an index at once. Where each thing that was asked for is said by many,
but perhaps never all of it together, so many are looked through for one page, and the next goes on behind those.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from server.actors.viewer import Viewer
from server.db import Row
from server.db.given import TEXT, given, rows_given
from server.instance import Instance
from server.posts.queries import parse_cursor
from server.posts.readable import findable, readable

FEW = 200
LOOKED_AT = 2000
SIZE_BANDS = {"1-10": (1, 10), "11-20": (11, 20), "21-30": (21, 30), "31-": (31, 5000)}
MINUTE_BANDS = {"10": 10, "20": 20, "45": 45, "90": 90}
_KEYS = "post.id AS id, post.published_at AS at, post.useful AS useful"
_LIBRARY = "post.state = 'visible' AND post.kind IN ('practice', 'tip')"


SAID = ("subject", "level", "size", "minutes", "language", "licence")
USEFUL = "useful"
"""The order of `Facets.sort` in which what was tried and worked comes first (C16)."""


@dataclass(frozen=True, slots=True)
class Further:
    """A condition on the alias `post` that a feature above adds, and what it is asked with."""

    condition: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facets:
    """What narrows the library; empty means all. `size` and `minutes` are keys of the bands.

    `like`: what was tried in a context like the reader's, by `further`, which holds what is known of those alone.
    `sort`: `USEFUL`, or empty for the newest first; what somebody shared themselves has the latter alone.
    """

    subject: str = ""
    level: str = ""
    size: str = ""
    minutes: str = ""
    language: str = ""
    licence: str = ""
    community_id: str = ""
    mine: str = ""
    like: str = ""
    sort: str = ""
    further: Further | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is narrowed."""
        return replace(self, sort="") == Facets()

    @property
    def by_use(self) -> bool:
        """Whether what was tried and worked comes first."""
        return self.sort == USEFUL and not self.mine


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The ids of one page, the newest first, and the cursor of the next; `total` is None where nobody counted."""

    ids: list[str]
    next: str | None
    total: int | None


def facets_said(values: Mapping[str, str]) -> Facets:
    """What practices say of themselves, as an address asks for it."""
    said = {name: values.get(name, "").replace("\x00", "")[:200] for name in SAID}
    return Facets(said["subject"], said["level"], said["size"], said["minutes"], said["language"], said["licence"])


def source(here: Instance, facets: Facets) -> tuple[str, str]:
    """The table by the index that has the library, of one person or community, in order, and the condition for that."""
    index, which = "idx_post_useful" if facets.by_use else "idx_post_library", _LIBRARY
    if facets.mine == "shared":
        index, which = "idx_post_library_by", f"{which} AND post.author_id = :facet_author"
        which += " AND post.community_id = :facet_community" if facets.community_id else ""
    elif facets.community_id:
        index, which = f"{index}_of", f"{which} AND post.community_id = :facet_community"
    return f"post{here.db.by(index)}", which


async def narrowed(here: Instance, viewer: Viewer, facets: Facets, before: str | None, limit: int) -> Narrowed | None:
    """One page; None where nothing is asked for that a practice says. At most eight queries."""
    said = _said(facets)
    if not said and facets.further is None and not facets.by_use:
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
    said = [*_said(facets), *([facets.further.condition] if facets.further is not None else [])]
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
        f"SELECT {_KEYS} FROM {given(here.db.dialect, id=TEXT)}"
        f" {join} post ON post.id = given.id WHERE {which} AND {_fits(viewer, facets, said)}",
        given=rows_given({"id": each} for each in ids),
        **asked,
        **readable(viewer)[1],
    )
    found = sorted((_place(facets, row) for row in rows), reverse=True)
    cursor = _cursor(facets, before)
    rest = found if cursor is None else [each for each in found if each < cursor]
    more = _told(rest[limit - 1]) if len(rest) > limit else None
    return Narrowed([str(each[-1]) for each in rest[:limit]], more, len(found))


async def _of_the_latest(
    here: Instance,
    viewer: Viewer,
    facets: Facets,
    before: str | None,
    limit: int,
    said: list[str],
    asked: dict[str, Any],
) -> Narrowed:
    """What fits among so many of the first in order behind the cursor."""
    table, which = source(here, facets)
    values = asked | readable(viewer)[1]
    cursor = _cursor(facets, before)
    if cursor is not None and facets.by_use:
        which += (
            " AND (post.useful, post.published_at, post.id)"
            " < (CAST(:before_useful AS INT), CAST(:before_at AS BIGINT), :before_id)"
        )
        values["before_useful"], values["before_at"], values["before_id"] = cursor
    elif cursor is not None:
        which += (
            " AND (post.published_at < CAST(:before_at AS BIGINT)"
            " OR (post.published_at = CAST(:before_at AS BIGINT) AND post.id < :before_id))"
        )
        values["before_at"], values["before_id"] = cursor
    first, near = ("post.useful DESC, ", "near.useful DESC, ") if facets.by_use else ("", "")
    part = f"SELECT {_KEYS} FROM {table} WHERE {which} ORDER BY {first}post.published_at DESC, post.id DESC LIMIT "
    # SQLite keeps the order of what is joined so, and stops when it has enough: told to sort, it would read all of it.
    join, order = (
        ("CROSS JOIN", "") if here.db.dialect == "sqlite" else ("JOIN", f" ORDER BY {near}near.at DESC, near.id DESC")
    )
    rows = await here.db.rows(
        f"SELECT near.id, near.at, near.useful FROM ({part} :looked_at) AS near {join} post ON post.id = near.id"
        f" WHERE {_fits(viewer, facets, said)}{order} LIMIT :limit",
        looked_at=LOOKED_AT,
        limit=limit + 1,
        **values,
    )
    last = rows[limit - 1] if len(rows) > limit else None
    if last is None:
        last = await here.db.row(f"{part} 1 OFFSET :looked_at", looked_at=LOOKED_AT - 1, **values)
    more = None if last is None else _told(_place(facets, last))
    return Narrowed([row["id"] for row in rows[:limit]], more, None)


def _fits(viewer: Viewer, facets: Facets, said: list[str]) -> str:
    further = [facets.further.condition] if facets.further is not None else []
    return " AND ".join([*([_on_post(said)] if said else []), *further, readable(viewer)[0], findable(viewer)])


def _place(facets: Facets, row: Row) -> tuple[int | str, ...]:
    """Where something stands in the order that is asked for, the first the largest."""
    return (row["useful"], row["at"], row["id"]) if facets.by_use else (row["at"], row["id"])


def _told(place: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in place)


def _cursor(facets: Facets, before: str | None) -> tuple[int | str, ...] | None:
    if not facets.by_use:
        return parse_cursor(before)
    number, _, rest = (before or "").partition(".")
    found = parse_cursor(rest)
    is_number = number.isascii() and number.isdecimal() and len(number) < 5
    return (int(number), *found) if found is not None and is_number else None


def _on_post(said: list[str]) -> str:
    inner = [condition for condition in said if condition.startswith(("practice.", "lower("))]
    outer = [condition for condition in said if condition not in inner]
    if inner:
        outer.append(f"EXISTS (SELECT 1 FROM practice WHERE practice.id = post.id AND {' AND '.join(inner)})")
    return " AND ".join(outer)


def _asked(facets: Facets) -> dict[str, Any]:
    named = {f"facet_{name}": value for name in ("subject", "level", "language", "licence")
             if (value := getattr(facets, name))}  # fmt: skip
    return named | _bands(facets) | dict(facets.further.parameters if facets.further is not None else {})


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
