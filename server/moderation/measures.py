"""What can be done in a case, one by one, and how it is undone. All of it joins the caller's transaction."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from server.accounts import actions as accounts
from server.actors import actions as actors
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.communities import bans
from server.db import to_milliseconds
from server.errors import Invalid, NotAllowed
from server.instance import Instance
from server.mediation import actions as mediation
from server.moderation import policy
from server.moderation.models import Case
from server.posts import moderating
from server.posts.models import Post
from server.posts.reactions import change_lock
from server.posts.removal import let_through, take_out

Measure = dict[str, Any]
RETURNED = frozenset({"practice", "tip"})
"""Kinds of posts that their authors keep as drafts."""


async def apply(
    here: Instance,
    acting: Viewer,
    case: Case,
    kind: str,
    *,
    reason: str,
    chosen: Sequence[str],
    length: timedelta | None,
    warning: str,
) -> Measure:
    """Do one thing; returns what it was, with what is needed to undo it. Raises Invalid or NotAllowed."""
    person = await Actor.get(id=case.about_id)
    match kind:
        case policy.NOTE | policy.EDIT:
            if not person.is_local:
                raise NotAllowed("Only people of this server can be written to in this way.")
            return {"kind": kind}
        case policy.MEDIATE:
            return await _mediate(here, acting, case)
        case policy.WARN:
            return await _warn(here, await _there(case, chosen, local=True), warning, reason)
        case policy.LOCK:
            return await _lock(here, acting, await _there(case, chosen), reason)
        case policy.DRAFT:
            posts = [post for post in await _there(case, chosen, local=True) if post.kind in RETURNED]
            if not posts:
                raise Invalid("Only a practice or tip from here becomes a draft again.", field="action")
            for post in posts:
                await moderating.give_back(here, post, by_id=str(acting.actor_id), reason=reason)
            return {"kind": kind, "posts": [post.id for post in posts]}
        case policy.REMOVE:
            posts = await _there(case, chosen)
            for post in posts:
                await take_out(here, post, by_id=str(acting.actor_id), reason=reason)
            return {"kind": kind, "posts": [post.id for post in posts]}
        case policy.BAN:
            return await _ban(here, acting, case, reason, length)
        case policy.LIMIT:
            if not acting.is_steward or person.is_local:
                raise NotAllowed("Only who looks after this server hears less of a person elsewhere.")
            await actors.limit(here, person.id, acting.handle, reason)
            return {"kind": kind}
        case policy.SUSPEND:
            return await _suspend(here, acting, person, reason)
    raise Invalid("Choose what to do.", field="action")


async def undo(here: Instance, acting: Viewer, case: Case, measure: Measure) -> None:
    """Take one thing back, as far as that goes: what ended meanwhile by itself, or for another reason, stays so."""
    posts = await Post.filter(id__in=[str(item) for item in measure.get("posts", [])][:50]).order_by("id")
    match measure["kind"]:
        case policy.WARN:
            for post in posts:
                before = measure.get("before", {}).get(post.id, "")
                if post.state != "deleted" and post.content_warning == measure.get("warning"):
                    await moderating.set_warning(here, post, before)
        case policy.LOCK:
            for post in posts:
                await change_lock(here, post, by_id=str(acting.actor_id), locked=False)
        case policy.REMOVE:
            for post in posts:
                if post.state == "removed":
                    await let_through(here, post)
        case policy.DRAFT:
            for post in posts:
                if post.state == "draft":
                    await let_through(here, post)
        case policy.BAN:
            if case.community_id is not None:
                await bans.lift(here, acting, case.community_id, case.about_id)
        case policy.LIMIT:
            await actors.limit(here, case.about_id, acting.handle, limited=False)
        case policy.SUSPEND:
            await _unsuspend(here, acting, await Actor.get(id=case.about_id))


async def _mediate(here: Instance, acting: Viewer, case: Case) -> Measure:
    """Offer a mediation to the first who reported it here. Until they want it, who is reported learns nothing."""
    rows = await here.db.rows(
        "SELECT report.reporter_id FROM report JOIN actor ON actor.id = report.reporter_id AND actor.is_local"
        " WHERE report.case_id = :case AND report.state = 'open' ORDER BY report.id LIMIT 20",
        case=case.id,
    )
    for row in rows:
        if await mediation.may_be(here, row["reporter_id"], case.about_id, str(acting.actor_id)):
            await mediation.begin(
                here,
                asker_id=row["reporter_id"],
                other_id=case.about_id,
                mediator_id=str(acting.actor_id),
                post_id=str(case.posts[0]["id"]) if case.posts else None,
                wish="",
                agreed=False,
            )
            return {"kind": policy.MEDIATE}
    raise Invalid("There is nobody here who reported it and could be offered that.", field="action")


async def _there(case: Case, chosen: Sequence[str], *, local: bool = False) -> list[Post]:
    known = {str(post["id"]) for post in case.posts or ()}
    wanted = [post_id for post_id in chosen if post_id in known] or sorted(known)
    found = await Post.filter(id__in=wanted, state__in=["visible", "held"]).order_by("id")
    posts = [post for post in found if post.is_local or not local]
    if not posts:
        words = "There is no post of this server left." if found else "There is no post left to do that with."
        raise Invalid(words, field="action")
    return posts


async def _warn(here: Instance, posts: list[Post], warning: str, reason: str) -> Measure:
    if not warning:
        raise Invalid("Write the content note: what readers should know first.", field="warning")
    before = {post.id: await moderating.set_warning(here, post, warning, reason[:200]) for post in posts}
    return {"kind": policy.WARN, "posts": list(before), "before": before, "warning": warning}


async def _lock(here: Instance, acting: Viewer, posts: list[Post], reason: str) -> Measure:
    ids = {post.root_id or post.id for post in posts}
    roots = await Post.filter(id__in=sorted(ids), state="visible").order_by("id")
    ours = [post for post in roots if post.is_local or post.community_id is not None]
    done = [
        post for post in ours if await change_lock(here, post, by_id=str(acting.actor_id), locked=True, reason=reason)
    ]
    if not done:
        raise Invalid("This conversation is closed already, or lives on another server.", field="action")
    return {"kind": policy.LOCK, "posts": [post.id for post in done]}


async def _ban(here: Instance, acting: Viewer, case: Case, reason: str, length: timedelta | None) -> Measure:
    if case.community_id is None:
        raise Invalid("This is not about a community here.", field="action")
    await bans.ban(here, acting, case.community_id, case.about_id, reason=reason, length=length)
    until = None if length is None else to_milliseconds(here.clock.now() + length)
    return {"kind": policy.BAN, "until": until}


async def _suspend(here: Instance, acting: Viewer, person: Actor, reason: str) -> Measure:
    """People elsewhere are suspended by who looks after this server, those here by its admins."""
    if person.is_local and not acting.is_admin:
        raise NotAllowed("Only an admin locks somebody out who has an account here.")
    if not acting.is_steward:
        raise NotAllowed("Only who looks after this server takes nothing more from a person elsewhere.")
    if person.is_local:
        account_id = await accounts_of(here, person.id)
        if account_id is None:
            raise Invalid("They have no account here any more.", field="action")
        await accounts.suspend_account(here, account_id, by=acting.handle, reason=reason)
    else:
        await actors.suspend(here, person.id, acting.handle, reason)
    return {"kind": policy.SUSPEND}


async def _unsuspend(here: Instance, acting: Viewer, person: Actor) -> None:
    if not person.is_local:
        await actors.unsuspend(here, person.id, acting.handle)
        return
    account_id = await accounts_of(here, person.id)
    if account_id is not None:
        await accounts.unsuspend_account(here, account_id, by=acting.handle)


async def accounts_of(here: Instance, actor_id: str) -> str | None:
    """The account of a person here."""
    found = await here.db.value("SELECT id FROM account WHERE actor_id = :actor", actor=actor_id)
    return None if found is None else str(found)
