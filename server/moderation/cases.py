"""The life of a case: reports of the same thing come together, one person takes it, and the clock runs."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.errors import Invalid, NotFound
from server.instance import Instance
from server.moderation import access, policy
from server.moderation.events import CaseLate, ReportFiled
from server.moderation.models import Case, CaseEntry, Report
from server.moderation.policy import Scope
from server.moderation.snapshots import snapshot
from server.posts.models import Post
from server.posts.nameless import reveal

CLOCK_JOB = "moderation.clock"
_AGAIN = timedelta(hours=24)
_AGAIN_UNSAFE = timedelta(hours=1)


async def put_to(
    here: Instance, report: Report, posts: Sequence[Post], community_id: str | None, others: int, *, clause: str
) -> Case:
    """The open case of the same thing, or a new one, in the caller's transaction; the report belongs to it from now."""
    desk = policy.desk_of(Scope(report.category, community_id, others))
    subject = subject_of([post.id for post in posts])
    desks = [policy.SEALED] if desk == policy.SEALED else [policy.COMMUNITY, policy.SERVER]
    case = (
        await Case.filter(about_id=report.about_id, subject=subject, state=policy.OPEN, desk__in=desks)
        .order_by("id")
        .first()
    )
    if case is not None:
        await note(here, case, "merged")
        if not case.clause and clause:
            case.clause = clause
            await case.save(update_fields=["clause"])
        return case
    case = await begin(
        here,
        id=report.id,
        desk=desk,
        category=report.category,
        clause=clause,
        about_id=report.about_id,
        community_id=community_id,
        posts=posts,
    )
    await note(here, case, "reported")
    await here.jobs.enqueue(CLOCK_JOB, {"case": case.id}, run_at=_next(here, case), unique=f"{CLOCK_JOB}:{case.id}")
    return case


async def begin(
    here: Instance,
    *,
    id: str,
    desk: str,
    category: str,
    clause: str,
    about_id: str,
    community_id: str | None,
    posts: Sequence[Post],
) -> Case:
    """Write a new case down, in the caller's transaction, with what the posts say now."""
    now = here.clock.now()
    return await Case.create(
        id=id,
        desk=desk,
        category=category,
        clause=clause,
        about_id=about_id,
        community_id=community_id,
        posts=[snapshot(post) for post in posts] or None,
        subject=subject_of([post.id for post in posts]),
        due_at=now if desk == policy.SEALED else now + policy.FIRST_LOOK,
        created_at=now,
    )


def subject_of(post_ids: Sequence[str]) -> str:
    """The same for the same posts, whatever their order; empty where none is named."""
    return hashlib.sha256(" ".join(sorted(post_ids)).encode()).hexdigest() if post_ids else ""


async def note(here: Instance, case: Case, kind: str, *, by_id: str | None = None, text: str = "") -> None:
    """Add a line to the course of a case, in the caller's transaction."""
    await CaseEntry.create(case_id=case.id, kind=kind, by_id=by_id, text=text, at=here.clock.now())


async def take(here: Instance, acting: Viewer, case_id: str) -> None:
    """Take a case: from now on nobody else decides. Raises NotFound, and Invalid where somebody else has it."""
    async with here.db.transaction():
        await hold(here, acting, await opened(here, acting, case_id))


async def release(here: Instance, acting: Viewer, case_id: str) -> None:
    """Give a case that one took back to the others."""
    async with here.db.transaction():
        case = await opened(here, acting, case_id)
        if case.taken_by_id != acting.actor_id:
            raise Invalid("Somebody else has this case.", field="action")
        case.taken_by_id = case.taken_at = None
        await case.save(update_fields=["taken_by_id", "taken_at"])
        await note(here, case, "released", by_id=acting.actor_id)


async def pass_up(here: Instance, acting: Viewer, case_id: str) -> None:
    """Pass a case of a community on to those who look after this server, who then see it whole."""
    async with here.db.transaction():
        case = await opened(here, acting, case_id)
        await hold(here, acting, case)
        await raise_to(here, case, policy.SERVER, by_id=acting.actor_id)


async def raise_to(here: Instance, case: Case, desk: str, *, by_id: str | None = None) -> None:
    """Lay a case on another desk, where nobody has it yet; in the caller's transaction."""
    if case.desk == desk:
        return
    case.desk, case.taken_by_id, case.taken_at, case.looked_at, case.reminders = desk, None, None, None, 0
    now = here.clock.now()
    case.due_at = now if desk == policy.SEALED else now + policy.FIRST_LOOK
    await case.save()
    # Who looks after the community, here or from another server, has no part in its reports any more.
    await Report.filter(case_id=case.id).update(community_id=None)
    await note(here, case, "referred" if desk == policy.SEALED else "passed", by_id=by_id)
    await here.events.emit(ReportFiled(case.id))
    await here.jobs.enqueue(CLOCK_JOB, {"case": case.id}, run_at=_next(here, case), unique=f"{CLOCK_JOB}:{case.id}")


async def ask_who(here: Instance, acting: Viewer, case_id: str) -> None:
    """Want to know who wrote something without their name: with the second of those who may decide, both are shown."""
    async with here.db.transaction():
        case = await opened(here, acting, case_id)
        post_id = str(case.posts[0]["id"]) if case.posts else ""
        before = await CaseEntry.filter(case_id=case.id, kind="wants_name").order_by("-id").first()
        before = await CaseEntry.filter(case_id=case.id, kind="wants_name").order_by("-id").first()
        if before is not None and before.by_id == acting.actor_id:
            return
        if before is None or before.by_id is None:
            await note(here, case, "wants_name", by_id=acting.actor_id)
            return
        first = Viewer(actor_id=before.by_id, handle=await _handle(before.by_id))
        if not await access.may_handle(here, replace(first, role=await _role(here, before.by_id)), case_id):
            raise Invalid("Whoever asked first may not decide here any more. Ask somebody else.", field="action")
        person_id = await reveal(here, post_id, case_id=case.id, first=first, second=acting)
        await note(here, case, "named", by_id=acting.actor_id, text=await _handle(person_id))


async def _handle(actor_id: str) -> str:
    actor = await Actor.get(id=actor_id)
    return f"@{actor.username}" if actor.is_local else f"@{actor.username}@{actor.domain}"


async def _role(here: Instance, actor_id: str) -> str:
    found = await here.db.value("SELECT role FROM account WHERE actor_id = :id AND state = 'active'", id=actor_id)
    return str(found or "")


async def opened(here: Instance, acting: Viewer, case_id: str) -> Case:
    """A case that waits, on a desk of this viewer. Raises NotFound, and Invalid where it is decided."""
    if not await access.may_handle(here, acting, case_id):
        raise NotFound
    case = await Case.get(id=case_id)
    if case.state not in policy.WAITING:
        raise Invalid("Somebody has decided about this already.", field="action")
    return case


async def hold(here: Instance, acting: Viewer, case: Case) -> None:
    """See to it that the viewer has the case, in the caller's transaction: two at once do not both get it."""
    now = here.clock.now()
    if case.taken_by_id == acting.actor_id:
        return
    got = await here.db.execute(
        "UPDATE moderation_case SET taken_by_id = :me, taken_at = :now, looked_at = COALESCE(looked_at, :now)"
        " WHERE id = :id AND (taken_by_id IS NULL OR taken_at < :before)",
        me=str(acting.actor_id),
        now=now,
        id=case.id,
        before=now - policy.HELD_FOR,
    )
    if not got:
        holder = await Actor.get_or_none(id=case.taken_by_id or "")
        name = (holder.name or holder.username) if holder is not None else "Somebody else"
        raise Invalid(
            f"{name} has this case. Ask them, or wait: after three days you can take it over.", field="action"
        )
    case.taken_by_id, case.taken_at, case.looked_at = acting.actor_id, now, case.looked_at or now
    await note(here, case, "taken", by_id=acting.actor_id)


async def on_clock(here: Instance, payload: Any) -> None:
    """The job: nobody has looked in time, so those who look at it are told again, and then those above them."""
    now = here.clock.now()
    async with here.db.transaction():
        case = await Case.get_or_none(id=payload["case"])
        if case is None or case.state != policy.OPEN or case.looked_at is not None:
            return
        if now < case.due_at + (_step(case) * case.reminders):
            await _wait(here, case)
            return
        if case.reminders >= policy.MOST_REMINDERS:
            return
        case.reminders += 1
        await case.save(update_fields=["reminders"])
        if case.desk == policy.COMMUNITY and case.reminders > 1 and await access.server_may_see(here, case.id):
            await raise_to(here, case, policy.SERVER)
            return
        await note(here, case, "late")
        await here.events.emit(CaseLate(case.id, case.reminders))
        await _wait(here, case)


async def _wait(here: Instance, case: Case) -> None:
    await here.jobs.enqueue(
        CLOCK_JOB, {"case": case.id}, run_at=_next(here, case), unique=f"{CLOCK_JOB}:{case.id}", goes_on=True
    )


def _step(case: Case) -> timedelta:
    return _AGAIN_UNSAFE if case.desk == policy.SEALED else _AGAIN


def _next(here: Instance, case: Case) -> Any:
    due = case.due_at + _step(case) * case.reminders
    # What is due at once was told when it came; the first reminder is one step later.
    return max(due, here.clock.now() + timedelta(hours=1)) if case.desk == policy.SEALED else due


async def tell_again(here: Instance, case: Case) -> None:
    """Tell who looks at a case that it is there, in the caller's transaction; nobody is told twice."""
    await here.events.emit(ReportFiled(case.id))
