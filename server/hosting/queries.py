"""Reading who does what: the roles of a meeting, newcomers, and the desk of those who look after a community (A9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from server.actors.queries import LABEL_COLUMNS, PersonLabel, label_of, labels
from server.actors.viewer import Viewer
from server.communities import policy as communities
from server.communities.queries import CommunityPage, facts_of
from server.db import Row, from_milliseconds, to_milliseconds
from server.hosting import policy
from server.hosting.newcomers import ANSWERED
from server.instance import Instance
from server.posts.addresses import page_path
from server.posts.queries import PostView

NEXT = 3
LISTED = 12
TERM_ENDS_WITHIN = timedelta(days=21)


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role of a meeting: who has it, and what the viewer can do with it."""

    role: str
    person: PersonLabel | None
    is_mine: bool
    can_take: bool
    can_pass: bool
    others: tuple[str, ...]
    """Roles that it could be swapped with."""


@dataclass(frozen=True, slots=True)
class Turns:
    """What a viewer said about taking turns in a community, and whether roles go round by themselves there."""

    hosts: bool
    greets: bool
    goes_round: bool
    listed: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody new, who greets them, and whether anybody answered. `intro_url`: where they introduced themselves."""

    person: PersonLabel
    greeter: PersonLabel | None
    joined_at: datetime
    intro_url: str
    is_answered: bool
    is_late: bool


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do next. `kind` says what; `count`, `title` and `url` fill its sentence."""

    kind: str
    url: str
    title: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Desk:
    """What those who look after a community see. Nothing of it is private to a member: all stands in the community."""

    steps: tuple[Step, ...]
    quiet: tuple[PersonLabel, ...]
    prompt_of_week: int


async def roles_of(here: Instance, viewer: Viewer, post: PostView) -> tuple[list[RoleLine], bool]:
    """The roles of a meeting that lives here in a community, and whether the viewer may have them go round.

    Two queries; nothing for any other event.
    """
    if not post.is_local or post.community is None or post.state != "visible":
        return [], False
    facts = await facts_of(here, post.community.id, viewer)
    if facts is None or not facts.is_member:
        return [], False
    rows = await here.db.rows(
        f"SELECT meeting_role.role, {LABEL_COLUMNS} FROM meeting_role JOIN actor ON actor.id = meeting_role.person_id"
        " WHERE meeting_role.event_id = :id AND actor.deleted_at IS NULL ORDER BY meeting_role.role",
        id=post.id,
    )
    held = {row["role"]: label_of(here, row) for row in rows}
    may_take = bool(policy.may_take(facts))
    found = []
    for role in policy.ROLES:
        person = held.get(role)
        mine = person is not None and person.id == viewer.actor_id
        can_pass = person is not None and bool(policy.may_give(facts, is_holder=mine, is_author=post.is_mine))
        others = tuple(other for other in held if other != role and held[other].id != (person.id if person else ""))
        found.append(RoleLine(role, person, mine, may_take and person is None, can_pass, others if can_pass else ()))
    return found, bool(policy.may_give(facts, is_holder=False, is_author=post.is_mine))


async def turns_of(here: Instance, viewer: Viewer, community_id: str) -> Turns:
    """What the viewer said, and how a community does it. One query."""
    row = await here.db.row(
        "SELECT (SELECT hosts FROM hosting_turns WHERE community_id = :id AND person_id = :me) AS hosts,"
        " (SELECT greets FROM hosting_turns WHERE community_id = :id AND person_id = :me) AS greets,"
        " (SELECT goes_round FROM hosting_rotation WHERE id = :id) AS goes_round,"
        " (SELECT count(*) FROM hosting_turns WHERE community_id = :id AND hosts) AS listed",
        id=community_id,
        me=viewer.actor_id or "",
    )
    if row is None:
        return Turns(hosts=False, greets=False, goes_round=False, listed=0)
    return Turns(bool(row["hosts"]), bool(row["greets"]), bool(row["goes_round"]), row["listed"])


async def arrivals(here: Instance, community_id: str) -> list[Arrival]:
    """Who joined lately, those first whom nobody has answered. Two queries."""
    now = here.clock.now()
    rows = await here.db.rows(
        f"SELECT {LABEL_COLUMNS}, newcomer.greeter_id, newcomer.joined_at, post.short, post.title,"
        f" post.kind AS post_kind, CASE WHEN {ANSWERED} THEN 1 ELSE 0 END AS is_answered FROM newcomer"
        " JOIN actor ON actor.id = newcomer.person_id AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL"
        " JOIN membership ON membership.community_id = newcomer.community_id"
        " AND membership.person_id = newcomer.person_id AND membership.state = 'active'"
        " LEFT JOIN post ON post.id = newcomer.intro_id AND post.state = 'visible'"
        " WHERE newcomer.community_id = :id AND newcomer.joined_at > :since"
        " ORDER BY is_answered, newcomer.joined_at, newcomer.id LIMIT :limit",
        id=community_id,
        since=now - policy.NEW_FOR,
        limit=LISTED,
    )
    greeters = await labels(here, [row["greeter_id"] for row in rows if row["greeter_id"]])
    return [_arrival(here, row, greeters.get(row["greeter_id"]), now) for row in rows]


async def desk(here: Instance, viewer: Viewer, page: CommunityPage) -> Desk:
    """What to do next in a community, and who fell silent. Three queries, of what every member can see."""
    now = here.clock.now()
    row = await here.db.row(
        "SELECT (SELECT count(*) FROM membership WHERE community_id = :id AND state = 'applied') AS applied,"
        " (SELECT count(*) FROM post WHERE community_id = :id AND state = 'held') AS held,"
        f" (SELECT count(*) FROM newcomer WHERE community_id = :id AND joined_at > :new AND NOT {ANSWERED}"
        " AND EXISTS (SELECT 1 FROM membership WHERE membership.community_id = newcomer.community_id"
        " AND membership.person_id = newcomer.person_id AND membership.state = 'active')) AS ungreeted,"
        " (SELECT count(*) FROM proposal WHERE community_id = :id AND state = 'open') AS proposals",
        id=page.id,
        new=now - policy.NEW_FOR,
    )
    meetings = await here.db.rows(
        "SELECT post.short, post.title, post.kind, event_facts.starts_at, event_facts.recap,"
        " (SELECT count(*) FROM meeting_role WHERE meeting_role.event_id = post.id) AS roles FROM post"
        " JOIN event_facts ON event_facts.id = post.id WHERE post.community_id = :id AND post.state = 'visible'"
        " AND post.kind = 'session' AND post.is_local AND event_facts.status <> 'cancelled'"
        " AND event_facts.starts_at > :since ORDER BY event_facts.starts_at LIMIT 20",
        id=page.id,
        since=now - timedelta(days=14),
    )
    steps = [*_people(page, row), *_meetings(page, meetings, to_milliseconds(now)), *_term(page, now.date())]
    quiet = await _quiet(here, viewer, page) if page.kind != communities.SUPPORT else ()
    return Desk(tuple(steps[:NEXT]), quiet, now.isocalendar().week)


def _people(page: CommunityPage, row: Row | None) -> list[Step]:
    if row is None:
        return []
    found = [
        Step("applied", f"{page.url}/applications", count=row["applied"]),
        Step("held", f"{page.url}/applications#held", count=row["held"]),
        Step("ungreeted", f"{page.url}/newcomers", count=row["ungreeted"]),
        Step("proposals", f"{page.url}/charter", count=row["proposals"]),
    ]
    return [step for step in found if step.count]


def _meetings(page: CommunityPage, rows: Sequence[Row], now: int) -> list[Step]:
    ahead = [row for row in rows if row["starts_at"] > now]
    last = next((row for row in reversed(rows) if row["starts_at"] <= now), None)
    found = []
    if last is not None and not last["recap"]:
        address = page_path(last["short"], last["title"], last["kind"])
        found.append(Step("recap", f"/p/{last['short']}/recap" if address else "", title=last["title"]))
    if not ahead:
        found.append(Step("plan", f"{page.url}/new?kind=session"))
    elif not ahead[0]["roles"]:
        found.append(
            Step("roles", page_path(ahead[0]["short"], ahead[0]["title"], ahead[0]["kind"]), title=ahead[0]["title"])
        )
    return found


def _term(page: CommunityPage, today: date) -> list[Step]:
    found = []
    if page.term_until and date.fromisoformat(page.term_until) <= today + TERM_ENDS_WITHIN:
        found.append(Step("term", f"{page.url}/term", title=page.term_until))
    if page.goals and not any(goal.deliverables for goal in page.progress):
        found.append(Step("goals", f"{page.url}/goals"))
    if not page.guidelines_version:
        found.append(Step("guidelines", f"{page.url}/guidelines/edit"))
    return found


async def _quiet(here: Instance, viewer: Viewer, page: CommunityPage) -> tuple[PersonLabel, ...]:
    """Who has been in it for a while and said nothing there lately; not who is on holiday, nor whom one avoids."""
    now = here.clock.now()
    if here.site.on_break(now):
        return ()
    rows = await here.db.rows(
        f"SELECT {LABEL_COLUMNS} FROM membership JOIN actor ON actor.id = membership.person_id"
        " AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL"
        " LEFT JOIN notification_setting AS setting ON setting.reader_id = membership.person_id"
        " WHERE membership.community_id = :id AND membership.state = 'active' AND membership.person_id <> :me"
        " AND membership.joined_at < :since AND (setting.paused_until IS NULL OR setting.paused_until < :now)"
        " AND NOT EXISTS (SELECT 1 FROM post WHERE post.author_id = membership.person_id"
        " AND post.community_id = membership.community_id AND post.state = 'visible' AND post.published_at > :since)"
        " AND NOT EXISTS (SELECT 1 FROM actor_block WHERE (blocker_id = :me AND blocked_id = membership.person_id)"
        " OR (blocker_id = membership.person_id AND blocked_id = :me))"
        " ORDER BY membership.joined_at, membership.id LIMIT :limit",
        id=page.id,
        me=viewer.actor_id,
        since=now - policy.SILENT_AFTER,
        now=now,
        limit=LISTED,
    )
    return tuple(label_of(here, row) for row in rows)


def _arrival(here: Instance, row: Row, greeter: PersonLabel | None, now: datetime) -> Arrival:
    joined_at = from_milliseconds(row["joined_at"])
    return Arrival(
        person=label_of(here, row),
        greeter=greeter,
        joined_at=joined_at,
        intro_url=page_path(row["short"], row["title"], row["post_kind"]) if row["short"] else "",
        is_answered=bool(row["is_answered"]),
        is_late=not row["is_answered"] and joined_at + policy.WITHIN < now,
    )
