"""Proposing to try a practice together, making that longer, ending it, and saying what came of it.

Taking part and leaving are those of any event (`server.sessions.actions`).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from server.actors.viewer import Viewer
from server.challenges.policy import may_be_named
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.posts import actions as posts
from server.posts.actions import NewPost, PostChange
from server.posts.composing import Detail, keep_moment, readable_post
from server.posts.events import PostEdited
from server.posts.holding import hold
from server.posts.models import Post, PostMention
from server.posts.policy import OPEN
from server.sessions import actions as sessions
from server.sessions import taking_part
from server.sessions.form import SessionForm
from server.sessions.models import EventFacts
from server.text import clean_text
from server.together import queries
from server.together.closing import close_at, is_past, note_over
from server.together.models import Together
from server.together.policy import LASTS, LONGER, State, why_not_ended, why_not_longer, why_not_summed_up
from server.tries.counting import is_tried

FEWER = "Not everybody there may read this practice. Choose the community that it was shared in."
OPEN_ALREADY = "This community is trying it already. Take part there."
TITLE = 150


@dataclass(frozen=True, slots=True)
class ProposeForm:
    """What somebody fills in to have a practice tried together. `challenge_id`: what it may help with."""

    title: str = ""
    text: str = ""
    community_id: str | None = None
    visibility: str = ""
    language: str = "en"
    challenge_id: str | None = None


async def propose(here: Instance, acting: Viewer, practice_id: str, form: ProposeForm) -> Post:
    """Ask a community to try a practice together, from now on for three weeks. Raises Invalid with every error."""
    practice = await _practice(here, acting, practice_id)
    if form.community_id is None:
        raise Invalid("Choose the community that tries it together.", field="community")
    challenge = await readable_post(here, acting, form.challenge_id) if form.challenge_id else None
    if challenge is not None and challenge.kind != "challenge":
        raise NotFound
    if await queries.is_open(here, practice.uri, form.community_id):
        raise Invalid(OPEN_ALREADY, field="community")

    async def store(post: Post) -> None:
        # Asked again while nobody else proposes this practice: two may press at once.
        if not await hold(here, practice, "visible"):
            raise NotFound
        if await queries.is_open(here, practice.uri, form.community_id or ""):
            raise Invalid(OPEN_ALREADY, field="community")
        if not may_be_named((practice.visibility, practice.community_id), (post.visibility, post.community_id)):
            raise Invalid(FEWER, field="community")
        await Together.create(
            id=post.id, practice_uri=practice.uri, challenge_uri=challenge.uri if challenge is not None else None
        )
        uri = here.url(f"/ap/a/join/{new_id(here.clock.now())}")
        await taking_part.enter(here, post.id, post.author_id, uri=uri, state="going")
        await EventFacts.filter(id=post.id).update(participants=1)
        event = await EventFacts.get(id=post.id)
        await close_at(here, post.id, event.ends_at or here.clock.now())
        if practice.author_id != post.author_id and {practice.visibility, post.visibility} <= OPEN:
            # Whose practice it is hears of it, wherever they are.
            await PostMention.get_or_create(post_id=post.id, actor_id=practice.author_id)

    return await sessions.publish_event(here, acting, _event(here, acting, practice, form), also=store)


async def make_longer(here: Instance, acting: Viewer, post_id: str) -> None:
    """Go on for one more week; once."""

    async def store(event: EventFacts) -> None:
        event.ends_at = event.ends_at + LONGER if event.ends_at is not None else None
        await event.save(update_fields=["ends_at"])
        await Together.filter(id=event.id).update(is_longer=True)
        await close_at(here, event.id, event.ends_at or here.clock.now())

    await _change(here, acting, post_id, why_not_longer, "One week longer", store)


async def end_now(here: Instance, acting: Viewer, post_id: str) -> None:
    """End it before its time; those who take part are told."""

    async def store(event: EventFacts) -> None:
        event.ends_at = here.clock.now()
        await event.save(update_fields=["ends_at"])
        await note_over(here, event.id)

    await _change(here, acting, post_id, why_not_ended, "It is over", store)


async def call_off(here: Instance, acting: Viewer, post_id: str) -> None:
    """Say that it does not take place; what was tried meanwhile still counts for the practice."""
    _, _, state = await _own(here, acting, post_id)
    if reason := why_not_ended(state):
        raise NotAllowed(reason)
    await sessions.cancel_event(here, acting, post_id)


async def sum_up(
    here: Instance, acting: Viewer, post_id: str, *, title: str, text: str, closing: str, language: str
) -> Post:
    """Publish what came of it, for those who could take part; whoever said how it went is credited, and told.

    `closing` is Markdown that thanks them, and stands at the end. Raises Invalid with every error.
    """
    post, row, state = await _own(here, acting, post_id)
    if reason := why_not_summed_up(state):
        raise NotAllowed(reason)
    title = " ".join(clean_text(title).split())
    errors = [] if title else [Invalid("Give it a title.", field="title")]
    if len(title) > TITLE:
        errors.append(Invalid(f"Use at most {TITLE} characters.", field="title"))
    if not text.strip():
        errors.append(Invalid("Say what came of it.", field="content"))
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))
    credited = await queries.credited(here, acting, post)

    async def store(written: Post) -> None:
        changed = await Together.filter(id=post.id, summary_uri=row.summary_uri).update(summary_uri=written.uri)
        if not changed:
            raise NotAllowed("It is written already. You can change that one.")
        for actor_id in credited:
            if actor_id != written.author_id:
                await PostMention.get_or_create(post_id=written.id, actor_id=actor_id)
        keep_moment(here, post)
        await post.save(update_fields=["edited_at"])
        await here.events.emit(PostEdited(post.id))

    new = NewPost(
        kind="discussion",
        title=title,
        source_md=f"{text.strip()}\n\n{closing}".strip(),
        language=language,
        visibility=post.visibility,
        community_id=post.community_id,
    )
    return await posts.create_post(here, str(acting.actor_id), new, detail=store)


async def told_to(here: Instance, acting: Viewer, practice_id: str) -> Detail:
    """What has a report that is being written reach those who proposed to try its practice together; for `also`."""
    hosts = await queries.hosts(here, acting, practice_id)

    async def name(post: Post) -> None:
        if post.visibility in OPEN:
            for actor_id in hosts:
                await PostMention.get_or_create(post_id=post.id, actor_id=actor_id)

    return name


async def on_edited(here: Instance, event: PostEdited) -> None:
    """Its end may be another now, also that it was called off."""
    if await Together.exists(id=event.post_id, over_at=None):
        facts = await EventFacts.get_or_none(id=event.post_id)
        if facts is not None and facts.status == "cancelled":
            await note_over(here, event.post_id)
        elif facts is not None and facts.ends_at is not None:
            await close_at(here, event.post_id, facts.ends_at)


async def _change(
    here: Instance,
    acting: Viewer,
    post_id: str,
    why_not: Callable[[State], str],
    note: str,
    store: Callable[[EventFacts], Awaitable[None]],
) -> None:
    post, _, state = await _own(here, acting, post_id)
    if reason := why_not(state):
        raise NotAllowed(reason)

    async def again(changed: Post) -> None:
        _, _, now = await _own(here, acting, changed.id)
        if reason := why_not(now):
            raise NotAllowed(reason)
        await store(await EventFacts.get(id=changed.id))

    await posts.edit_post(here, acting, post.id, PostChange(), note, detail=again)


async def _practice(here: Instance, acting: Viewer, practice_id: str) -> Post:
    if acting.actor_id is None:
        raise NotAllowed("Sign in to try it together.")
    practice = await readable_post(here, acting, practice_id)
    if not await is_tried(practice) or practice.state != "visible":
        raise NotFound
    return practice


async def _own(here: Instance, acting: Viewer, post_id: str) -> tuple[Post, Together, State]:
    """Somebody's own, and how it stands; NotFound for what is none, and for one that they cannot read."""
    post = await readable_post(here, acting, post_id)
    row, event = await Together.get_or_none(id=post.id), await EventFacts.get_or_none(id=post.id)
    if row is None or event is None:
        raise NotFound
    written = bool(row.summary_uri) and await Post.exists(uri=row.summary_uri, state="visible")
    state = State(
        is_host=post.is_local and post.author_id == acting.actor_id,
        is_over=row.over_at is not None or is_past(here, event),
        is_cancelled=event.status == "cancelled",
        is_longer=row.is_longer,
        has_summary=written,
    )
    return post, row, state


def _event(here: Instance, acting: Viewer, practice: Post, form: ProposeForm) -> SessionForm:
    now = here.clock.now().replace(second=0, microsecond=0).astimezone(ZoneInfo(acting.time_zone))
    first, last = now.replace(tzinfo=None), (now + timedelta(minutes=1) + LASTS).replace(tzinfo=None)
    return SessionForm(
        title=form.title,
        text=form.text,
        starts=first.isoformat(timespec="minutes"),
        ends=last.isoformat(timespec="minutes"),
        timezone=acting.time_zone,
        online_url=practice.url,
        language=form.language,
        visibility=form.visibility,
        community_id=form.community_id,
    )
