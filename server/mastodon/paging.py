"""Pages of lists as apps ask for them: `max_id` older than, `min_id` just above, `since_id` the newest above.

Lists are the newest first, whichever way they were cut. Where to go on stands in a `Link` header (RFC 8288).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from starlette.requests import Request

from server.api import Parameters, text_of
from server.instance import Instance
from server.mastodon.ids import range_of

T = TypeVar("T")

PAGING = ("max_id", "min_id", "since_id")


@dataclass(frozen=True, slots=True)
class Cut:
    """What part of a list is wanted, as digits of ids. `limit` is within bounds whatever was asked."""

    limit: int
    max_id: str | None = None
    min_id: str | None = None
    since_id: str | None = None

    @property
    def is_upwards(self) -> bool:
        """Whether the oldest of what is newer is wanted, not the newest."""
        return self.min_id is not None

    @property
    def above(self) -> str | None:
        """What is wanted is newer than this."""
        return self.min_id or self.since_id


def part_by_id(cut: Cut, column: str) -> tuple[str, dict[str, Any]]:
    """A condition, to be put after others, and its parameters: the part of a list by our ids that is wanted."""
    condition, values = "", dict[str, Any]()
    for name, sign, number in (("older", "<", cut.max_id), ("newer", ">", cut.above)):
        bounds = None if number is None else range_of(number)
        if bounds is not None:
            condition += f" AND {column} {sign} :{name}"
            values[name] = bounds[0] if sign == "<" else bounds[1]
    return condition, values


def cut_of(found: Parameters, *, usual: int = 20, most: int = 40) -> Cut:
    """The part that a request asks for; what is no id counts as not said, too large a limit as the largest."""
    wanted = text_of(found, "limit", 10)
    limit = int(wanted) if wanted.isascii() and wanted.isdigit() else usual
    ids = {name: text_of(found, name, 30) for name in PAGING}
    known = {name: value if range_of(value) else None for name, value in ids.items()}
    return Cut(limit=max(1, min(limit or usual, most)), **known)


def ordered(cut: Cut, rows: Sequence[T]) -> list[T]:
    """Rows the newest first: what was read upwards is turned round."""
    return list(reversed(rows)) if cut.is_upwards else list(rows)


def link_header(here: Instance, request: Request, ids: Sequence[str], *, more: bool) -> dict[str, str]:
    """The header for a page with things of these digits; `more`: there is, or may be, something older."""
    if not ids:
        return {}
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in PAGING]
    base = here.url(quote(request.scope["path"]))  # a hashtag may have any letters, and other things stand in headers
    links = []
    if more:
        links.append(f'<{base}?{urlencode([*kept, ("max_id", ids[-1])])}>; rel="next"')
    links.append(f'<{base}?{urlencode([*kept, ("min_id", ids[0])])}>; rel="prev"')
    return {"Link": ", ".join(links)}


def offset_of(found: Parameters, most: int = 10_000) -> int:
    """How many to pass over, for the few lists that are cut that way."""
    text = text_of(found, "offset", 10)
    return min(int(text), most) if text.isascii() and text.isdigit() else 0


def in_order(wanted: Iterable[str], found: dict[str, T]) -> list[T]:
    """What was found, in the order in which it was asked for."""
    return [found[key] for key in wanted if key in found]
