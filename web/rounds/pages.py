"""Rounds in which everybody is heard: opening one, passing, reminding people once, and closing it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.errors import Invalid, NotAllowed, NotFound
from server.posts import queries as posts
from server.posts.queries import PostView
from server.rounds import actions, queries
from server.rounds.actions import RoundForm
from server.text import LANGUAGES
from web.discussions.showing import page, post_of
from web.i18n import gettext
from web.practices.composing import audiences, chosen, community_of, language_options
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, texts
from web.topics.choosing import offered


async def compose(request: Request) -> Response:
    """An empty form to open a round in a community."""
    language = signed_in(request).language
    return await _composer(request, RoundForm(language=language if language in LANGUAGES else "en", is_hidden=True))


async def send(request: Request) -> Response:
    """Open a round."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    community = await community_of(request, viewer, request.path_params["slug"])
    form = RoundForm(
        title=text(sent, "title", 500),
        text=text(sent, "content"),
        language=text(sent, "language", 20) or "en",
        community_id=community.id if community else None,
        everybody=text(sent, "who", 10) != "some",
        asked=tuple(dict.fromkeys(texts(sent, "asked"))),
        is_hidden=bool(text(sent, "hidden", 5)),
        topic_id=text(sent, "topic", 40),
    )
    try:
        post = await actions.open_round(here, viewer, form)
    except Invalid as error:
        return await _composer(request, form, errors=error.errors, status=422)
    said = gettext(request, "The round is open. Whom you asked is told.")
    return redirect(request, posts.page_path(post.short, post.title, post.kind), toast=said)


async def pass_turn(request: Request) -> Response:
    """Have nothing to add."""
    post = await _round_of(request)
    await actions.pass_turn(here_of(request), signed_in(request), post.id)
    return redirect(
        request, post.url, toast=gettext(request, "You passed. You can answer as long as the round is open.")
    )


async def take_pass_back(request: Request) -> Response:
    """Answer after all."""
    post = await _round_of(request)
    await actions.take_pass_back(here_of(request), signed_in(request), post.id)
    return redirect(request, f"{post.url}#your-turn", toast=gettext(request, "It is your turn again."))


async def nudge(request: Request) -> Response:
    """Remind somebody, once."""
    post, sent = await _round_of(request), await form_of(request)
    try:
        await actions.nudge(here_of(request), signed_in(request), post.id, text(sent, "person", 26))
    except Invalid as error:
        return await page(request, post, 422, errors=error.errors)
    return redirect(request, f"{post.url}#heard", toast=gettext(request, "They are reminded, this once."))


async def close(request: Request) -> Response:
    """Close a round before everybody was heard."""
    post, sent = await _round_of(request), await form_of(request)
    reason = text(sent, "reason", 2000)
    try:
        await actions.close(here_of(request), signed_in(request), post.id, reason)
    except Invalid as error:
        return await page(request, post, 422, errors=error.errors, typed_reason=reason)
    return redirect(request, post.url, toast=gettext(request, "The round is closed. Answers stand together now."))


async def _round_of(request: Request) -> PostView:
    signed_in(request)
    post = await post_of(request)
    if post.kind != "round":
        raise NotFound
    return post


async def _composer(
    request: Request, form: RoundForm, *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    here, viewer = here_of(request), signed_in(request)
    community = await community_of(request, viewer, request.path_params["slug"])
    if community is None:
        raise NotFound
    if not community.is_local:
        raise NotAllowed("This community lives on another server. Ask somebody there to open the round.")
    options = await audiences(request, viewer, community)
    members: list[dict[str, Any]] = [
        {"value": person.id, "label": person.display_name, "hint": "" if person.is_local else person.organisation}
        for person in await queries.members(here, community.id)
    ]
    return render(
        request,
        "rounds/compose.html",
        status,
        nav="new",
        form=form,
        errors=errors or [],
        community=community,
        members=members,
        **await offered(request, community, form.topic_id),
        audience=chosen(options, "members"),
        languages=language_options(),
        action=f"{community.url}/new?kind=round",
        draft_key=f"round-{community.id}",
    )


routes = [
    Route("/p/{name}/pass", pass_turn, methods=["POST"]),
    Route("/p/{name}/unpass", take_pass_back, methods=["POST"]),
    Route("/p/{name}/nudge", nudge, methods=["POST"]),
    Route("/p/{name}/close-round", close, methods=["POST"]),
]
