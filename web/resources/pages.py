"""A community's library, and the form of a resource."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.communities import policy
from server.errors import Invalid, NotFound
from server.media.queries import MediaFile, files
from server.posts import queries as posts
from server.posts.queries import PostView
from server.practices.previews import preview
from server.resources import actions, queries
from server.resources.files import take_away as take_file_away
from server.resources.form import TYPES, ResourceForm, summary, tidy, write
from server.resources.queries import Facets
from server.text import LANGUAGES
from web.challenges import choosing
from web.communities.common import inside
from web.i18n import gettext
from web.practices.composing import (
    UNREADABLE,
    audiences,
    chosen,
    community_of,
    language_options,
    licence_options,
    number,
    take_files,
)
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, viewer_of
from web.topics.choosing import offered, sent_with


async def library(request: Request) -> Response:
    """What a community keeps, narrowed by what the reader looks for."""
    here, viewer, place = here_of(request), viewer_of(request), await inside(request)
    community = place.label
    asked = request.query_params
    facets = Facets(
        words=asked.get("q", "")[:200].strip(),
        resource_type=asked.get("type", "")[:20],
        subject=asked.get("subject", "")[:120],
        level=asked.get("level", "")[:120],
        minutes=asked.get("minutes", "")[:5],
        licence=asked.get("licence", "")[:40],
    )
    found = await queries.library(here, viewer, community.id, facets, asked.get("before"))
    query = {key: value for key, value in asked.items() if value and key != "before"}
    older = f"?{urlencode({**query, 'before': found.page.next})}" if found.page.next else None
    return render(
        request,
        "resources/library.html",
        nav="communities",
        community=community,
        way_in=policy.way_in(place.facts) if viewer.is_signed_in else "",
        found=found,
        facets=facets,
        types=TYPES,
        licences=licence_options(),
        older=older,
        first=f"{request.url.path}?{urlencode(query)}" if asked.get("before") else None,
    )


async def compose(request: Request) -> Response:
    """An empty form for a community's library."""
    here, viewer = here_of(request), signed_in(request)
    language = viewer.language if viewer.language in LANGUAGES else "en"
    form = ResourceForm(licence=here.site.default_licence, language=language)
    if short := request.query_params.get("event", "")[:200]:
        event = await posts.show(here, viewer, short)
        if event is None or event.kind != "session":
            raise NotFound
        audience = "" if event.visibility == "public" else event.visibility
        form = replace(
            form,
            resource_type="video",
            title=event.title[:150],
            event_uri=event.uri,
            visibility=audience,
            event_title=event.title,
        )
    return await _composer(request, form)


async def send(request: Request) -> Response:
    """Add something to a library, or show a preview of it."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    community = await community_of(request, viewer, request.path_params["slug"])
    uploaded, refused = await take_files(request, viewer, sent, recordings=True)
    form = _read(sent, uploaded, community.id if community else None)
    page: dict[str, Any] = {"uploaded": uploaded, "sent": sent}
    if text(sent, "preview") or text(sent, "remove_media", 40):
        shown = await _shown(request, form, uploaded) if text(sent, "preview") else None
        return await _composer(request, form, shown=shown, **page)
    try:
        if refused:
            raise refused[0]
        also = sent_with(request, sent, await choosing.answering(request, viewer, sent))
        post = await actions.add_resource(here, viewer, form, also=also)
    except Invalid as error:
        return await _composer(request, form, errors=error.errors, status=422, **page)
    return redirect(
        request, posts.page_path(post.short, post.title, post.kind), toast=gettext(request, "It is in the library.")
    )


async def edit_page(request: Request, post: PostView) -> Response:
    """The form of a resource that is there; called for its `/edit`."""
    form = await queries.resource(here_of(request), post)
    if form is None:
        raise NotFound
    return await _composer(request, form, editing=post)


async def save_edit(request: Request, post: PostView) -> Response:
    """Change a resource."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    uploaded, refused = await take_files(request, viewer, sent, recordings=True)
    form = _read(sent, uploaded, post.community.id if post.community else None)
    page: dict[str, Any] = {"uploaded": uploaded, "sent": sent, "editing": post}
    if text(sent, "preview") or text(sent, "remove_media", 40):
        shown = await _shown(request, form, uploaded) if text(sent, "preview") else None
        return await _composer(request, form, shown=shown, **page)
    try:
        if refused:
            raise refused[0]
        await actions.edit(here, viewer, post.id, form, text(sent, "change_note", 300))
    except Invalid as error:
        return await _composer(request, form, errors=error.errors, status=422, **page)
    return redirect(request, f"/p/{post.short}", toast=gettext(request, "Your changes are saved."))


def _read(form: FormData, uploaded: list[MediaFile], community_id: str | None) -> ResourceForm:
    return ResourceForm(
        resource_type=text(form, "resource_type", 20),
        title=text(form, "title", 500),
        text=text(form, "text", 60_000),
        link=text(form, "link", 2000),
        subject=text(form, "subject", 500),
        level=text(form, "level", 500),
        minutes=number(form, "minutes"),
        how_i_use_it=text(form, "how_i_use_it"),
        excerpt=text(form, "excerpt", 5000),
        excerpt_by=text(form, "excerpt_by", 500),
        captions=text(form, "captions", 10),
        transcript=text(form, "transcript", 60_000),
        event_uri=text(form, "event_uri", 500),
        chapters=text(form, "chapters", 12_000),
        teaches=text(form, "teaches", 500),
        media_ids=tuple(file.id for file in uploaded),
        licence=text(form, "licence", 40),
        language=text(form, "language", 20) or "en",
        content_warning=text(form, "content_warning", 500),
        visibility=text(form, "visibility", 20),
        community_id=community_id,
        nobody_identifiable=bool(text(form, "nobody_identifiable", 5)),
    )


async def _composer(
    request: Request,
    form: ResourceForm,
    *,
    uploaded: list[MediaFile] | None = None,
    editing: PostView | None = None,
    sent: FormData | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
    shown: Any = None,
) -> Response:
    here, viewer = here_of(request), signed_in(request)
    if editing is not None:
        community = editing.community
    else:
        community = await community_of(request, viewer, request.path_params["slug"])
    if uploaded is None:
        uploaded = await files(here, form.media_ids, owner_id=viewer.actor_id)
    options = await audiences(request, viewer, community) if editing is None else []
    asked = await choosing.asked(request, None)
    answers = await choosing.offered(request, viewer, community, sent, asked, wanted=editing is None)
    minutes = "" if form.minutes is None else str(form.minutes)
    if sent is not None and form.minutes == UNREADABLE:
        minutes = text(sent, "minutes", 20)
    return render(
        request,
        "resources/compose.html",
        status,
        nav="new",
        form=form,
        minutes=minutes,
        errors=errors or [],
        community=community,
        audiences=options,
        audience=chosen(options, form.visibility) if options else None,
        uploaded=uploaded,
        licences=licence_options(),
        languages=language_options(),
        editing=editing,
        shown=shown,
        change_note=text(sent, "change_note", 300) if sent is not None else "",
        video_mb=here.settings.video_mb,
        action=f"{editing.url}/edit" if editing else f"{community.url if community else ''}/new?kind=resource",
        draft_key=f"edit-{editing.short}" if editing else f"resource-{community.id if community else ''}",
        **answers,
        **await offered(
            request, community, text(sent, "topic", 40) if sent is not None else "", wanted=editing is None
        ),
    )


async def _shown(request: Request, form: ResourceForm, uploaded: list[MediaFile]) -> Any:
    here = here_of(request)
    form = tidy(form, here.site.default_licence)
    return await preview(
        here,
        kind="resource",
        title=form.title,
        source_md=write(form),
        summary=summary(form, here.settings.origin),
        content_warning=form.content_warning,
        language=form.language,
        files=uploaded,
    )


async def take_away(request: Request) -> Response:
    """Take an earlier file of a resource away."""
    here, viewer = here_of(request), signed_in(request)
    post = await posts.show(here, viewer, request.path_params["name"])
    if post is None:
        raise NotFound
    await take_file_away(here, viewer, post.id, request.path_params["file_id"])
    return redirect(request, f"/p/{post.short}", toast=gettext(request, "That version of the file is gone."))


routes = [
    Route("/c/{slug}/library", library),
    Route("/p/{name}/files/{file_id}/remove", take_away, methods=["POST"]),
]
