"""What people do about things that are wrong: report them, take that back, and, where they look after a place, act."""

from dataclasses import dataclass
from datetime import timedelta

from server.accounts import throttle
from server.actors import actions as actors
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.communities import bans
from server.errors import Invalid, NotAllowed, NotFound
from server.instance import Instance
from server.moderation import policy, queries
from server.moderation.activities.flag import MAX_TEXT, send_flag, send_undo
from server.moderation.filing import end_report, file_report
from server.moderation.models import Report
from server.posts import actions as posts
from server.posts.composing import readable_post
from server.posts.models import Post
from server.text import clean_text

MAX_NOTE = 2_000
MAX_POSTS = 20
MOST_PER_QUARTER = 20


@dataclass(frozen=True, slots=True)
class NewReport:
    """What somebody writes to report a post, or a person. `forward`: the other servers it concerns are told as well.

    `post_ids` are further posts of the person.
    """

    category: str
    text: str = ""
    post_id: str | None = None
    post_ids: tuple[str, ...] = ()
    person_id: str | None = None
    forward: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done about a report. `action` is one of `policy.ACTIONS`, `reason` what those concerned are told.

    `post_ids` are the posts to remove, `length` how long the person is kept out (None: for good).
    """

    action: str
    reason: str = ""
    post_ids: tuple[str, ...] = ()
    length: timedelta | None = None


async def report(here: Instance, acting: Viewer, new: NewReport) -> Report:
    """Report a post that one can read, or a person. Raises Invalid that names `category` or `text`."""
    if acting.actor_id is None:
        raise NotAllowed("Sign in first.")
    about, reported = await _subject(here, acting, new)
    text = clean_text(new.text).strip()
    if new.category not in policy.CATEGORIES:
        raise Invalid("Choose what is wrong.", field="category")
    if new.category == policy.OTHER and not text:
        raise Invalid("Say in a few words what is wrong.", field="text")
    if len(text) > MAX_TEXT:
        raise Invalid(f"Use at most {MAX_TEXT} characters.", field="text")
    if about.id == acting.actor_id:
        raise Invalid("This is your own. You can change or delete it.")
    if await queries.has_reported(here, acting.actor_id, about.id, [post.id for post in reported]):
        raise Invalid("You have reported this already. Somebody will look at it.")
    throttle.limit(here, f"report {acting.account_id}", "", MOST_PER_QUARTER)
    reporter = await Actor.get(id=acting.actor_id)
    async with here.db.transaction():
        filed = await file_report(
            here, reporter=reporter, about=about, posts=reported, category=new.category, text=text
        )
        if new.forward and policy.may_leave(new.category):
            targets = await queries.other_servers(here, about, reported[0] if reported else None)
            await send_flag(here, filed, about, targets)
    return filed


async def withdraw_report(here: Instance, acting: Viewer, report_id: str) -> None:
    """Take a report of one's own back; servers that were told are told that as well."""
    filed = await Report.get_or_none(id=report_id, reporter_id=acting.actor_id or "")
    if filed is None or filed.state != policy.OPEN:
        raise NotFound
    async with here.db.transaction():
        await end_report(here, filed, policy.WITHDRAWN, by_id=acting.actor_id)
        await send_undo(here, filed)


async def decide(here: Instance, acting: Viewer, report_id: str, decision: Decision) -> None:
    """Do something about a report, or nothing, and close it. All of it happens, or none.

    Raises NotFound for those who do not look at it, NotAllowed where the action is not theirs, Invalid that names
    `action`, `reason` or `posts`.
    """
    if not await queries.may_handle(here, acting, report_id):
        raise NotFound
    filed = await Report.get(id=report_id)
    if filed.state != policy.OPEN:
        raise Invalid("Somebody has decided about this already.", field="action")
    reason = clean_text(decision.reason).strip()[:MAX_NOTE]
    if decision.action not in policy.ACTIONS:
        raise Invalid("Choose what to do.", field="action")
    if decision.action != policy.NOTHING and not reason:
        raise Invalid("Say why: whom it concerns is told.", field="reason")
    async with here.db.transaction():
        match decision.action:
            case policy.REMOVE:
                await _remove(here, acting, filed, decision.post_ids, reason)
            case policy.BAN:
                await _ban(here, acting, filed, reason, decision.length)
            case policy.SUSPEND:
                await _suspend(here, acting, filed, reason)
        outcome = policy.NONE if decision.action == policy.NOTHING else policy.ACTED
        await end_report(here, filed, outcome, by_id=acting.actor_id, note=reason)
        await audit.record(
            here,
            by=acting.handle or acting.actor_uri,
            action=f"report.{decision.action}",
            subject=f"report {filed.id}",
            detail={"reason": reason},
        )


async def _remove(here: Instance, acting: Viewer, filed: Report, post_ids: tuple[str, ...], reason: str) -> None:
    reported = {str(post["id"]) for post in filed.posts or ()}
    chosen = [post_id for post_id in post_ids if post_id in reported] or sorted(reported)
    there = await Post.filter(id__in=chosen, state__in=["visible", "held"]).order_by("id")
    if not there:
        raise Invalid("There is no post left to remove.", field="action")
    for post in there:
        await posts.remove_post(here, acting, post.id, reason)


async def _ban(here: Instance, acting: Viewer, filed: Report, reason: str, length: timedelta | None) -> None:
    if filed.community_id is None:
        raise Invalid("This is not about a community here.", field="action")
    await bans.ban(here, acting, filed.community_id, filed.about_id, reason=reason, length=length)


async def _suspend(here: Instance, acting: Viewer, filed: Report, reason: str) -> None:
    """People elsewhere are suspended by who looks after this server; those here by its admins, on their own page."""
    person = await Actor.get(id=filed.about_id)
    if not acting.is_steward or person.is_local:
        raise NotAllowed("Only who looks after this server takes nothing more from a person elsewhere.")
    await actors.suspend(here, person.id, acting.handle, reason)


async def _subject(here: Instance, acting: Viewer, new: NewReport) -> tuple[Actor, list[Post]]:
    """Whom a report is about, and which posts."""
    if new.post_id is not None:
        post = await readable_post(here, acting, new.post_id)
        return await Actor.get(id=post.author_id), [post]
    person = await Actor.get_or_none(id=new.person_id or "", hidden=False, deleted_at=None)
    if person is None or person.kind in {"Application", "Service"}:
        raise NotFound
    if len(new.post_ids) > MAX_POSTS:
        raise Invalid(f"Report at most {MAX_POSTS} posts at once.")
    posts_of = [await readable_post(here, acting, post_id) for post_id in new.post_ids]
    if any(post.author_id != person.id for post in posts_of):
        raise NotFound
    return person, posts_of
