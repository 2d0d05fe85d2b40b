"""What was kept of an event: a recording, what was written down. The event names it, and it names the event."""

from dataclasses import dataclass, replace

from server.actors.viewer import Viewer
from server.db import Row
from server.errors import Invalid, NotAllowed
from server.instance import Instance
from server.posts import policy
from server.posts import queries as posts
from server.posts.addresses import page_path
from server.posts.queries import PostView
from server.posts.readable import findable, readable
from server.resources.form import TYPE_WORDS, ResourceForm
from server.text import excerpt, plain

MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that was kept of an event, or the event itself: what it is, its title, and its page here."""

    word: str
    title: str
    url: str


async def at_event(here: Instance, acting: Viewer, form: ResourceForm) -> ResourceForm:
    """The form with what it says of its event. Only who announced the event, and stewards, keep something of it."""
    event = await _event(here, acting, form.event_uri)
    if event is None or event.state != "visible":
        raise Invalid("This event is not there for you any more.", field="event")
    if not event.is_mine and not event.can_moderate:
        raise NotAllowed("Only who announced an event, and stewards, add what was kept of it.")
    if event.community is None or event.community.id != form.community_id:
        raise Invalid("Add it to the library of the community that the event was in.", field="event")
    wanted = form.visibility or policy.PUBLIC
    if wanted != event.visibility and not policy.narrows(event.visibility, wanted):
        words = "The event was for fewer people. Choose them as the audience of what was kept of it, too."
        raise Invalid(words, field="visibility")
    return _with(here, form, event)


async def said_of_event(here: Instance, acting: Viewer, form: ResourceForm) -> ResourceForm:
    """The form with what it says of the event that it names already, where its author may still read that."""
    event = await _event(here, acting, form.event_uri) if form.event_uri else None
    return form if event is None else _with(here, form, event)


async def around(here: Instance, viewer: Viewer, event_uri: str) -> tuple[Kept | None, list[Kept]]:
    """The idea that an event came of, and what was kept of it, as far as the viewer may read them. One query."""
    which = "SELECT id FROM idea WHERE session_uri = :event UNION SELECT id FROM resource WHERE event_uri = :event"
    found = await _some(here, viewer, which, event_uri)
    came_of = next((_kept(row) for row in found if row["kind"] == "idea"), None)
    return came_of, [_kept(row) for row in found if row["kind"] != "idea"]


async def beside(
    here: Instance, viewer: Viewer, post: PostView, event_uri: str
) -> tuple[Kept | None, list[Kept], list[Kept]]:
    """The event that something was kept of, what else was, and what uses it. One query; see `uses.used_in`."""
    which = (
        "SELECT id FROM post WHERE uri = :event UNION SELECT id FROM resource WHERE event_uri = :event"
        " UNION SELECT post_id FROM resource_use WHERE resource_id = :but"
    )
    found = await _some(here, viewer, which, event_uri, post.id)
    event = next((_kept(row) for row in found if row["uri"] == event_uri), None)
    others = [_kept(row) for row in found if row["kind"] == "resource"]
    return event, others, [_kept(row) for row in found if row["kind"] != "resource" and row["uri"] != event_uri]


async def is_of(here: Instance, event_uri: str, author_uri: str) -> bool:
    """Whether somebody announced this event: of what comes from elsewhere, only theirs stands under it."""
    found = await here.db.value(
        "SELECT post.id FROM post JOIN actor ON actor.id = post.author_id"
        " WHERE post.uri = :event AND post.kind = 'session' AND actor.uri = :author",
        event=event_uri,
        author=author_uri,
    )
    return found is not None


async def _event(here: Instance, acting: Viewer, event_uri: str) -> PostView | None:
    post_id = await here.db.value("SELECT id FROM post WHERE uri = :uri AND kind = 'session'", uri=event_uri)
    return None if post_id is None else await posts.show(here, acting, str(post_id))


def _with(here: Instance, form: ResourceForm, event: PostView) -> ResourceForm:
    address = event.original_url or here.url(event.url)
    return replace(form, event_uri=event.uri, event_url=address, event_title=event.title)


async def _some(here: Instance, viewer: Viewer, which: str, event_uri: str, but: str = "") -> list[Row]:
    may_read, values = readable(viewer)
    return await here.db.rows(
        "SELECT post.uri, post.short, post.title, post.kind, post.content_html, resource.resource_type FROM post"
        f" LEFT JOIN resource ON resource.id = post.id WHERE post.id IN ({which}) AND post.id <> :but"
        f" AND post.state = 'visible' AND {may_read} AND (post.kind = 'idea' OR post.uri = :event"
        f" OR {findable(viewer, in_community=True)}) ORDER BY post.id LIMIT :limit",
        event=event_uri,
        but=but,
        limit=MOST_SHOWN,
        **values,
    )


def _kept(row: Row) -> Kept:
    title = row["title"] or excerpt(plain(row["content_html"]), 60)
    url = page_path(row["short"], row["title"], row["kind"])
    return Kept(TYPE_WORDS.get(row["resource_type"] or "", ""), title, url)
