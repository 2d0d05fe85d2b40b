"""Reading times of trying together: how one stands, what came of it, and which there are for a practice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.actors.queries import PersonLabel, labels
from server.actors.viewer import Viewer
from server.challenges import queries as challenges
from server.challenges.policy import MOST, may_be_named
from server.challenges.queries import Named
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.posts.addresses import page_path
from server.posts.models import Post
from server.posts.queries import PostView
from server.posts.readable import apart, findable, readable
from server.sessions.models import EventFacts
from server.sessions.queries import EventView
from server.text import excerpt, plain
from server.together.models import Together
from server.together.policy import CREDITED, ENOUGH, State, why_not_ended, why_not_longer, why_not_summed_up
from server.tries.bands import FIELDS, Bands
from server.tries.queries import Line, grid
from server.tries.reports import added_up, reports
from server.tries.wire import Counts

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Leads:
    """Something that a page leads to by its title."""

    id: str
    short: str
    title: str
    url: str
    full_url: str


@dataclass(frozen=True, slots=True)
class Trying:
    """How it stands, as one viewer sees it. What it names is only there where the viewer may read it.

    `missing` counts the people without whom it is none yet. `counts`, `sizes` and `rows` are of the reports that were
    made in its time, as in `tries.queries.WhereItWorked`. `can_report`: the viewer has not said how it went.
    """

    practice: Leads | None
    challenge: Leads | None
    summary: Leads | None
    missing: int
    is_host: bool
    is_over: bool
    is_longer: bool
    can_lengthen: bool
    can_end: bool
    can_sum_up: bool
    can_report: bool
    counts: Counts
    sizes: tuple[str, ...]
    rows: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """One report that was made in its time: by whom, how it went, where, and what they said in one line each."""

    author: PersonLabel
    outcome: str
    context: Bands
    changed: str
    saw: str


@dataclass(frozen=True, slots=True)
class Came:
    """What a summary is drafted from. `joined` are all who took part, of whom perhaps not all said how it went."""

    practice: Leads
    tried: list[Tried]
    counts: Counts
    joined: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Tries:
    """One of a practice's, for its page: open for those who want to take part, or with what came of it."""

    title: str
    url: str
    community: str
    ends_at: datetime
    is_open: bool
    joined: int
    summary_uri: str | None


async def trying(here: Instance, viewer: Viewer, post: PostView, event: EventView | None) -> Trying | None:
    """How it stands of an event that the viewer was shown; None for other events. One query for those, else two."""
    if event is None or event.starts_at is None or event.ends_at is None:
        return None
    known = await _known(here, viewer, post.id)
    if known is None:
        return None
    row, named = known
    practice = named.get(row.practice_uri)
    made = await _made(here, viewer, practice.id, event.starts_at, event.ends_at) if practice is not None else []
    counts = added_up(made)
    sizes, lines = grid(counts)
    summary = named.get(row.summary_uri or "")
    state = State(
        is_host=post.is_mine and post.is_local and post.state == "visible",
        is_over=row.over_at is not None or event.is_over,
        is_cancelled=event.status == "cancelled",
        is_longer=row.is_longer,
        has_summary=summary is not None,
    )
    return Trying(
        practice=practice,
        challenge=named.get(row.challenge_uri or ""),
        summary=summary,
        missing=max(0, ENOUGH - (event.participants or 0)),
        is_host=state.is_host,
        is_over=state.is_over,
        is_longer=row.is_longer,
        can_lengthen=not why_not_longer(state),
        can_end=not why_not_ended(state),
        can_sum_up=not why_not_summed_up(state),
        can_report=practice is not None
        and viewer.is_signed_in
        and not state.is_over
        and all(made_by["author_id"] != viewer.actor_id for made_by in made),
        counts=counts,
        sizes=sizes,
        rows=lines,
    )


async def came(here: Instance, viewer: Viewer, post: PostView) -> Came | None:
    """What there is to say of one; None where it is none, or where the viewer may not read its practice.

    What somebody said to few, the viewer among them, is not for all who read the summary (S15).
    """
    known, event = await _known(here, viewer, post.id), await EventFacts.get_or_none(id=post.id)
    practice = known[1].get(known[0].practice_uri) if known is not None else None
    if practice is None or event is None or event.starts_at is None or event.ends_at is None:
        return None
    about = (post.visibility, post.community.id if post.community is not None else None)
    made = _for_all(await _made(here, viewer, practice.id, event.starts_at, event.ends_at), about)
    people = await labels(here, {report["author_id"] for report in made})
    tried = [
        Tried(
            author=people[report["author_id"]],
            outcome=report["outcome"],
            context=Bands(**{name: report[name] for name in FIELDS}),
            changed=report["changed"],
            saw=report["saw"],
        )
        for report in reversed(made)
        if report["author_id"] in people
    ]
    return Came(practice, tried, added_up(made), event.participants or 0, event.starts_at, event.ends_at)


async def credited(here: Instance, viewer: Viewer, post: Post) -> list[str]:
    """The ids of those who said how it went in its time, to all who read it, the first first."""
    known, event = await _known(here, viewer, post.id), await EventFacts.get(id=post.id)
    practice = known[1].get(known[0].practice_uri) if known is not None else None
    if practice is None or event.starts_at is None or event.ends_at is None:
        return []
    made = await _made(here, viewer, practice.id, event.starts_at, event.ends_at)
    made = _for_all(made, (post.visibility, post.community_id))
    return list(dict.fromkeys(report["author_id"] for report in reversed(made)))[:CREDITED]


async def of_practice(here: Instance, viewer: Viewer, practice_uri: str) -> list[Tries]:
    """Those of a practice that the viewer may read and that were not called off, the newest first. One query."""
    may_read, values = readable(viewer)
    sql = _of_practice(viewer, may_read)
    return _tries(here, await here.db.rows(sql, practice=practice_uri, shown=SHOWN, **values))


async def beside(here: Instance, viewer: Viewer, post: PostView) -> tuple[list[Named], list[Tries]]:
    """What the page of a practice says beside it: the challenges that it answers, and who tries it. One query."""
    may_read, values = readable(viewer)
    nothing = "NULL AS ends_at, NULL AS participants, NULL AS over_at, NULL AS summary_uri"
    answered, tries = challenges.answered_in_sql(here, may_read), _of_practice(viewer, may_read)
    rows = await here.db.rows(
        f"SELECT id, short, title, kind, community, said, {nothing} FROM ({answered}) AS answered"
        " UNION ALL SELECT id, short, title, kind, community, NULL AS said, ends_at, participants, over_at, summary_uri"
        f" FROM ({tries}) AS tries",
        answering=post.id,
        most_answered=MOST,
        practice=post.uri,
        shown=SHOWN,
        **values,
    )
    named = challenges.in_the_order_said([row for row in rows if row["said"] is not None])
    return named, _tries(here, [row for row in rows if row["said"] is None])


def _of_practice(viewer: Viewer, may_read: str) -> str:
    return (
        "SELECT post.id, post.short, post.title, post.kind, place.name AS community, event.ends_at, event.participants,"
        " together.over_at, together.summary_uri FROM together JOIN post ON post.id = together.id"
        " JOIN event_facts AS event ON event.id = together.id LEFT JOIN actor AS place ON place.id = post.community_id"
        " JOIN post AS whole ON whole.uri = together.practice_uri"
        f" WHERE together.practice_uri = :practice AND NOT {apart('whole.author_id', 'post.author_id')}"
        " AND post.state = 'visible' AND event.status <> 'cancelled'"
        f" AND event.ends_at IS NOT NULL AND {may_read} AND {findable(viewer, in_community=True)}"
        " ORDER BY together.id DESC LIMIT :shown"
    )


def _tries(here: Instance, rows: Sequence[Row]) -> list[Tries]:
    now = here.clock.now()
    return [
        Tries(
            title=row["title"],
            url=page_path(row["short"], row["title"], row["kind"]),
            community=row["community"] or "",
            ends_at=from_milliseconds(row["ends_at"]),
            is_open=row["over_at"] is None and from_milliseconds(row["ends_at"]) > now,
            joined=row["participants"] or 0,
            summary_uri=row["summary_uri"],
        )
        for row in sorted(rows, key=lambda row: str(row["id"]), reverse=True)
    ]


async def is_open(here: Instance, practice_uri: str, community_id: str) -> bool:
    """Whether a community is trying a practice now."""
    return bool(
        await here.db.value(
            "SELECT together.id FROM together JOIN post ON post.id = together.id"
            " JOIN event_facts AS event ON event.id = together.id WHERE together.practice_uri = :practice"
            " AND post.community_id = :community AND post.state = 'visible' AND together.over_at IS NULL"
            " AND event.status <> 'cancelled' AND event.ends_at > :now LIMIT 1",
            practice=practice_uri,
            community=community_id,
            now=here.clock.now(),
        )
    )


async def hosts(here: Instance, viewer: Viewer, practice_id: str) -> list[str]:
    """Who proposed what the viewer takes part in at present, of this practice; not the author of the practice."""
    rows = await here.db.rows(
        "SELECT DISTINCT post.author_id FROM post AS practice JOIN together ON together.practice_uri = practice.uri"
        " JOIN post ON post.id = together.id JOIN event_facts AS event ON event.id = together.id"
        " JOIN event_participation AS mine ON mine.event_id = together.id AND mine.actor_id = :me"
        " WHERE practice.id = :practice AND post.state = 'visible' AND mine.state = 'going' AND event.ends_at > :now"
        " AND post.author_id NOT IN (:me, practice.author_id) ORDER BY post.author_id LIMIT 5",
        me=viewer.actor_id or "",
        practice=practice_id,
        now=here.clock.now(),
    )
    return [row["author_id"] for row in rows]


async def _known(here: Instance, viewer: Viewer, post_id: str) -> tuple[Together, dict[str, Leads]] | None:
    """One of these, and what it names as far as the viewer may read that, by ids. One query."""
    may_read, values = readable(viewer)
    columns = ("id", "practice_uri", "challenge_uri", "summary_uri", "is_longer", "over_at")
    rows = await here.db.rows(
        f"SELECT {', '.join(f'together.{name} AS own_{name}' for name in columns)}, post.id, post.uri, post.url,"
        " post.short, post.title, post.kind, post.content_html FROM together"
        " LEFT JOIN post ON post.uri IN (together.practice_uri, together.challenge_uri, together.summary_uri)"
        f" AND post.state = 'visible' AND {may_read} WHERE together.id = :id ORDER BY post.id LIMIT 3",
        id=post_id,
        **values,
    )
    if not rows:
        return None
    row = Together(**{name: rows[0][f"own_{name}"] for name in columns})
    return row, {
        found["uri"]: Leads(
            id=found["id"],
            short=found["short"],
            title=found["title"] or excerpt(plain(found["content_html"]), 60),
            url=page_path(found["short"], found["title"], found["kind"]),
            full_url=found["url"],
        )
        for found in rows
        if found["uri"] is not None
    }


async def _made(here: Instance, viewer: Viewer, practice_id: str, first: datetime, last: datetime) -> list[Row]:
    """The reports that were made in its time and that the viewer may read, the newest first."""
    made = await reports(here, viewer, practice_id)
    return [report for report in made if first <= from_milliseconds(report["created_at"]) <= last]


def _for_all(made: Sequence[Row], about: tuple[str, str | None]) -> list[Row]:
    """Those reports that everybody may know of who reads what is for these (`about`: visibility and community)."""
    return [
        report
        for report in made
        if not report["kept_out"] and may_be_named((report["visibility"], report["community_id"]), about)
    ]
