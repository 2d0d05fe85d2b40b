"""Rows of posts for apps: single ones by their digits, and pages of lists, always what the viewer may read."""

from collections.abc import Sequence
from typing import Any

from server.actors.viewer import Viewer
from server.db import Row
from server.instance import Instance
from server.mastodon.entities import Status
from server.mastodon.ids import milliseconds_of, range_of
from server.mastodon.paging import Cut, ordered
from server.mastodon.serving import missing
from server.mastodon.statuses import STATUS_COLUMNS, statuses_of
from server.posts.readable import findable, readable

BOOST_COLUMNS = "boost.id AS boost_id, boost.uri AS boost_uri, boost.created_at AS boosted_at, boost.actor_id AS via_id"


async def post_id_of(here: Instance, number: str) -> str | None:
    """Our id of the post with these digits, or of the post that the boost with them passed on; no rights looked at."""
    bounds = range_of(number)
    if bounds is None:
        return None
    value = await here.db.value(
        "SELECT id FROM post WHERE id BETWEEN :low AND :high"
        " UNION ALL SELECT post_id FROM boost WHERE id BETWEEN :low AND :high AND undone_at IS NULL LIMIT 1",
        low=bounds[0],
        high=bounds[1],
    )
    return None if value is None else str(value)


async def status(here: Instance, viewer: Viewer, number: str) -> Status:
    """One status or boost by its digits. Raises ApiError 404 for absent and private ones alike."""
    rows = await rows_of(here, viewer, [number])
    found = await statuses_of(here, viewer, rows)
    if not found:
        raise missing()
    return found[0]


async def status_by_id(here: Instance, viewer: Viewer, post_id: str) -> Status:
    """One status by our id of the post."""
    may_read, parameters = readable(viewer)
    rows = await here.db.rows(
        f"SELECT {STATUS_COLUMNS} FROM post WHERE post.id = :wanted"
        f" AND post.state IN ('visible', 'waiting', 'held', 'peers') AND {may_read}",
        wanted=post_id,
        **parameters,
    )
    found = await statuses_of(here, viewer, rows)
    if not found:
        raise missing()
    return found[0]


async def own_boost(here: Instance, viewer: Viewer, post_id: str) -> Status:
    """The viewer's boost of a post, also one whose author is still asked. Raises ApiError 404 where there is none."""
    may_read, parameters = readable(viewer)
    rows = await here.db.rows(
        f"SELECT {STATUS_COLUMNS}, {BOOST_COLUMNS} FROM boost JOIN post ON post.id = boost.post_id"
        " WHERE boost.post_id = :wanted AND boost.actor_id = :me AND boost.undone_at IS NULL"
        f" AND post.state = 'visible' AND {may_read} ORDER BY boost.id LIMIT 1",
        wanted=post_id,
        me=viewer.actor_id,
        **parameters,
    )
    found = await statuses_of(here, viewer, rows)
    if not found:
        raise missing()
    return found[0]


async def rows_of(here: Instance, viewer: Viewer, numbers: Sequence[str]) -> list[Row]:
    """Rows of posts and boosts with these digits that the viewer may read, in no certain order."""
    found: list[Row] = []
    for number in numbers:
        bounds = range_of(number)
        if bounds is None:
            continue
        may_read, parameters = readable(viewer)
        values = {"low": bounds[0], "high": bounds[1], **parameters}
        rows = await here.db.rows(
            f"SELECT {STATUS_COLUMNS} FROM post WHERE post.id BETWEEN :low AND :high"
            f" AND post.state IN ('visible', 'waiting', 'held', 'peers') AND {may_read} ORDER BY post.id LIMIT 1",
            **values,
        )
        found += rows or await here.db.rows(
            f"SELECT {STATUS_COLUMNS}, {BOOST_COLUMNS} FROM boost JOIN post ON post.id = boost.post_id"
            " WHERE boost.id BETWEEN :low AND :high AND boost.undone_at IS NULL AND boost.state = 'done'"
            f" AND post.state = 'visible' AND {may_read} ORDER BY boost.id LIMIT 1",
            **values,
        )
    return found


async def batch(here: Instance, viewer: Viewer, numbers: Sequence[str]) -> list[Row]:
    """Rows of posts with these digits that the viewer may read, in one statement; boosts are none."""
    found = {number: bounds for number in numbers if (bounds := range_of(number)) is not None}
    if not found:
        return []
    may_read, parameters = readable(viewer)
    wanted, values = [], dict[str, str]()
    for position, (low, high) in enumerate(found.values()):
        wanted.append(f"post.id BETWEEN :low{position} AND :high{position}")
        values |= {f"low{position}": low, f"high{position}": high}
    return await here.db.rows(
        f"SELECT {STATUS_COLUMNS} FROM post WHERE ({' OR '.join(wanted)}) AND post.state = 'visible' AND {may_read}"
        " ORDER BY post.id LIMIT :limit",
        limit=len(found),
        **values,
        **parameters,
    )


async def place_of(here: Instance, number: str) -> tuple[int, str]:
    """Where a post or boost with these digits stands in lists by time: its time and id; near it, where it is gone."""
    bounds = range_of(number)
    if bounds is None:
        return 0, ""
    row = await here.db.row(
        "SELECT published_at AS at, id FROM post WHERE id BETWEEN :low AND :high"
        " UNION ALL SELECT created_at, id FROM boost WHERE id BETWEEN :low AND :high LIMIT 1",
        low=bounds[0],
        high=bounds[1],
    )
    return (milliseconds_of(number), bounds[0]) if row is None else (row["at"], row["id"])


async def within(here: Instance, cut: Cut, at: str, key: str) -> tuple[str, dict[str, Any]]:
    """A condition, to be put after others, and its parameters: the part of a list by `at` and `key` that is wanted."""
    condition, values = "", dict[str, Any]()
    for name, sign, number in (("older", "<", cut.max_id), ("newer", ">", cut.above)):
        if number is not None:
            condition += (
                f" AND ({at} {sign} CAST(:{name}_at AS BIGINT)"
                f" OR ({at} = CAST(:{name}_at AS BIGINT) AND {key} {sign} :{name}_id))"
            )
            values[f"{name}_at"], values[f"{name}_id"] = await place_of(here, number)
    return condition, values


async def page(here: Instance, viewer: Viewer, cut: Cut, **how: Any) -> list[Status]:
    """A page of statuses; `how` as for `page_rows`."""
    return await statuses_of(here, viewer, await page_rows(here, viewer, cut, **how))


async def page_rows(
    here: Instance,
    viewer: Viewer,
    cut: Cut,
    *,
    source: str = "post",
    at: str = "post.published_at",
    key: str = "post.id",
    condition: str = "",
    look_around: bool = True,
    **parameters: Any,
) -> list[Row]:
    """A page of visible posts from `source`, by time. `look_around`: without people of limited servers (`findable`)."""
    may_read, values = readable(viewer)
    part, bounds = await within(here, cut, at, key)
    direction = "ASC" if cut.is_upwards else "DESC"
    rows = await here.db.rows(
        f"SELECT {STATUS_COLUMNS} FROM {source} WHERE post.state = 'visible'{condition}{part} AND {may_read}"
        f"{f' AND {findable(viewer)}' if look_around else ''}"
        f" ORDER BY {at} {direction}, {key} {direction} LIMIT :limit",
        limit=cut.limit,
        **values,
        **bounds,
        **parameters,
    )
    return ordered(cut, rows)
