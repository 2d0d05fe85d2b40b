"""Events: announcing them, taking part, and the file for calendars."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.actors.viewer import Viewer
from server.errors import Invalid, NotFound
from server.ideas import actions as ideas
from server.ideas import queries as idea_queries
from server.ideas.queries import Prefill
from server.instance import Instance
from server.posts import queries as posts
from server.posts.queries import PostView
from server.sessions import actions, queries
from server.sessions.form import SessionForm
from server.text import LANGUAGES
from web.discussions.showing import post_of
from web.i18n import gettext
from web.practices.composing import UNREADABLE, audiences, chosen, community_of, language_options, number
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, viewer_of
from web.topics.choosing import offered

MOST_NAMED = 20
"""So many who took part in a conversation are named in the event that comes of it."""

Act = Callable[[Instance, Viewer, str], Awaitable[None]]
Said = Callable[[Request, PostView], str]


async def compose(request: Request) -> Response:
    """An empty form to announce an event in a community."""
    viewer = signed_in(request)
    language = viewer.language if viewer.language in LANGUAGES else "en"
    form, idea = SessionForm(language=language, timezone=viewer.time_zone), None
    if short := request.query_params.get("idea", "")[:200]:
        idea = await _idea(request, short)
        await ideas.scheduled(here_of(request), viewer, idea.id)  # says why not
        form = replace(form, title=idea.title[:150], text=idea.text)
    elif talk := request.query_params.get("from", "")[:40]:
        form = await _of_conversation(request, form, talk)
    return await _composer(request, form, idea=idea)


async def send(request: Request) -> Response:
    """Announce an event."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    community = await community_of(request, viewer, request.path_params["slug"])
    form = _read(sent, community.id if community else None)
    short = text(sent, "idea", 40)
    idea = await _idea(request, short) if short else None
    try:
        also = await ideas.scheduled(here, viewer, idea.id) if idea is not None else None
        post = await actions.publish_event(here, viewer, form, also=also)
    except Invalid as error:
        return await _composer(request, form, sent=sent, errors=error.errors, status=422, idea=idea)
    return redirect(
        request, posts.page_path(post.short, post.title, post.kind), toast=gettext(request, "It is announced.")
    )


async def edit_page(request: Request, post: PostView) -> Response:
    """The form to change an event."""
    event = await queries.event(here_of(request), viewer_of(request), post)
    if event is None or event.starts_at is None or event.ends_at is None:
        raise NotFound
    zone = ZoneInfo(event.timezone or "UTC")
    form = SessionForm(
        title=post.title,
        text=post.source_md,
        starts=f"{event.starts_at.astimezone(zone):%Y-%m-%dT%H:%M}",
        ends=f"{event.ends_at.astimezone(zone):%Y-%m-%dT%H:%M}",
        timezone=event.timezone or "UTC",
        place=event.place,
        online_url=event.links[0].url if event.links else "",
        join_mode=event.join_mode,
        join_url=event.join_url,
        capacity=event.capacity,
        language=post.language,
        content_warning=post.content_warning,
        format=event.format,
    )
    return await _composer(request, form, editing=post)


async def save_edit(request: Request, post: PostView) -> Response:
    """Change an event."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    form = _read(sent)
    try:
        await actions.change_event(here, viewer, post.id, form, text(sent, "change_note", 300))
    except Invalid as error:
        return await _composer(request, form, sent=sent, editing=post, errors=error.errors, status=422)
    return redirect(request, f"/p/{post.short}", toast=gettext(request, "Your changes are saved."))


async def calendar(request: Request) -> Response:
    """The event as a file for calendars."""
    post = await event_of(request)
    file = await queries.ics(here_of(request), viewer_of(request), post)
    if file is None:
        raise NotFound
    headers = {
        "content-disposition": f'attachment; filename="event-{post.short}.ics"',
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
    }
    return Response(file, media_type="text/calendar; charset=utf-8", headers=headers)


def does(act: Act, said: Said) -> Callable[[Request], Awaitable[Response]]:
    """A handler that does something with the event and says so."""

    async def handler(request: Request) -> Response:
        viewer = signed_in(request)
        post = await event_of(request)
        await act(here_of(request), viewer, post.id)
        return redirect(request, post.url, toast=said(request, post))

    return handler


def _joined(request: Request, post: PostView) -> str:
    if post.is_local:
        return gettext(request, "You take part.")
    return gettext(request, "Your name is on its way to the organisers. Their answer will stand here.")


def _left(request: Request, post: PostView) -> str:
    if post.is_local:
        return gettext(request, "You take part no more.")
    return gettext(request, "You take part no more. The organisers are told.")


def _cancelled(request: Request, _: PostView) -> str:
    return gettext(request, "It is cancelled. Everybody is told.")


async def _of_conversation(request: Request, form: SessionForm, short: str) -> SessionForm:
    """A conversation becomes an event (A3): those who took part are named in its text, so that they hear of it."""
    here, viewer = here_of(request), signed_in(request)
    found = await posts.conversation(here, viewer, short)
    if found is None or found[0].root_id != found[0].id or found[0].state != "visible":
        raise NotFound
    post, replies = found
    waiting, handles = [post, *replies], dict[str, None]()
    while waiting:
        one = waiting.pop(0)
        waiting += one.replies
        if not one.deleted and one.author.id != viewer.actor_id and len(handles) < MOST_NAMED:
            handles[one.author.handle] = None
    people = " ".join(handles)
    words = gettext(request, "We talked about it here: %(address)s", address=here.url(post.url))
    asked = gettext(request, "Who talked about it, and is invited: %(people)s", people=people)
    return replace(form, title=post.title[:150], text=f"{words}\n\n{asked}" if people else words)


async def _idea(request: Request, short: str) -> Prefill:
    found = await idea_queries.prefill(here_of(request), signed_in(request), short)
    if found is None:
        raise NotFound
    return found


async def event_of(request: Request) -> PostView:
    """The event in the address."""
    post = await post_of(request)
    if post.kind != "session":
        raise NotFound
    return post


def _read(form: FormData, community_id: str | None = None) -> SessionForm:
    return SessionForm(
        title=text(form, "title", 500),
        text=text(form, "content"),
        starts=text(form, "starts", 30),
        ends=text(form, "ends", 30),
        timezone=text(form, "timezone", 60),
        place=text(form, "place", 1000),
        online_url=text(form, "online_url", 1000),
        join_mode=text(form, "join_mode", 10),
        join_url=text(form, "join_url", 1000),
        capacity=number(form, "capacity"),
        language=text(form, "language", 20) or "en",
        content_warning=text(form, "content_warning", 500),
        visibility=text(form, "visibility", 20),
        community_id=community_id,
        topic_id=text(form, "topic", 40),
        format=text(form, "format", 10),
        confidential=bool(text(form, "confidential", 5)),
        discussants=tuple(text(form, "discussants", 1000).replace(",", " ").split()),
    )


def _zones() -> list[dict[str, str]]:
    names = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
    return [{"value": name, "label": name.replace("_", " ")} for name in ("UTC", *names)]


async def _composer(
    request: Request,
    form: SessionForm,
    *,
    sent: FormData | None = None,
    editing: PostView | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
    idea: Prefill | None = None,
) -> Response:
    viewer = signed_in(request)
    slug = request.path_params.get("slug")
    community = await community_of(request, viewer, slug) if slug else None
    options = await audiences(request, viewer, community) if slug else []
    typed = text(sent, "capacity", 20) if sent is not None and form.capacity == UNREADABLE else form.capacity
    values: dict[str, Any] = {
        "action": f"{editing.url}/edit" if editing else f"{community.url if community else ''}/new?kind=session",
        "draft_key": f"edit-{editing.short}" if editing else f"session-{community.id if community else ''}",
    }
    return render(
        request,
        "events/compose.html",
        status,
        nav="new",
        form=form,
        capacity=typed if typed is not None else "",
        zones=_zones(),
        errors=errors or [],
        community=community,
        editing=editing,
        **await offered(request, community, form.topic_id, wanted=editing is None),
        audiences=options,
        audience=chosen(options, form.visibility) if options else None,
        languages=language_options(),
        change_note=text(sent, "change_note", 300) if sent is not None else "",
        idea=idea,
        **values,
    )


routes = [
    Route("/p/{name}/event.ics", calendar),
    Route("/p/{name}/take-part", does(actions.take_part, _joined), methods=["POST"]),
    Route("/p/{name}/leave-event", does(actions.leave, _left), methods=["POST"]),
    Route("/p/{name}/cancel-event", does(actions.cancel_event, _cancelled), methods=["POST"]),
]
