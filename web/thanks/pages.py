"""Thanking for something that was done, celebrating, and changing either."""

from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.communities import queries as communities
from server.communities.queries import CommunityLabel
from server.errors import Invalid, NotFound
from server.posts import queries as posts
from server.posts.queries import PostView
from server.privacy import consents
from server.text import LANGUAGES
from server.thanks import actions, queries
from server.thanks.form import KINDS, THANKS, ThanksForm
from web.collections.composing import found_at
from web.i18n import gettext
from web.practices.composing import audiences, chosen, community_of, language_options
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text


async def compose(request: Request) -> Response:
    """An empty form; `for` is the post that shows what was done, whose author and community it begins with."""
    here, viewer, query = here_of(request), signed_in(request), request.query_params
    kind = query.get("kind", THANKS)
    if kind not in KINDS:
        raise NotFound
    community = await community_of(request, viewer, query.get("community", "")[:300])
    people, address = "", ""
    if short := query.get("for", "")[:200]:
        act = await posts.show(here, viewer, short)
        if act is None or act.state != "visible":
            raise NotFound
        address = here.url(f"/p/{act.short}")
        people = "" if act.is_mine else act.author.handle
        if act.community is not None:
            mine = await communities.my_communities(here, viewer)
            community = next((item for item in mine if item.id == act.community.id), community)
    language = viewer.language if viewer.language in LANGUAGES else "en"
    return await _composer(request, ThanksForm(kind=kind, people=people, language=language), community, address)


async def send(request: Request) -> Response:
    """Say it."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    community = await community_of(request, viewer, text(sent, "community", 300))
    form, address = _read(sent, community), text(sent, "act", 1000)
    try:
        post = await actions.say(here, viewer, await _with_act(request, form, address))
    except Invalid as error:
        return await _composer(request, form, community, address, errors=error.errors, status=422)
    said = gettext(request, "Said. Whoever you named hears of it.")
    return redirect(request, posts.page_path(post.short, post.title, post.kind), toast=said)


async def edit_page(request: Request, post: PostView) -> Response:
    """The form of thanks or a celebration that is there; called for its `/edit`."""
    return await _composer(request, await queries.form_of(here_of(request), post), post.community, editing=post)


async def save_edit(request: Request, post: PostView) -> Response:
    """Change it."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    form, note = _read(sent, None), text(sent, "change_note", 300)
    try:
        await actions.change(here, viewer, post.id, form, note)
    except Invalid as error:
        return await _composer(request, form, post.community, editing=post, errors=error.errors, status=422, note=note)
    return redirect(request, f"/p/{post.short}", toast=gettext(request, "Your changes are saved."))


async def choice_page(request: Request) -> Response:
    """`/settings/thanks`: whether others may name me."""
    named = await queries.wants_to_be_named(here_of(request), signed_in(request))
    return render(request, "thanks/settings.html", nav="settings", tab="thanks", named=named)


async def save_choice(request: Request) -> Response:
    """Keep it."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    await actions.set_named(here, viewer, wanted=bool(text(sent, "named", 5)))
    await consents.note(here, viewer)
    return redirect(request, "/settings/thanks", toast=gettext(request, "Saved."))


def _read(sent: FormData, community: CommunityLabel | None) -> ThanksForm:
    kind = text(sent, "kind", 20)
    return ThanksForm(
        kind=kind if kind in KINDS else THANKS,
        title=text(sent, "title", 500),
        text=text(sent, "content"),
        people=text(sent, "people", 3000),
        language=text(sent, "language", 20) or "en",
        visibility=text(sent, "visibility", 20),
        community_id=community.id if community else None,
    )


async def _with_act(request: Request, form: ThanksForm, address: str) -> ThanksForm:
    if not address:
        return form
    try:
        act = await found_at(request, signed_in(request), address)
    except Invalid as error:
        raise Invalid(error.message, field="act") from error
    return ThanksForm(
        form.kind, form.title, form.text, form.people, act.id, form.language, form.visibility, form.community_id
    )


async def _composer(
    request: Request,
    form: ThanksForm,
    community: CommunityLabel | None,
    address: str = "",
    *,
    editing: PostView | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
    note: str = "",
) -> Response:
    viewer = signed_in(request)
    options: list[dict[str, Any]] = await audiences(request, viewer, community) if editing is None else []
    return render(
        request,
        "thanks/compose.html",
        status,
        nav="new",
        form=form,
        address=address,
        community=community,
        audiences=options,
        audience=chosen(options, form.visibility) if options else None,
        languages=language_options(),
        editing=editing,
        errors=errors or [],
        note=note,
    )


routes = [
    Route("/thanks/new", compose),
    Route("/thanks/new", send, methods=["POST"]),
    Route("/settings/thanks", choice_page, methods=["GET"]),
    Route("/settings/thanks", save_choice, methods=["POST"]),
]
