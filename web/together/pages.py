"""Trying a practice together: proposing it, making it longer, ending it, and writing what came of it."""

from collections.abc import Awaitable, Callable

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.actors.viewer import Viewer
from server.challenges import queries as challenges
from server.communities import queries as communities
from server.errors import Invalid, NotAllowed, NotFound
from server.instance import Instance
from server.posts import queries as posts
from server.posts.policy import OPEN
from server.posts.queries import PostView
from server.text import LANGUAGES
from server.together import actions, queries
from server.together.actions import ProposeForm
from server.together.policy import LASTS
from web.discussions.showing import post_of
from web.i18n import gettext
from web.practices.composing import community_of, language_options
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text
from web.together.drafting import closing, day_words, draft

Act = Callable[[Instance, Viewer, str], Awaitable[None]]
TEXT_CHARACTERS = 20_000


async def propose_page(request: Request) -> Response:
    """Who tries it already, and the form to propose it."""
    practice = await _practice(request)
    until = day_words(request, here_of(request).clock.now() + LASTS)
    form = ProposeForm(
        title=gettext(request, "Who tries “%(title)s” with me?", title=practice.title[:100]),
        text=gettext(
            request,
            "We try it until %(until)s, each with our own group, and say how it went: also where it did not work.",
            until=until,
        ),
        language=_language(request),
    )
    return await _propose(request, practice, form, request.query_params.get("challenge", "")[:40])


async def propose(request: Request) -> Response:
    """Propose it; what was typed survives a refusal."""
    here, viewer, practice, sent = (
        here_of(request),
        signed_in(request),
        await _practice(request),
        await form_of(request),
    )
    short = text(sent, "challenge", 40)
    form = ProposeForm(
        title=text(sent, "title", 500),
        text=text(sent, "content", TEXT_CHARACTERS),
        visibility="members" if practice.visibility not in OPEN else "",
        language=text(sent, "language", 20) or "en",
        challenge_id=await challenges.challenge_id(here, viewer, short),
    )
    try:
        place = await community_of(request, viewer, text(sent, "community", 300))
        form = _in(form, place.id if place is not None else None)
        post = await actions.propose(here, viewer, practice.id, form)
    except (Invalid, NotAllowed) as error:
        errors = error.errors if isinstance(error, Invalid) else [{"field": "community", "message": error.message}]
        return await _propose(request, practice, form, short, sent=sent, errors=errors, status=422)
    return redirect(
        request,
        posts.page_path(post.short, post.title, post.kind),
        toast=gettext(request, "It is proposed, and you take part. Three people make it one."),
    )


async def sum_up_page(request: Request) -> Response:
    """The summary, drafted out of what was said, for whoever proposed it to edit."""
    post, found = await _came(request)
    title, words = draft(request, found)
    return _sum_up(request, post, found, title, words)


async def sum_up(request: Request) -> Response:
    """Publish it."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    post, found = await _came(request)
    title, words = text(sent, "title", 500), text(sent, "content", TEXT_CHARACTERS)
    try:
        written = await actions.sum_up(
            here,
            viewer,
            post.id,
            title=title,
            text=words,
            closing=closing(request, found, here.url(post.url)),
            language=text(sent, "language", 20) or _language(request),
        )
    except Invalid as error:
        return _sum_up(request, post, found, title, words, errors=error.errors, status=422)
    return redirect(
        request,
        posts.page_path(written.short, written.title, written.kind),
        toast=gettext(request, "It is published. Everybody who said how it went is credited."),
    )


def does(act: Act, said: Callable[[Request], str]) -> Callable[[Request], Awaitable[Response]]:
    """A handler that does something with one of these and says so."""

    async def handler(request: Request) -> Response:
        viewer, post = signed_in(request), await post_of(request)
        await act(here_of(request), viewer, post.id)
        return redirect(request, post.url, toast=said(request))

    return handler


def _longer(request: Request) -> str:
    return gettext(request, "One week more. Everybody who has it is told.")


def _ended(request: Request) -> str:
    return gettext(request, "It is over. Those who take part are told.")


def _called_off(request: Request) -> str:
    return gettext(request, "It is called off. Those who take part are told.")


def _in(form: ProposeForm, community_id: str | None) -> ProposeForm:
    return ProposeForm(form.title, form.text, community_id, form.visibility, form.language, form.challenge_id)


async def _practice(request: Request) -> PostView:
    signed_in(request)
    post = await post_of(request)
    if post.kind not in {"practice", "tip"} or post.state != "visible":
        raise NotFound
    return post


async def _came(request: Request) -> tuple[PostView, queries.Came]:
    here, viewer, post = here_of(request), signed_in(request), await post_of(request)
    found = await queries.came(here, viewer, post)
    if found is None:
        raise NotFound
    if not post.is_mine:
        raise NotAllowed("Only whoever proposed it writes what came of it.")
    return post, found


async def _propose(
    request: Request,
    practice: PostView,
    form: ProposeForm,
    challenge: str,
    *,
    sent: FormData | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    here, viewer = here_of(request), signed_in(request)
    mine = await communities.my_communities(here, viewer)
    only = practice.community.id if practice.visibility not in OPEN and practice.community is not None else None
    places = [place for place in mine if only in {None, place.id}]
    if practice.visibility not in OPEN and only is None:
        places = []
    chosen = text(sent, "community", 300) if sent is not None else ""
    return render(
        request,
        "together/propose.html",
        status,
        nav="practices",
        practice=practice,
        form=form,
        challenge=challenge,
        tries=await queries.of_practice(here, viewer, practice.uri),
        places=[{"value": place.handle.lstrip("@"), "label": place.name} for place in places],
        chosen=chosen or (practice.community.handle.lstrip("@") if practice.community is not None else ""),
        has_communities=bool(mine),
        languages=language_options(),
        errors=errors or [],
    )


def _sum_up(
    request: Request,
    post: PostView,
    found: queries.Came,
    title: str,
    words: str,
    *,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    return render(
        request,
        "together/sum_up.html",
        status,
        nav="communities",
        post=post,
        title=title,
        words=words,
        people=list({one.author.id: one.author for one in found.tried}.values()),
        language=_language(request),
        languages=language_options(),
        errors=errors or [],
    )


def _language(request: Request) -> str:
    language = signed_in(request).language
    return language if language in LANGUAGES else "en"


routes = [
    Route("/p/{name}/together", propose_page),
    Route("/p/{name}/together", propose, methods=["POST"]),
    Route("/p/{name}/longer", does(actions.make_longer, _longer), methods=["POST"]),
    Route("/p/{name}/end-now", does(actions.end_now, _ended), methods=["POST"]),
    Route("/p/{name}/call-off", does(actions.call_off, _called_off), methods=["POST"]),
    Route("/p/{name}/sum-up", sum_up_page),
    Route("/p/{name}/sum-up", sum_up, methods=["POST"]),
]
