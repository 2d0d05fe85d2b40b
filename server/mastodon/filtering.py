"""What a reader's filters say of statuses: results for apps, and what is left out of lists.

Apps get every filter that a status meets, with its places, and warn by themselves; what is to be hidden in a place is
left out here. One's own posts are never filtered.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import UNSET

from server.db import Row, to_milliseconds
from server.filters.actions import HIDE
from server.filters.queries import MAX_READ, FilterView, met
from server.mastodon.accounts import moment_or_none
from server.mastodon.entities import Filter, FilterKeyword, FilterResult, FilterStatus, Status
from server.mastodon.ids import number_of
from server.text import plain

HOME, NOTIFICATIONS, PUBLIC, THREAD, ACCOUNT = "home", "notifications", "public", "thread", "account"

WORDS_SQL = (
    "SELECT '' AS post_id, 'word', own.id AS a, own.title AS b, own.places AS c, own.action AS d, word.keyword AS e,"
    " CASE WHEN word.whole_word THEN '1' ELSE '' END AS f, '' AS g, '' AS h, own.expires_at, CAST(NULL AS BIGINT), 0"
    " FROM content_filter AS own JOIN filter_keyword AS word ON word.within_id = own.id WHERE own.owner_id = :me"
)
MARKED_SQL = (
    "SELECT marked.post_id, 'marked', own.id AS a, own.title AS b, own.places AS c, own.action AS d, '' AS e, '' AS f,"
    " '' AS g, '' AS h, own.expires_at, CAST(NULL AS BIGINT), 0 FROM filter_post AS marked JOIN content_filter AS own"
    " ON own.id = marked.within_id AND own.owner_id = :me WHERE marked.post_id IN ({posts})"
)
"""Parts of what is gathered around posts: words of the reader's filters, and posts that they name."""


def results(words: Sequence[Row], marked: Sequence[Row], text: str, post_id: str, now: datetime) -> list[FilterResult]:
    """Which filters a post meets, by its text or because it is named."""
    until = to_milliseconds(now)
    found: dict[str, FilterResult] = {}
    in_force = [row for row in (*words, *marked) if row["m"] is None or row["m"] > until]
    looked_for = {(row["e"], bool(row["f"])) for row in in_force if row["what"] == "word"}
    there = {whole: set(met((word for word in looked_for if word[1] == whole), text)) for whole in (False, True)}
    for row in in_force:
        is_marked = row["what"] == "marked"
        if not is_marked and row["e"] not in there[bool(row["f"])]:
            continue
        result = found.get(row["a"])
        if result is None:
            result = found[row["a"]] = FilterResult(_filter(row), None, None)
        if is_marked:
            result.status_matches = [*(result.status_matches or []), number_of(post_id)]
        else:
            result.keyword_matches = [*(result.keyword_matches or []), row["e"]]
    return list(found.values())


def said(row: Row, options: Iterable[str], pictures: Iterable[str]) -> str:
    """Everything that a post says, as far as a filter reads it."""
    text = plain(row["content_html"][: 5 * MAX_READ])
    parts = [row["title"], row["content_warning"], row["summary"], *options, *pictures, text]
    return "\n".join(part for part in parts if part)


def is_hidden(status: Status, place: str) -> bool:
    """Whether a filter of the reader's hides a status, or the one that it passes on, in a place."""
    if status.filtered is UNSET:
        return False
    return any(each.filter.filter_action == HIDE and place in each.filter.context for each in status.filtered)


def shown_in(place: str, statuses: Iterable[Status]) -> list[Status]:
    """Without what is hidden in a place."""
    return [status for status in statuses if not is_hidden(status, place)]


def filter_of(view: FilterView) -> Filter:
    """A filter as its owner reads it."""
    return Filter(
        id=number_of(view.id),
        title=view.title,
        context=list(view.places),
        expires_at=None if view.expires_at is None else moment_or_none(to_milliseconds(view.expires_at)),
        filter_action=view.action,  # type: ignore[arg-type]  # the table holds only these
        keywords=[FilterKeyword(number_of(word.id), word.keyword, word.whole_word) for word in view.keywords],
        statuses=[FilterStatus(number_of(post.id), number_of(post.post_id)) for post in view.posts],
    )


def _filter(row: Row) -> Filter:
    return Filter(
        id=number_of(row["a"]),
        title=row["b"],
        context=row["c"].split(),
        expires_at=moment_or_none(row["m"]),
        filter_action=row["d"],
    )
