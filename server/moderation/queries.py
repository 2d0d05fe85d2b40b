"""Reading reports: for those who look at them, and for those who wrote them. The reported never see either."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.actors.models import Actor
from server.actors.queries import PersonLabel, labels
from server.actors.viewer import Viewer
from server.communities.queries import CommunityLabel
from server.communities.queries import labels as community_labels
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.moderation import policy
from server.moderation.activities.flag import Target
from server.peers import queries as peers
from server.posts.models import Post

MAX_COPIES = 5
PAGE = 30


@dataclass(frozen=True, slots=True)
class ReportedPost:
    """What a reported post said. `state` is what became of it since; `url` its page here while there is one."""

    id: str
    url: str
    title: str
    text: str
    warning: str
    at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class CopyView:
    """Another server that was told, and what it answered, if anything."""

    host: str
    outcome: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report. `reporter` is None for those who may not know who wrote it, `host` where it came from if elsewhere."""

    id: str
    state: str
    outcome: str
    category: str
    text: str
    about: PersonLabel
    community: CommunityLabel | None
    reporter: PersonLabel | None
    host: str
    posts: tuple[ReportedPost, ...]
    copies: tuple[CopyView, ...]
    note: str
    closed_by: PersonLabel | None
    created_at: datetime
    closed_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to decide."""
        return self.state == policy.OPEN


@dataclass(frozen=True, slots=True)
class NoticeView:
    """What somebody who looks after a place said to the viewer."""

    kind: str
    place: str
    text: str
    post_url: str | None
    at: datetime


_COLUMNS = (
    "report.id, report.state, report.outcome, report.category, report.text, report.about_id, report.community_id,"
    " report.reporter_id, report.reporter_host, report.posts, report.note, report.closed_by_id, report.created_at,"
    " report.closed_at"
)


def handled_by(viewer: Viewer) -> tuple[str, dict[str, Any]]:
    """A condition on `report`, and its parameters: what this viewer looks at. The one place that decides (S28).

    Those who look after its community do, and those who look after the server where they can see it; what has no
    community is for these alone. Nobody is judge in their own case.
    """
    if viewer.actor_id is None:
        return "FALSE", {}
    looks_after = (
        "EXISTS (SELECT 1 FROM membership AS mine WHERE mine.community_id = report.community_id"
        " AND mine.person_id = :me AND mine.state = 'active' AND mine.role IN ('steward', 'facilitator'))"
    )
    sees = (
        "(report.community_id IS NULL OR EXISTS (SELECT 1 FROM community WHERE community.id = report.community_id"
        " AND community.visibility <> 'members' AND community.kind <> 'support'))"
    )
    condition = f"({looks_after} OR {sees})" if viewer.is_steward else looks_after
    return f"(report.about_id <> :me AND {condition})", {"me": viewer.actor_id}


async def looks_after_something(here: Instance, viewer: Viewer) -> bool:
    """Whether there is a place whose reports the viewer would see."""
    if viewer.is_steward:
        return True
    return bool(
        await here.db.value(
            "SELECT membership.id FROM membership JOIN actor ON actor.id = membership.community_id AND actor.is_local"
            " WHERE membership.person_id = :me AND membership.state = 'active'"
            " AND membership.role IN ('steward', 'facilitator') LIMIT 1",
            me=viewer.actor_id or "",
        )
    )


async def queue(
    here: Instance, viewer: Viewer, *, state: str = policy.OPEN, before: str | None = None, limit: int = PAGE
) -> list[ReportView]:
    """Reports that the viewer looks at: open ones, those unsafe for a child before all others, or decided ones."""
    condition, values = handled_by(viewer)
    urgent = "CASE WHEN report.category = 'unsafe' THEN 0 ELSE 1 END, " if state == policy.OPEN else ""
    rows = await here.db.rows(
        f"SELECT {_COLUMNS} FROM report WHERE report.state = :state AND {condition} AND report.id < :before"
        f" ORDER BY {urgent}report.id DESC LIMIT :limit",
        state=state,
        before=before or "~",
        limit=limit,
        **values,
    )
    return await _views(here, viewer, rows)


async def one(here: Instance, viewer: Viewer, report_id: str) -> ReportView | None:
    """One report that the viewer looks at; None for all others."""
    condition, values = handled_by(viewer)
    rows = await here.db.rows(
        f"SELECT {_COLUMNS} FROM report WHERE report.id = :id AND {condition}", id=report_id, **values
    )
    found = await _views(here, viewer, rows)
    return found[0] if found else None


async def may_handle(here: Instance, viewer: Viewer, report_id: str) -> bool:
    """Whether the viewer decides about this report."""
    condition, values = handled_by(viewer)
    return bool(
        await here.db.value(
            f"SELECT report.id FROM report WHERE report.id = :id AND {condition}", id=report_id, **values
        )
    )


async def mine(here: Instance, viewer: Viewer, *, before: str | None = None, limit: int = PAGE) -> list[ReportView]:
    """What the viewer reported, the newest first, with what became of it and without who decided."""
    rows = await here.db.rows(
        f"SELECT {_COLUMNS} FROM report WHERE report.reporter_id = :me AND report.id < :before"
        " ORDER BY report.id DESC LIMIT :limit",
        me=viewer.actor_id or "",
        before=before or "~",
        limit=limit,
    )
    return await _views(here, viewer, [row | {"closed_by_id": None, "note": ""} for row in rows])


async def notices(here: Instance, viewer: Viewer, *, limit: int = 50) -> list[NoticeView]:
    """What was said to the viewer, the newest first."""
    rows = await here.db.rows(
        "SELECT notice.kind, notice.place, notice.text, notice.created_at, post.short, post.state"
        " FROM moderation_notice AS notice LEFT JOIN post ON post.id = notice.post_id"
        " WHERE notice.person_id = :me ORDER BY notice.created_at DESC, notice.id DESC LIMIT :limit",
        me=viewer.actor_id or "",
        limit=limit,
    )
    return [
        NoticeView(
            kind=row["kind"],
            place=row["place"],
            text=row["text"],
            post_url=f"/p/{row['short']}" if row["short"] and row["state"] != "deleted" else None,
            at=from_milliseconds(row["created_at"]),
        )
        for row in rows
    ]


async def has_reported(here: Instance, reporter_id: str, about_id: str, post_ids: Sequence[str]) -> bool:
    """Whether somebody's report about this person, or this post of theirs, still waits."""
    rows = await here.db.rows(
        "SELECT posts FROM report WHERE reporter_id = :me AND about_id = :about AND state = 'open'"
        " ORDER BY id DESC LIMIT 100",
        me=reporter_id,
        about=about_id,
    )
    return any({post["id"] for post in json.loads(row["posts"] or "[]")} == set(post_ids) for row in rows)


async def other_servers(here: Instance, about: Actor, post: Post | None) -> list[Target]:
    """The other servers that a report concerns: that of the community, and that of the person."""
    found: dict[str, Target] = {}
    community = await Actor.get_or_none(id=post.community_id) if post is not None and post.community_id else None
    if community is not None and not community.is_local and peers.may_send(here, community.host):
        found[community.host] = Target(community.host, community.inbox_url, threadiverse=True, community=community.uri)
    if not about.is_local and about.host not in found and peers.may_send(here, about.host):
        dialect = await here.db.value("SELECT dialect FROM peer WHERE host = :host", host=about.host)
        found[about.host] = Target(
            about.host,
            about.inbox_url,
            threadiverse=dialect == "threadiverse",
            community=community.uri if community is not None else None,
        )
    return list(found.values())


async def other_hosts(here: Instance, about_id: str, post_id: str | None = None) -> list[str]:
    """The names of those servers, for who decides whether to tell them."""
    about = await Actor.get_or_none(id=about_id)
    post = await Post.get_or_none(id=post_id) if post_id is not None else None
    return [] if about is None else [target.host for target in await other_servers(here, about, post)]


async def _views(here: Instance, viewer: Viewer, rows: Sequence[Row]) -> list[ReportView]:
    """Reports ready to show, in five queries however many they are."""
    if not rows:
        return []
    contents = {row["id"]: json.loads(row["posts"] or "[]") for row in rows}
    wanted = {row[key] for row in rows for key in ("about_id", "reporter_id", "closed_by_id") if row[key]}
    people = await labels(here, sorted(wanted))
    communities = await community_labels(here, {row["community_id"] for row in rows if row["community_id"]})
    states = await _states(here, [str(post["id"]) for posts in contents.values() for post in posts])
    copies = await _copies(here, [row["id"] for row in rows])
    return [
        ReportView(
            id=row["id"],
            state=row["state"],
            outcome=row["outcome"],
            category=row["category"],
            text=row["text"],
            about=people[row["about_id"]],
            community=communities.get(row["community_id"] or ""),
            reporter=_reporter(viewer, row, people),
            host=row["reporter_host"],
            posts=tuple(_post(post, states) for post in contents[row["id"]]),
            copies=tuple(copies.get(row["id"], ())),
            note=row["note"],
            closed_by=people.get(row["closed_by_id"] or ""),
            created_at=from_milliseconds(row["created_at"]),
            closed_at=None if row["closed_at"] is None else from_milliseconds(row["closed_at"]),
        )
        for row in rows
        if row["about_id"] in people
    ]


def _reporter(viewer: Viewer, row: Row, people: dict[str, PersonLabel]) -> PersonLabel | None:
    """Who wrote it is for those who look after the server, and of another server for everybody who decides."""
    if viewer.is_steward or row["reporter_host"] or row["reporter_id"] == viewer.actor_id:
        return people.get(row["reporter_id"])
    return None


def _post(post: dict[str, Any], states: dict[str, str]) -> ReportedPost:
    state = states.get(str(post["id"]), "deleted")
    return ReportedPost(
        id=str(post["id"]),
        url=f"/p/{post['short']}" if state != "deleted" else "",
        title=str(post["title"]),
        text=str(post["text"]),
        warning=str(post.get("warning") or ""),
        at=from_milliseconds(int(post["at"])),
        state=state,
    )


async def _states(here: Instance, ids: Sequence[str]) -> dict[str, str]:
    named = {f"id{number}": post_id for number, post_id in enumerate(dict.fromkeys(ids[:500]))}
    if not named:
        return {}
    rows = await here.db.rows(
        f"SELECT id, state FROM post WHERE id IN ({', '.join(':' + name for name in named)})", **named
    )
    return {row["id"]: row["state"] for row in rows}


async def _copies(here: Instance, ids: Sequence[str]) -> dict[str, list[CopyView]]:
    named = {f"id{number}": report_id for number, report_id in enumerate(ids)}
    rows = await here.db.rows(
        "SELECT report_id, host, outcome, answered_at FROM report_copy"
        f" WHERE report_id IN ({', '.join(':' + name for name in named)}) ORDER BY report_id, host",
        **named,
    )
    found: dict[str, list[CopyView]] = {}
    for row in rows:
        at = row["answered_at"]
        found.setdefault(row["report_id"], []).append(
            CopyView(row["host"], row["outcome"], None if at is None else from_milliseconds(at))
        )
    return found
