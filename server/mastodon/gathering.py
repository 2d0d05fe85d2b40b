"""What stands around the posts of a page for apps: two statements, however many posts there are.

One for everybody who is named by them, wrote them or passed them on, one for files, tags, mentions, polls, events and
what the reader did.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape

from server.actors.viewer import Viewer
from server.db import Row, among
from server.instance import Instance
from server.mastodon.accounts import ACCOUNT_COLUMNS, account_of, mention_of, page_of
from server.mastodon.entities import Account, Community, Mention
from server.mastodon.filtering import MARKED_SQL, WORDS_SQL
from server.peers.queries import shows_media

_NO_NUMBERS = "CAST(NULL AS BIGINT) AS m, CAST(NULL AS BIGINT) AS n, 0 AS o"
_NO_TEXTS = "'' AS b, '' AS c, '' AS d, '' AS e, '' AS f, '' AS g"
_FILES = (
    "SELECT file.post_id AS post_id, 'file' AS what, file.id AS a, COALESCE(file.media_id, '') AS b, file.kind AS c,"
    " file.url AS d, COALESCE(media.focus, '') AS e, file.name AS f, file.alt AS g, COALESCE(media.thumb_key, '') AS h,"
    " CAST(file.width AS BIGINT) AS m, CAST(file.height AS BIGINT) AS n, file.position AS o"
    " FROM post_attachment AS file LEFT JOIN media ON media.id = file.media_id WHERE file.post_id IN ({posts})"
)
_TAGS = (
    f"SELECT post_id, 'tag', tag AS a, {_NO_TEXTS}, '' AS h, {_NO_NUMBERS} FROM post_tag WHERE post_id IN ({{posts}})"
)
_MENTIONS = (
    f"SELECT post_id, 'mention', actor_id AS a, {_NO_TEXTS}, '' AS h, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT),"
    " CAST(post_mention.id AS BIGINT) FROM post_mention WHERE post_id IN ({posts})"
)
_MINE = (
    *(
        f"SELECT post_id, '{what}', '' AS a, {_NO_TEXTS}, '' AS h, {_NO_NUMBERS} FROM {table}"
        f" WHERE actor_id = :me{which} AND post_id IN ({{posts}})"
        for what, table, which in [
            ("like", "post_like", " AND kind = 'like'"),
            ("boost", "boost", " AND undone_at IS NULL"),
            ("bookmark", "bookmark", ""),
            ("pin", "profile_pin", ""),
        ]
    ),
    f"SELECT post.id, 'mute', '' AS a, {_NO_TEXTS}, '' AS h, {_NO_NUMBERS} FROM post JOIN thread_mute AS quiet"
    " ON quiet.root_id = COALESCE(post.root_id, post.id) AND quiet.actor_id = :me WHERE post.id IN ({posts})",
)
_POLLS = (
    "SELECT poll.id, 'poll', CASE WHEN poll.is_multiple THEN '1' ELSE '' END,"
    " CASE WHEN poll.hides_totals THEN '1' ELSE '' END AS b, '' AS c, '' AS d, '' AS e, '' AS f, '' AS g, '' AS h,"
    " CASE WHEN poll.closed_at IS NOT NULL AND (poll.ends_at IS NULL OR poll.closed_at < poll.ends_at)"
    " THEN poll.closed_at ELSE poll.ends_at END, CAST(poll.voters_count AS BIGINT), 0"
    " FROM poll WHERE poll.id IN ({posts})"
)
_OPTIONS = (
    f"SELECT poll_id, 'option', name, {_NO_TEXTS}, '' AS h, CAST(votes AS BIGINT), CAST(NULL AS BIGINT), position"
    " FROM poll_option WHERE poll_id IN ({posts})"
)
_VOTES = (
    f"SELECT poll_id, 'vote', '', {_NO_TEXTS}, '' AS h, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), position"
    " FROM poll_vote WHERE actor_id = :me AND poll_id IN ({posts})"
)
_EVENTS = (
    "SELECT id, 'event', timezone, place, COALESCE(links, '') AS c, join_url AS d, '' AS e, '' AS f, '' AS g, '' AS h,"
    " starts_at, ends_at, 0 FROM event_facts WHERE id IN ({posts})"
)


@dataclass(frozen=True, slots=True)
class Named:
    """An actor as posts of a page speak of them, made once for all of these posts.

    `page` is their path here; `href` and `link` stand in texts; `name` is safe HTML.
    """

    mention: Mention
    page: str
    is_there: bool
    community: Community
    name: str
    href: str
    link: str


@dataclass(slots=True)
class Gathered:
    """By ids of posts: rows in their order.

    `done` are pairs of a post and what the reader did: ``like``, ``boost``, ``bookmark``, ``pin`` or ``mute``.
    """

    actors: dict[str, Row] = field(default_factory=dict)
    files: dict[str, list[Row]] = field(default_factory=dict)
    tags: dict[str, list[str]] = field(default_factory=dict)
    mentions: dict[str, list[str]] = field(default_factory=dict)
    mentioning: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    polls: dict[str, Row] = field(default_factory=dict)
    options: dict[str, list[Row]] = field(default_factory=dict)
    votes: dict[str, list[int]] = field(default_factory=dict)
    events: dict[str, Row] = field(default_factory=dict)
    done: set[tuple[str, str]] = field(default_factory=set)
    words: list[Row] = field(default_factory=list)
    marked: dict[str, list[Row]] = field(default_factory=dict)
    _accounts: dict[str, Account] = field(default_factory=dict)
    _named: dict[str, Named] = field(default_factory=dict)
    _facts: dict[str, tuple[object, ...]] = field(default_factory=dict)

    def account(self, here: Instance, actor_id: str) -> Account | None:
        """The account of an actor, made once; None for one who is not there."""
        made = self._accounts.get(actor_id)
        if made is None and actor_id in self.actors:
            made = self._accounts[actor_id] = account_of(here, self.actors[actor_id])
        return made

    def facts(self, here: Instance, actor_id: str) -> tuple[object, ...]:
        """All that a status says of an actor comes from this: their row, and whether pictures from there are shown."""
        found = self._facts.get(actor_id)
        if found is None:
            row = self.actors.get(actor_id)
            shown = row is not None and (bool(row["is_local"]) or shows_media(here, row["uri"].split("/")[2]))
            found = self._facts[actor_id] = (shown, *(row.values() if row is not None else ()))
        return found

    def named(self, here: Instance, actor_id: str | None) -> Named | None:
        """An actor who is named; None for one who is not there."""
        made = self._named.get(actor_id or "")
        if made is None and actor_id is not None and actor_id in self.actors:
            made = self._named[actor_id] = _named(here, self.actors[actor_id])
        return made


def _named(here: Instance, row: Row) -> Named:
    mention = mention_of(here, row)
    name = row["name"] or row["username"]
    href = f'href="{escape(mention.url)}"'
    return Named(
        mention=mention,
        page=page_of(row),
        is_there=row["suspended_at"] is None and row["deleted_at"] is None,
        community=Community(mention.id, mention.acct, name, mention.url),
        name=escape(name),
        href=href,
        link=f'<a class="u-url mention" {href}>@{escape(mention.acct)}</a>',
    )


async def gather(here: Instance, viewer: Viewer, rows: Sequence[Row]) -> Gathered:
    """What stands around the posts of these rows, which have `id`, `kind`, `author_id`, `community_id` and `via_id`."""
    found = Gathered()
    if not rows:
        return found
    posts, ids = among([row["id"] for row in rows], "p")
    actors = {row["author_id"] for row in rows} | {row["community_id"] for row in rows if row["community_id"]}
    actors |= {row["via_id"] for row in rows if row.get("via_id")}
    named, who = among(sorted(actors), "a")
    for row in await here.db.rows(_actors(named, posts), **ids, **who):
        found.actors[row["id"]] = row
    kinds = {row["kind"] for row in rows}
    statement = _around(posts, viewer.actor_id is not None, "poll" in kinds, "session" in kinds)
    if viewer.actor_id is not None:
        ids["me"] = viewer.actor_id
    for row in await here.db.rows(statement, **ids):
        _sort_in(found, row)
    _put_in_order(found)
    return found


@lru_cache(maxsize=200)
def _around(posts: str, is_somebody: bool, polls: bool, sessions: bool) -> str:
    parts = [_FILES, _TAGS, _MENTIONS]
    if is_somebody:
        parts += [*_MINE, WORDS_SQL, MARKED_SQL]
    if polls:
        parts += [_POLLS, _OPTIONS] + ([_VOTES] if is_somebody else [])
    if sessions:
        parts.append(_EVENTS)
    return " UNION ALL ".join(parts).format(posts=posts)


@lru_cache(maxsize=500)
def _actors(named: str, posts: str) -> str:
    return (
        f"SELECT {ACCOUNT_COLUMNS} FROM actor WHERE actor.id IN (SELECT naming.actor_id FROM post_mention AS naming"
        f" WHERE naming.post_id IN ({posts}) UNION ALL SELECT who.id FROM actor AS who WHERE who.id IN ({named}))"
    )


def _put_in_order(found: Gathered) -> None:
    """By place within a post, and then by what was written first: the database would sort every part by itself."""
    for rows in (found.words, *found.files.values(), *found.options.values(), *found.marked.values()):
        if len(rows) > 1:
            rows.sort(key=_place)
    for several in (*found.tags.values(), *found.votes.values()):
        several.sort()  # type: ignore[attr-defined]
    for post_id, named in found.mentioning.items():
        found.mentions[post_id] = [actor_id for _, actor_id in sorted(named)]


def _place(row: Row) -> tuple[int, str]:
    return row["o"], row["a"]


def _sort_in(found: Gathered, row: Row) -> None:
    post_id, what = row["post_id"], row["what"]
    if what == "file":
        found.files.setdefault(post_id, []).append(row)
    elif what == "tag":
        found.tags.setdefault(post_id, []).append(row["a"])
    elif what == "mention":
        found.mentioning.setdefault(post_id, []).append((row["o"], row["a"]))
    elif what == "poll":
        found.polls[post_id] = row
    elif what == "option":
        found.options.setdefault(post_id, []).append(row)
    elif what == "vote":
        found.votes.setdefault(post_id, []).append(row["o"])
    elif what == "word":
        found.words.append(row)
    elif what == "marked":
        found.marked.setdefault(post_id, []).append(row)
    elif what == "event":
        found.events[post_id] = row
    else:
        found.done.add((post_id, what))
