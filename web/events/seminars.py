"""Seminars and what comes after events: saying yes to discussing, the agenda, and what came of it."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.errors import Invalid, NotFound
from server.posts import queries as posts
from server.posts.queries import PostView
from server.sessions import later, queries, seminar
from server.sessions.seminar import Question
from web.discussions.showing import page as show_page
from web.discussions.showing import post_of
from web.events.pages import event_of
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, texts, viewer_of

MOVES = ("up", "down", "out", "back")


def discusses(comes: bool) -> Callable[[Request], Awaitable[Response]]:
    """A handler by which somebody says whether they will be a discussant."""

    async def handler(request: Request) -> Response:
        here, viewer, post = here_of(request), signed_in(request), await event_of(request)
        await seminar.answer(here, viewer, post.id, comes=comes)
        words = gettext(request, "You are named as a discussant.") if comes else gettext(request, "You are not named.")
        return redirect(request, post.url, toast=words)

    return handler


async def agenda(request: Request) -> Response:
    """The questions in their order, for whoever announced the seminar."""
    post = await _own(request)
    found = await _questions(request, post)
    return _arranging(request, post, list(found.agenda), list(found.others))


async def arrange(request: Request) -> Response:
    """Keep the order of the questions, or change the form by one of its buttons."""
    here, viewer, post, sent = here_of(request), signed_in(request), await _own(request), await form_of(request)
    found = await _questions(request, post)
    known = {question.uri: question for question in (*found.agenda, *found.others)}
    chosen = [known[uri] for uri in texts(sent, "question", seminar.MOST_QUESTIONS) if uri in known]
    others = [question for question in known.values() if question not in chosen]
    for move in MOVES:
        typed = text(sent, move, 500)
        if typed:
            _move(chosen, others, move, typed)
            return _arranging(request, post, chosen, others)
    await seminar.arrange(here, viewer, post.id, [question.uri for question in chosen])
    return redirect(request, f"{post.url}#agenda", toast=gettext(request, "The agenda is set."))


async def recap(request: Request) -> Response:
    """Say what came of an event."""
    here, viewer, post, sent = here_of(request), signed_in(request), await event_of(request), await form_of(request)
    typed = text(sent, "recap", 10_000)
    days = text(sent, "days", 3)
    wanted = int(days) if days.isascii() and days.isdecimal() else later.USUAL
    try:
        await later.recap(here, viewer, post.id, typed, wanted)
    except Invalid as error:
        return await show_page(request, post, 422, errors=error.errors, typed_recap=typed)
    return redirect(request, post.url, toast=gettext(request, "Everybody who has the event gets it."))


async def _own(request: Request) -> PostView:
    signed_in(request)
    post = await post_of(request)
    if post.kind != "session" or not post.is_mine or not post.is_local:
        raise NotFound
    return post


async def _questions(request: Request, post: PostView) -> seminar.Questions:
    here, viewer = here_of(request), viewer_of(request)
    event = await queries.event(here, viewer, post)
    if event is None or event.format != seminar.SEMINAR:
        raise NotFound
    return seminar.questions(await posts.thread(here, viewer, post.id), event.starts_at, event.agenda)


def _move(chosen: list[Question], others: list[Question], move: str, uri: str) -> None:
    """Do what a button says to a question."""
    place = next((number for number, question in enumerate(chosen) if question.uri == uri), None)
    if move == "back":
        chosen += [question for question in others if question.uri == uri]
        others[:] = [question for question in others if question.uri != uri]
    elif place is not None and move == "out":
        others.append(chosen.pop(place))
    elif place is not None:
        other = place - 1 if move == "up" else place + 1
        if 0 <= other < len(chosen):
            chosen[place], chosen[other] = chosen[other], chosen[place]


def _arranging(request: Request, post: PostView, chosen: list[Question], others: list[Question]) -> Response:
    return render(request, "events/agenda.html", nav="communities", post=post, chosen=chosen, others=others)


routes = [
    Route("/p/{name}/discuss", discusses(comes=True), methods=["POST"]),
    Route("/p/{name}/discuss-not", discusses(comes=False), methods=["POST"]),
    Route("/p/{name}/agenda", agenda),
    Route("/p/{name}/agenda", arrange, methods=["POST"]),
    Route("/p/{name}/recap", recap, methods=["POST"]),
]
