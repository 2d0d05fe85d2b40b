"""The five questions, what is suggested by them, and what a community needs as a whole."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.communities import policy
from server.errors import Invalid, NotFound
from server.needs import actions, queries
from server.needs.actions import CardForm
from server.posts import queries as posts
from server.privacy import consents
from web.communities.common import local, show
from web.i18n import gettext
from web.needs import inviting, today
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, viewer_of

ANSWERS = ("teaches", "works_with", "stuck_with", "would_learn", "ask_me_about")


async def page(request: Request) -> Response:
    """`/settings/needs`: what I said."""
    form, _ = await queries.card(here_of(request), signed_in(request))
    return _page(request, form)


async def save(request: Request) -> Response:
    """Keep it."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    form = CardForm(
        **{name: text(sent, name, 2000) for name in ANSWERS},
        may_be_asked=bool(text(sent, "may_be_asked", 5)),
        wants_picks=bool(text(sent, "wants_picks", 5)),
    )
    try:
        await actions.answer(here, viewer, form)
    except Invalid as error:
        return _page(request, form, errors=error.errors, status=422)
    await consents.note(here, viewer)
    return redirect(request, "/settings/needs", toast=gettext(request, "Saved."))


async def pass_by(request: Request) -> Response:
    """Not for me: it is suggested no more."""
    await _pick(request, actions.pass_by)
    undo = f"/week/picks/{request.path_params['name']}/back"
    return redirect(request, "/week", toast=gettext(request, "It is not suggested to you again."), undo=undo)


async def take_back(request: Request) -> Response:
    """Perhaps for me after all."""
    await _pick(request, actions.take_back)
    return redirect(request, "/week", toast=gettext(request, "It may be suggested to you again."))


async def community(request: Request) -> Response:
    """`/c/NAME/needs`: what people in it need, where five say the same; of a support group never."""
    place = await local(request)
    if not policy.may_see_members(place.facts) or not viewer_of(request).is_signed_in or place.kind == policy.SUPPORT:
        raise NotFound
    found = await queries.needs_of(here_of(request), place.id)
    headings = {
        "stuck_with": gettext(request, "What people are stuck with"),
        "would_learn": gettext(request, "What people would like to learn"),
        "ask_me_about": gettext(request, "What people may be asked about"),
    }
    charts = [
        {
            "id": name.replace("_", "-"),
            "title": heading,
            "rows": [{"label": topic.word, "value": topic.people, "pattern": 1} for topic in found[name]],
        }
        for name, heading in headings.items()
    ]
    return show(request, "needs/community.html", place, "needs", charted=charts, fewest=queries.FEWEST)


async def _pick(request: Request, act: Any) -> None:
    here, viewer = here_of(request), signed_in(request)
    post = await posts.show(here, viewer, request.path_params["name"])
    if post is None:
        raise NotFound
    await act(here, viewer, post.id)


def _page(
    request: Request, form: CardForm, *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    return render(request, "needs/settings.html", status, nav="settings", tab="needs", form=form, errors=errors or [])


routes = [
    Route("/settings/needs", page, methods=["GET"]),
    Route("/settings/needs", save, methods=["POST"]),
    Route("/week/picks/{name}/pass", pass_by, methods=["POST"]),
    Route("/week/picks/{name}/back", take_back, methods=["POST"]),
    Route("/c/{slug}/needs", community),
    Route("/c/{slug}/invite", inviting.page),
    Route("/p/{name}/today", today.button, methods=["POST"]),
]
