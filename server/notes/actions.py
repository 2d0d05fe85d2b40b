"""Writing short posts as apps do: once for each key, wherever the text and what is answered say that they go."""

import re
from datetime import timedelta
from hashlib import sha256

from federation.errors import FederationError
from server.actors.models import Actor
from server.actors.queries import split_handle
from server.actors.remote import resolve
from server.actors.viewer import Viewer
from server.communities import queries as communities
from server.communities.models import Membership
from server.errors import Invalid, NotAllowed, NotFound, Refused
from server.ids import new_id
from server.instance import Instance
from server.notes.form import NoteForm, check, tidy, with_breaks
from server.polls.actions import opening
from server.posts import actions as posts
from server.posts import policy
from server.posts.actions import NewPost
from server.posts.composing import MAX_RESOLVED, Detail, readable_post
from server.posts.models import Post
from server.text import render_markdown

KEPT = timedelta(hours=1)
"""How long the key of something that was sent is remembered."""
MAX_NAMED_FIRST = 5

# As `text.markdown` finds handles.
_NAMED_FIRST = re.compile(
    r"\s*(@[A-Za-z0-9_]+(?:[.-]+[A-Za-z0-9_]+)*(?:@[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*(?::\d+)?)?)"
)
_AUDIENCES = {
    "public": policy.PUBLIC,
    "unlisted": policy.UNLISTED,
    "private": policy.FOLLOWERS,
    "direct": policy.DIRECT,
}


class Repeated(Exception):  # not an error: what was sent is here already
    """Something with this key was sent before."""


async def write(here: Instance, acting: Viewer, form: NoteForm, *, once: str = "") -> str:
    """Write a short post; returns its id. With the same `once`, within an hour, nothing is written again.

    Raises Invalid, NotFound for what it answers, NotAllowed for a place where its author may not write.
    """
    before = await sent_before(here, acting, once)
    if before is not None and before[0] is not None:
        return before[0]

    async def store(post: Post) -> None:
        await remember(here, acting, once, post_id=post.id)

    try:
        post = await post_now(here, acting, form, store)
    except Repeated:
        before = await sent_before(here, acting, once)
        if before is None or before[0] is None:
            raise NotFound from None
        return before[0]
    return str(post.id)


async def post_now(here: Instance, acting: Viewer, form: NoteForm, also: Detail) -> Post:
    """Write a short post; `also` is done in its transaction."""
    form = tidy(form)
    check(form)
    new = await _new(here, acting, form)
    poll = None
    if form.poll is not None:
        ends_at = here.clock.now() + timedelta(seconds=form.poll.seconds)
        poll = opening(
            here,
            form.poll.options,
            is_multiple=form.poll.is_multiple,
            ends_at=ends_at,
            hides_totals=form.poll.hides_totals,
        )

    async def store(post: Post) -> None:
        if poll is not None:
            await poll(post)
        await also(post)

    return await posts.create_post(here, str(acting.actor_id), new, detail=store)


async def sent_before(here: Instance, acting: Viewer, once: str) -> tuple[str | None, str | None] | None:
    """What became of something with this key: the id of a post, or of one that is published later."""
    if not once:
        return None
    row = await here.db.row(
        "SELECT post_id, scheduled_id FROM sent_once WHERE actor_id = :me AND key = :key AND created_at > :after",
        me=acting.actor_id,
        key=_digest(once),
        after=here.clock.now() - KEPT,
    )
    return None if row is None else (row["post_id"], row["scheduled_id"])


async def remember(
    here: Instance, acting: Viewer, once: str, *, post_id: str | None = None, scheduled_id: str | None = None
) -> None:
    """Remember what became of a key, in the caller's transaction. Raises Repeated where it was used before."""
    if not once:
        return
    now = here.clock.now()
    key = _digest(once)
    await here.db.execute(
        "DELETE FROM sent_once WHERE actor_id = :me AND key = :key AND created_at <= :before",
        me=acting.actor_id,
        key=key,
        before=now - KEPT,
    )
    added = await here.db.execute(
        "INSERT INTO sent_once (id, actor_id, key, post_id, scheduled_id, created_at)"
        " VALUES (:id, :me, :key, :post, :scheduled, :now) ON CONFLICT DO NOTHING",
        id=new_id(now),
        me=acting.actor_id,
        key=key,
        post=post_id,
        scheduled=scheduled_id,
        now=now,
    )
    if not added:
        raise Repeated


async def prune(here: Instance, _: object) -> None:
    """Forget keys that are too old to count."""
    await here.db.execute("DELETE FROM sent_once WHERE created_at <= :before", before=here.clock.now() - KEPT)


async def _new(here: Instance, acting: Viewer, form: NoteForm) -> NewPost:
    wanted, community_id = _AUDIENCES[form.visibility], None
    if form.parent_id is not None:
        parent = await readable_post(here, acting, form.parent_id)
        if wanted == policy.FOLLOWERS and parent.visibility in {policy.MEMBERS, policy.NETWORK, policy.INSTANCE}:
            # To apps these audiences are "private" too: an answer stays among those who can read what it answers.
            wanted = parent.visibility
    elif wanted == policy.DIRECT:
        await _check_reaches_somebody(here, form.text)
    else:
        community_id = await _community(here, acting, form.text)
        if community_id is not None and wanted == policy.FOLLOWERS:
            wanted = policy.MEMBERS
    return NewPost(
        kind="poll" if form.poll else "reply" if form.parent_id else "note",
        source_md=with_breaks(form.text),
        content_warning=form.content_warning,
        sensitive=form.sensitive,
        language=form.language or acting.language,
        visibility=wanted,
        community_id=community_id,
        parent_id=form.parent_id,
        attachments=form.media_ids,
        to_named=True,
    )


async def _community_called(here: Instance, handle: str) -> Actor | None:
    """The community with this handle; also one that other servers cannot know of, which `resolve` does not find."""
    name, domain = split_handle(here, handle)
    if domain == here.settings.domain:
        return await Actor.get_or_none(
            handle_key__in=[f"{name}@{domain}", f"!{name}@{domain}"], kind="Group", is_local=True, deleted_at=None
        )
    try:
        found: Actor = await resolve(here, handle)
    except (Refused, FederationError):
        return None
    return found if found.kind == "Group" else None


async def _check_reaches_somebody(here: Instance, text: str) -> None:
    """Raise Invalid where a direct post names people and none of them is found: it would reach nobody, and say nothing.

    Who names nobody writes to themselves.
    """
    named = render_markdown(text, base_url=here.settings.origin).mentions[:MAX_RESOLVED]
    for handle in named:
        try:
            actor: Actor = await resolve(here, f"@{handle}")
        except (Refused, FederationError):
            continue
        if actor.kind != "Group":
            return
    if named:
        raise Invalid(f"Nobody was found who is called @{named[0]}. Check the spelling.", field="status")


async def _community(here: Instance, acting: Viewer, text: str) -> str | None:
    """The community that a text begins with, among those whom it names first: it is posted there.

    One that lets nobody know of it is a word like others, but not for whoever was in it: they would tell everybody.
    """
    position = 0
    for _ in range(MAX_NAMED_FIRST):
        named = _NAMED_FIRST.match(text, position)
        if named is None:
            return None
        position = named.end()
        actor = await _community_called(here, named[1])
        if actor is None:
            continue
        if await communities.membership(here, actor.id, str(acting.actor_id)) is not None:
            return str(actor.id)
        if await Membership.exists(community_id=actor.id, person_id=acting.actor_id):
            raise NotAllowed("You cannot write in this community.")
    return None


def _digest(once: str) -> str:
    return sha256(once.encode()).hexdigest()
