"""What people do about things that are wrong: report them, take that back, and, where they look after a place, act."""

from dataclasses import dataclass

from server.accounts import throttle
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.errors import Invalid, NotAllowed, NotFound
from server.instance import Instance
from server.moderation import policy, queries
from server.moderation.activities.flag import MAX_TEXT, send_flag, send_undo
from server.moderation.cases import ask_who, pass_up, release, take
from server.moderation.clauses import clauses_for, words_of
from server.moderation.filing import end_report, file_report
from server.moderation.models import Report
from server.moderation.ruling import Decision, answer, decide, decide_at_once, object_to
from server.posts.composing import readable_post
from server.posts.models import Post
from server.text import clean_text

__all__ = [
    "Decision",
    "NewReport",
    "answer",
    "ask_who",
    "decide",
    "decide_at_once",
    "object_to",
    "pass_up",
    "release",
    "report",
    "take",
    "withdraw_report",
]

MAX_POSTS = 20
MOST_PER_QUARTER = 20


@dataclass(frozen=True, slots=True)
class NewReport:
    """What somebody writes to report a post, or a person. `forward`: the other servers it concerns are told as well.

    `post_ids` are further posts of the person, `clause` the rule that it breaks, by its value in `clauses_for`.
    """

    category: str
    text: str = ""
    post_id: str | None = None
    post_ids: tuple[str, ...] = ()
    person_id: str | None = None
    forward: bool = False
    clause: str = ""


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
    community_id = reported[0].community_id if reported else None
    clause = words_of(await clauses_for(here, community_id), new.clause)
    if new.clause and not clause:
        raise Invalid("Choose one of the clauses, or none.", field="clause")
    if about.id == acting.actor_id:
        raise Invalid("This is your own. You can change or delete it.")
    if await queries.has_reported(here, acting.actor_id, about.id, [post.id for post in reported]):
        raise Invalid("You have reported this already. Somebody will look at it.")
    throttle.limit(here, f"report {acting.account_id}", "", MOST_PER_QUARTER)
    reporter = await Actor.get(id=acting.actor_id)
    async with here.db.transaction():
        filed = await file_report(
            here, reporter=reporter, about=about, posts=reported, category=new.category, text=text, clause=clause
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
