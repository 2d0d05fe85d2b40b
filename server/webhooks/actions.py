"""Choosing chat rooms, and telling them: by jobs, through the guarded way out, and nothing that is not public."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from federation.errors import AddressRefused, FetchError
from federation.transport.guard import check_url
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.communities import policy as communities
from server.communities import queries as community_queries
from server.communities.models import Community
from server.communities.policy import Denied
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.posts.events import PostPublished
from server.posts.models import Post
from server.posts.policy import PUBLIC
from server.sessions.models import EventFacts
from server.text import excerpt
from server.webhooks import policy
from server.webhooks.models import Webhook

SEND, LOOK = "webhooks.send", "webhooks.soon"
TRIAL = "trial"
GONE = frozenset({404, 410})
REFUSED_FOR_GOOD = frozenset({401, 403})


class ChatBusy(Exception):
    """The chat did not take it now: the job is tried again."""


async def add(
    here: Instance, acting: Viewer, community_id: str, *, url: str, form: str, wants: Sequence[str]
) -> Webhook:
    """Tell a room from now on. Raises Invalid, also for where we do not go."""
    handle = await _steward(here, acting, community_id)
    url = url.strip()
    try:
        if len(url) > policy.MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
            raise AddressRefused("This is no address.")
        check_url(url, any_scheme_and_port=False)
    except AddressRefused as error:
        raise Invalid("Paste the address that your chat gave you; it begins with https.", field="url") from error
    if here.is_local_uri(url):
        raise Invalid("This is our own address.", field="url")
    wanted = policy.checked(form, wants)
    if await Webhook.filter(community_id=community_id).count() >= policy.MOST:
        raise Invalid(f"A community tells at most {policy.MOST} rooms. Take one away first.", field="url")
    now = here.clock.now()
    async with here.db.transaction():
        made = await Webhook.create(
            id=new_id(now),
            community_id=community_id,
            url=url,
            form=form,
            wants=wanted,
            created_at=now,
            soon_until=now + policy.AHEAD,
        )
        await audit.record(
            here, by=acting.handle, action="webhook.add", subject=handle, detail={"host": urlsplit(url).hostname}
        )
        await _later(here, made, TRIAL, "")
    return made


async def remove(here: Instance, acting: Viewer, webhook_id: str) -> None:
    """Tell a room no more; what waits for it is not sent either."""
    found = await Webhook.get_or_none(id=webhook_id)
    if found is None:
        raise NotFound
    handle = await _steward(here, acting, found.community_id)
    async with here.db.transaction():
        await Webhook.filter(id=found.id).delete()
        await audit.record(
            here,
            by=acting.handle,
            action="webhook.remove",
            subject=handle,
            detail={"host": urlsplit(found.url).hostname},
        )


async def try_again(here: Instance, acting: Viewer, webhook_id: str) -> None:
    """Turn it on where it was turned off, and send a message that only says hello."""
    found = await Webhook.get_or_none(id=webhook_id)
    if found is None:
        raise NotFound
    await _steward(here, acting, found.community_id)
    async with here.db.transaction():
        found.is_on, found.failing_since, found.last_error = True, None, ""
        await found.save(update_fields=["is_on", "failing_since", "last_error"])
        await _later(here, found, TRIAL, "")


async def on_post(here: Instance, event: PostPublished) -> None:
    """A post came, in the transaction of that: the rooms of its community hear of it by a job."""
    wanted = policy.kind_wanted(event.kind)
    if not wanted or event.community_id is None or event.parent_id is not None or event.is_direct:
        return
    rooms = await Webhook.filter(community_id=event.community_id, is_on=True).order_by("id").limit(policy.MOST)
    for room in rooms:
        if wanted in room.wants.split():
            await _later(here, room, wanted, event.post_id)


async def look_ahead(here: Instance, _: object = None) -> None:
    """The job: events that begin within the hour are told, once."""
    until = here.clock.now() + policy.AHEAD
    rooms = await Webhook.filter(is_on=True, soon_until__lt=until).order_by("id").limit(1000)
    for room in [room for room in rooms if policy.SOON in room.wants.split()]:
        async with here.db.transaction():
            if not await Webhook.filter(id=room.id, soon_until=room.soon_until).update(soon_until=until):
                continue  # somebody else looks just now
            rows = await here.db.rows(
                "SELECT post.id FROM event_facts JOIN post ON post.id = event_facts.id"
                " WHERE event_facts.starts_at > :after AND event_facts.starts_at <= :until"
                " AND post.community_id = :community AND post.state = 'visible' ORDER BY post.id LIMIT 20",
                after=room.soon_until,
                until=until,
                community=room.community_id,
            )
            for row in rows:
                await _later(here, room, policy.SOON, row["id"])


async def send(here: Instance, payload: Any) -> None:
    """Tell one room of one thing, if everybody may still read it (S15)."""
    room = await Webhook.get_or_none(id=payload["to"], is_on=True)
    body = await _message(here, room, str(payload["what"]), str(payload["post"])) if room else None
    if room is None or body is None:
        return
    try:
        status = await here.engine.raw_post(room.url, body, {"Content-Type": "application/json"})
        error = "" if status < 300 else f"the chat answers {status}"
    except AddressRefused:
        status, error = 410, "the address leads where we do not go"
    except FetchError as problem:
        status, error = 503, str(problem)[:200]
    now = here.clock.now()
    async with here.db.transaction():
        room.last_at = now if not error else room.last_at
        room.failing_since = None if not error else room.failing_since or now
        room.last_error = error[:200]
        gone = status in GONE | REFUSED_FOR_GOOD
        room.is_on = not (gone or (room.failing_since is not None and now - room.failing_since > policy.GIVEN_UP))
        await room.save(update_fields=["last_at", "failing_since", "last_error", "is_on"])
    if error and room.is_on:
        raise ChatBusy(error)


async def on_community_gone(here: Instance, community_id: str) -> None:
    """A community is deleted: its rooms are forgotten; in the transaction of that."""
    await Webhook.filter(community_id=community_id).delete()


async def _message(here: Instance, room: Webhook, what: str, post_id: str) -> bytes | None:
    group = await Actor.get_or_none(id=room.community_id)
    community = await Community.get_or_none(id=room.community_id)
    if group is None or community is None or group.deleted_at is not None:
        return None
    if what == TRIAL:
        hello = "New practices and events of this community will be told here."
        return policy.message(room.form, heading=here.site.name, title=group.name, url=group.url, text=hello)
    post = await Post.get_or_none(id=post_id).select_related("author")
    if (
        post is None
        or post.state != "visible"
        or post.visibility != PUBLIC
        or community.visibility != communities.PUBLIC
    ):
        return None
    if post.author.suspended_at is not None or post.author.deleted_at is not None:
        return None
    text = excerpt(post.summary or post.content_html, policy.MAX_TEXT) if not post.content_warning else ""
    heading = f"{group.name} · {post.author.name or post.author.username}"
    if what in {policy.EVENTS, policy.SOON}:
        event = await EventFacts.get_or_none(id=post.id)
        if event is None or event.status in {"cancelled", "postponed"}:
            return None
        if what == policy.SOON:
            heading = f"{group.name} · within the hour"
    return policy.message(
        room.form, heading=heading, title=post.title or excerpt(post.content_html, 80), url=post.url, text=text
    )


async def _later(here: Instance, room: Webhook, what: str, post_id: str) -> None:
    payload = {"to": room.id, "what": what, "post": post_id}
    await here.jobs.enqueue(SEND, payload, unique=f"{SEND}:{room.id}:{what}:{post_id}")


async def _steward(here: Instance, acting: Viewer, community_id: str) -> str:
    facts = await community_queries.facts_of(here, community_id, acting)
    if facts is None or communities.view(facts) == communities.CLOSED:
        raise NotFound
    verdict = communities.may_edit(facts)
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)
    group = await Actor.get(id=community_id)
    return f"@{group.username}"
