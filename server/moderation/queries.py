"""Reading cases: for those who look at them; and reports and decisions, for those who wrote or concern them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from server.actors.models import Actor
from server.actors.queries import labels
from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.instance import Instance
from server.moderation import policy
from server.moderation.access import handled_by, looks_after_something, may_handle
from server.moderation.activities.flag import Target
from server.moderation.views import (
    CASE,
    REPORT,
    CaseView,
    ReportView,
    RulingView,
    case_views,
    copies_of,
    entries_of,
    report_view,
    ruling_views,
)
from server.peers import queries as peers
from server.posts.models import Post

__all__ = [
    "CaseView",
    "NoticeView",
    "ReportView",
    "has_reported",
    "looks_after_something",
    "may_handle",
    "mine",
    "notices",
    "one",
    "other_hosts",
    "other_servers",
    "queue",
    "ruling",
    "rulings",
]

PAGE = 30


@dataclass(frozen=True, slots=True)
class NoticeView:
    """What somebody who looks after a place said to the viewer."""

    kind: str
    place: str
    text: str
    post_url: str | None
    at: datetime


async def queue(
    here: Instance,
    viewer: Viewer,
    *,
    state: str = policy.OPEN,
    before: str | None = None,
    limit: int = PAGE,
    sealed: bool = False,
) -> list[CaseView]:
    """Cases that the viewer looks at, the newest first: those that wait for somebody, or decided ones."""
    condition, values = handled_by(viewer, sealed=sealed)
    which = "= 'closed'" if state == policy.CLOSED else "IN ('open', 'appeal')"
    rows = await here.db.rows(
        f"SELECT {CASE} FROM moderation_case WHERE moderation_case.state {which} AND {condition}"
        " AND moderation_case.id < :before ORDER BY moderation_case.id DESC LIMIT :limit",
        before=before or "~",
        limit=limit,
        **values,
    )
    return await case_views(here, viewer, rows)


async def one(here: Instance, viewer: Viewer, case_id: str, *, sealed: bool = False) -> CaseView | None:
    """One case that the viewer looks at, with its course; None for all others."""
    condition, values = handled_by(viewer, sealed=sealed)
    rows = await here.db.rows(
        f"SELECT {CASE} FROM moderation_case WHERE moderation_case.id = :id AND {condition}", id=case_id, **values
    )
    found = await case_views(here, viewer, rows)
    if not found:
        return None
    made = await ruling_views(here, "ruling.case_id = :case", {"case": case_id}, names=True)
    return replace(found[0], entries=await entries_of(here, case_id), rulings=tuple(made))


async def mine(here: Instance, viewer: Viewer, *, before: str | None = None, limit: int = PAGE) -> list[ReportView]:
    """What the viewer reported, the newest first, with what became of it and without who decided."""
    rows = await here.db.rows(
        f"SELECT {REPORT} FROM report WHERE report.reporter_id = :me AND report.id < :before"
        " ORDER BY report.id DESC LIMIT :limit",
        me=viewer.actor_id or "",
        before=before or "~",
        limit=limit,
    )
    people = await labels(here, sorted({row["about_id"] for row in rows}))
    copies = await copies_of(here, [row["id"] for row in rows])
    return [report_view(viewer, row, people, copies) for row in rows if row["about_id"] in people]


async def rulings(here: Instance, viewer: Viewer, *, limit: int = 20) -> list[RulingView]:
    """What was decided about the viewer, the newest first, and not by whom."""
    return await ruling_views(here, "ruling.person_id = :me", {"me": viewer.actor_id or ""}, limit=limit)


async def ruling(here: Instance, viewer: Viewer, ruling_id: str) -> RulingView | None:
    """One of them; None for everybody else."""
    values = {"me": viewer.actor_id or "", "id": ruling_id}
    found = await ruling_views(here, "ruling.person_id = :me AND ruling.id = :id", values, limit=1)
    return found[0] if found else None


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
