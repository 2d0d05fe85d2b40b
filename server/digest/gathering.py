"""What there is to say to many people at once: a fixed number of statements, however many they are.

Only posts that everybody may read are named. Of others it is told how many there are, and nothing else (S15).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from server.db import Row, among
from server.db.given import TEXT, given, rows_given
from server.digest.choosing import LATEST, Pools, asks_for, practices_for
from server.digest.content import MAX_ENTRIES, Digest, Entry, put_together
from server.instance import Instance
from server.notifications.tiers import NONE, OF_SPACES, TODAY, tier_of, tiers_from
from server.peers.policy import in_sql
from server.posts.policy import OPEN
from server.posts.queries import page_path
from server.posts.readable import findable_by, readable_by

NOT_AGAIN_WITHIN = timedelta(weeks=8)
NEWS_SINCE = timedelta(days=14)
SPACES_SINCE = timedelta(days=7)
AHEAD = timedelta(days=7)
COUNTED = 10
"""What is new in a private space is counted up to this."""

BESIDE = 1000
"""Two numbers of a space, all and the confidential, in one."""

DUTIES = ("applied", "held", "asks_in", "follow_request", "invited", "greet", "ungreeted")
CARE = frozenset(
    {"ban", "warning", "removed", "refused", "revise", "report", "report_done", "accepted", "declined", "cut_off"}
)
MAX_CELEBRATED = 3
THANKS = ("helped", "like", "boost", "follow", "joined", "moved")
SHARED = frozenset({"practice", "tip", "resource"})
PATHS = {
    "applied": "/week",
    "held": "/week",
    "asks_in": "/admin/people",
    "follow_request": "/me/requests",
    "invited": "/communities",
    "greet": "/notifications",
    "ungreeted": "/notifications",
    "care": "/notifications",
}

Readers = Sequence[Mapping[str, Any]]
"""Rows with ``reader_id``, what they said of themselves, and ``tiers``."""

_NAMED = (
    f"(root.state = 'visible' AND root.visibility IN {in_sql(tuple(sorted(OPEN)))} AND root.content_warning = ''"
    " AND NOT root.sensitive AND (post.id IS NULL OR"
    f" (post.state = 'visible' AND post.visibility IN {in_sql(tuple(sorted(OPEN)))})))"
)
_NAMES_READER = "EXISTS (SELECT 1 FROM post_mention AS mine WHERE mine.post_id = post.id AND mine.actor_id = reader.id)"
_STILL_SO = (
    "(told.kind <> 'held' OR post.state = 'held') AND (told.kind <> 'invited' OR NOT EXISTS (SELECT 1"
    " FROM membership AS inside WHERE inside.community_id = told.community_id"
    " AND inside.person_id = told.reader_id AND inside.state = 'active'))"
)


async def gather(here: Instance, readers: Readers, pools: Pools, now: datetime) -> dict[str, Digest]:
    """What there is to say to each of them; six statements. Who has nothing to hear gets an empty digest."""
    found: dict[str, defaultdict[str, list[Entry]]] = {row["reader_id"]: defaultdict(list) for row in readers}
    if not found:
        return {}
    places, names = among(found, "reader")
    private = await _private(here, places, names, now)
    tiers = {row["reader_id"]: tiers_from(row["tiers"]) for row in readers}
    for row in await _news(here, places, names, now):
        if tier_of(row["kind"], tiers[row["reader_id"]], row["space_tier"]) != NONE:
            _file(found[row["reader_id"]], row, private)
    for row in await _events(here, places, names, now):
        what = "going" if row["going"] else "open"
        entry = Entry(what, row["title"], page_path(row["short"], row["title"], "session"), row["id"], at=row["at"])
        found[row["reader_id"]]["events"].append(entry)
    for row in await _celebrated(here, places, names, now):
        entry = Entry(
            "named" if row["names_me"] else "celebrated",
            row["title"],
            page_path(row["short"], row["title"], row["kind"]),
            row["id"],
            who=_name(row),
        )
        found[row["reader_id"]]["celebrated"].append(entry)
    await _suggest(here, readers, pools, found, now)
    for reader_id, counted in private.items():
        found[reader_id]["answers"][MAX_ENTRIES["answers"] - len(counted) :] = []
        found[reader_id]["answers"] += _counted(counted, "/week")
    return {reader_id: put_together(_tidied(blocks)) for reader_id, blocks in found.items()}


async def gather_news(here: Instance, reader: Mapping[str, Any], kinds: Collection[str], now: datetime) -> Digest:
    """What happened to one person until now, of these kinds and where they chose so for a community; one statement."""
    places, names = among([reader["reader_id"]], "reader")
    blocks: defaultdict[str, list[Entry]] = defaultdict(list)
    private: dict[str, Counter[str]] = {}
    for row in await _news(here, places, names, now):
        chosen = row["space_tier"] if row["kind"] in OF_SPACES else None
        if chosen == TODAY or (chosen is None and row["kind"] in kinds):
            _file(blocks, row, private)
    for counted in private.values():
        blocks["answers"] += _counted(counted, "/notifications")
    return put_together(_tidied(blocks))


def _counted(counted: Counter[str], path: str) -> list[Entry]:
    """How much is new where nothing is named, one line for each kind of such spaces."""
    return [Entry(what, path=path, count=counted[what]) for what in ("private", "confidential") if counted[what]]


def _file(blocks: dict[str, list[Entry]], row: Row, private: dict[str, Counter[str]]) -> None:
    """Put one kind of news about one thing where it belongs."""
    kind, times = row["kind"], row["times"]
    if kind in DUTIES or kind in CARE:
        what = "care" if kind in CARE else kind
        blocks["waiting"].append(Entry(what, path=PATHS[what], count=times))
    elif kind in THANKS:
        blocks["thanks"].append(Entry(kind, path="/notifications", count=times, people=row["people"]))
    elif row["named"]:
        is_shared = row["author_id"] == row["reader_id"] and row["root_kind"] in SHARED
        blocks["travelled" if is_shared else "answers"].append(
            Entry(
                kind,
                title=row["title"],
                path=page_path(row["short"], row["title"], row["root_kind"]),
                post_id=row["root_id"],
                who=_name(row),
                people=row["people"],
                count=times,
                at=row["newest"],
            )
        )
    elif row["is_post"]:
        private.setdefault(row["reader_id"], Counter())["confidential" if row["confidential"] else "private"] += times


def _tidied(blocks: Mapping[str, list[Entry]]) -> dict[str, list[Entry]]:
    """Duties and thanks of one kind in one line each, in their order; what happened last comes first elsewhere."""
    tidied = dict(blocks)
    for name, order in (("waiting", (*DUTIES, "care")), ("thanks", THANKS)):
        summed: dict[str, Entry] = {}
        for entry in blocks.get(name, ()):
            count = entry.count + (summed[entry.what].count if entry.what in summed else 0)
            summed[entry.what] = Entry(entry.what, path=entry.path, count=count)
        tidied[name] = [summed[what] for what in order if what in summed]
    tidied["thanks"] = [*tidied.pop("celebrated", [])[:MAX_CELEBRATED], *tidied["thanks"]]
    for name in ("travelled", "answers"):
        tidied[name] = sorted(blocks.get(name, ()), key=lambda entry: -(entry.at or 0))
    return tidied


async def _news(here: Instance, places: str, names: Mapping[str, str], now: datetime) -> list[Row]:
    """What happened, by kind and thing, that they have neither seen nor been mailed."""
    return await here.db.rows(
        "SELECT news.*, who.name, who.username, who.is_local, who.domain, (SELECT space.tier FROM space_tier AS space"
        " WHERE space.reader_id = news.reader_id AND space.community_id = news.community_id) AS space_tier"
        " FROM (SELECT told.reader_id, told.kind,"
        " root.id AS root_id, root.short, root.title, root.kind AS root_kind, root.author_id,"
        f" CASE WHEN {_NAMED} THEN 1 ELSE 0 END AS named,"
        " CASE WHEN post.confidential THEN 1 ELSE 0 END AS confidential,"
        " CASE WHEN told.post_id IS NULL THEN 0 ELSE 1 END AS is_post, count(*) AS times,"
        " count(DISTINCT told.actor_id) AS people, max(told.actor_id) AS one, max(told.at) AS newest,"
        " max(root.community_id) AS community_id"
        f" FROM notification AS told{here.db.by('idx_notification_new')}"
        " LEFT JOIN post ON post.id = told.post_id LEFT JOIN post AS root ON root.id = substr(told.thing, 3)"
        f" WHERE told.reader_id IN ({places}) AND told.read_at IS NULL AND told.at > :since"
        " AND told.at <= :now AND told.mailed_at IS NULL AND told.bundled_at IS NULL"
        f" AND (told.post_id IS NULL OR (post.id IS NOT NULL AND {readable_by('told.reader_id')})) AND {_STILL_SO}"
        " GROUP BY told.reader_id, told.kind, root.id, root.short, root.title, root.kind, root.author_id, 8, 9, 10)"
        " AS news LEFT JOIN actor AS who ON who.id = news.one"
        " ORDER BY news.reader_id, news.newest DESC, news.kind, news.root_id",
        since=now - NEWS_SINCE,
        now=now,
        **names,
    )


async def _private(here: Instance, places: str, names: Mapping[str, str], now: datetime) -> dict[str, Counter[str]]:
    """How much is new in communities of theirs that only members may read."""
    rows = await here.db.rows(
        f"SELECT inside.person_id AS reader_id, (SELECT {BESIDE} * count(*) + COALESCE(sum(few.kept), 0) FROM"
        " (SELECT CASE WHEN post.confidential THEN 1 ELSE 0 END AS kept FROM"
        f" post{here.db.by('idx_post_begun')} WHERE post.community_id = inside.community_id"
        " AND post.state = 'visible' AND post.parent_id IS NULL AND post.published_at > :since"
        " AND post.visibility = 'members' AND post.author_id <> inside.person_id"
        f" AND {readable_by('inside.person_id')} AND {findable_by('inside.person_id')} LIMIT :counted) AS few) AS fresh"
        f" FROM membership AS inside WHERE inside.person_id IN ({places}) AND inside.state = 'active'"
        " AND NOT EXISTS (SELECT 1 FROM space_tier AS space WHERE space.reader_id = inside.person_id"
        " AND space.community_id = inside.community_id AND space.tier = 'none') ORDER BY inside.person_id",
        since=now - SPACES_SINCE,
        counted=COUNTED,
        **names,
    )
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        if row["fresh"]:
            fresh, kept = divmod(int(row["fresh"]), BESIDE)
            counts.setdefault(row["reader_id"], Counter()).update(private=fresh - kept, confidential=kept)
    return counts


async def _events(here: Instance, places: str, names: Mapping[str, str], now: datetime) -> list[Row]:
    """The events of the coming week that they take part in, or could: those of their communities."""
    coming = (
        "event_facts.starts_at > :now AND event_facts.starts_at < :until AND event_facts.status = 'confirmed'"
        f" AND post.state = 'visible' AND post.visibility IN {in_sql(tuple(sorted(OPEN)))}"
        " AND post.content_warning = ''"
    )
    columns = "post.id AS id, post.short, post.title, event_facts.starts_at AS at"
    is_in = (
        "EXISTS (SELECT 1 FROM event_participation AS known WHERE known.event_id = post.id"
        " AND known.actor_id = inside.person_id)"
    )
    return await here.db.rows(
        f"SELECT part.actor_id AS reader_id, {columns}, 1 AS going FROM event_facts"
        " JOIN post ON post.id = event_facts.id JOIN event_participation AS part ON part.event_id = post.id"
        f" WHERE {coming} AND part.state = 'going' AND part.actor_id IN ({places}) AND {readable_by('part.actor_id')}"
        f" UNION ALL SELECT inside.person_id, {columns}, 0 FROM event_facts"
        " JOIN post ON post.id = event_facts.id JOIN membership AS inside ON inside.community_id = post.community_id"
        f" WHERE {coming} AND inside.state = 'active' AND inside.person_id IN ({places}) AND NOT {is_in}"
        f" AND {readable_by('inside.person_id')} AND {findable_by('inside.person_id')}"
        " ORDER BY reader_id, at, id",
        now=now,
        until=now + AHEAD,
        **names,
    )


async def _celebrated(here: Instance, places: str, names: Mapping[str, str], now: datetime) -> list[Row]:
    """Thanks and celebrations of the week: those of this place and of their communities, and whatever names them.

    What names somebody who does not want that is in nobody's mail but their own.
    """
    latest = (
        f"(SELECT * FROM post{here.db.by('idx_post_thanks')} WHERE post.state = 'visible'"
        " AND post.kind IN ('thanks', 'celebration') AND post.published_at > :since"
        " ORDER BY post.published_at DESC, post.id DESC LIMIT :latest)"
    )
    return await here.db.rows(
        "SELECT reader.id AS reader_id, post.id, post.short, post.title, post.kind, who.name, who.username,"
        f" who.is_local, who.domain, CASE WHEN {_NAMES_READER} THEN 1 ELSE 0 END AS names_me"
        f" FROM {latest} AS post JOIN actor AS who ON who.id = post.author_id"
        f" JOIN actor AS reader ON reader.id IN ({places})"
        f" WHERE post.visibility IN {in_sql(tuple(sorted(OPEN)))} AND post.content_warning = '' AND NOT post.sensitive"
        f" AND post.author_id <> reader.id AND ({_NAMES_READER} OR (post.is_local AND post.community_id IS NULL)"
        " OR EXISTS (SELECT 1 FROM membership AS inside WHERE inside.community_id = post.community_id"
        " AND inside.person_id = reader.id AND inside.state = 'active'))"
        " AND NOT EXISTS (SELECT 1 FROM post_mention AS other JOIN unnamed ON unnamed.id = other.actor_id"
        " WHERE other.post_id = post.id AND other.actor_id <> reader.id)"
        f" AND {readable_by('reader.id')} AND {findable_by('reader.id')}"
        " ORDER BY reader.id, names_me DESC, post.published_at DESC, post.id DESC",
        since=now - AHEAD,
        latest=LATEST,
        **names,
    )


async def _suggest(
    here: Instance, readers: Readers, pools: Pools, found: Mapping[str, dict[str, list[Entry]]], now: datetime
) -> None:
    """One practice to try, and asks; what is chosen by words is looked at with the eyes of the reader."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    places, names = among(found, "reader")
    for row in await here.db.rows(
        f"SELECT reader_id, post_id FROM digest_suggestion WHERE reader_id IN ({places}) AND at > :since"
        " ORDER BY reader_id, at",
        since=now - NOT_AGAIN_WITHIN,
        **names,
    ):
        known[row["reader_id"]].add(row["post_id"])
    practices = {row["reader_id"]: practices_for(pools, dict(row), known[row["reader_id"]]) for row in readers}
    asks = {row["reader_id"]: asks_for(pools, dict(row)) for row in readers}
    pairs = {(reader, chosen.candidate.post_id) for reader, some in practices.items() for chosen in some}
    pairs |= {(reader, candidate.post_id) for reader, some in asks.items() for candidate in some}
    order = "CROSS JOIN" if here.db.dialect == "sqlite" else "JOIN"
    condition = "ON" if here.db.dialect == "postgres" else "WHERE"
    source = given(here.db.dialect, reader=TEXT, post=TEXT)
    more = "WHERE" if condition == "ON" else "AND"
    rows = await here.db.rows(
        f"SELECT given.reader, post.id FROM {source} {order} post {condition} post.id = given.post {more}"
        f" {readable_by('given.reader')} AND {findable_by('given.reader')}",
        given=rows_given({"reader": reader, "post": post_id} for reader, post_id in sorted(pairs)),
    )
    seen = {(row["reader"], row["id"]) for row in rows}
    for reader, blocks in found.items():
        for chosen in practices[reader]:
            candidate = chosen.candidate
            if (reader, candidate.post_id) in seen:
                blocks["practice"].append(Entry(chosen.why, candidate.title, candidate.path, candidate.post_id))
                break
        blocks["asks"] += [
            Entry("ask", candidate.title, candidate.path, candidate.post_id)
            for candidate in asks[reader]
            if (reader, candidate.post_id) in seen
        ]


def _name(row: Row) -> str:
    name = row["name"] or row["username"] or ""
    return name if row["is_local"] or not name else f"{name} ({row['domain']})"
