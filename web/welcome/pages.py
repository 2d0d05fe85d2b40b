"""The front page for strangers, the first visit, and what this server says of itself."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.accounts import queries
from server.actors.viewer import ANONYMOUS
from server.errors import Invalid
from server.needs import queries as needs
from server.needs.actions import CardForm, answer
from server.peers import queries as peers
from server.posts import queries as posts
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, viewer_of
from web.sessions import is_for_app, safe_next
from web.welcome import servers

SHOWN_PRACTICES = 3
QUESTIONS = ("teaches", "works_with", "stuck_with", "would_learn", "ask_me_about")


async def front(request: Request) -> Response:
    """What this server is, who runs it, who may join; those who are in go on to their week."""
    viewer = viewer_of(request)
    if viewer.is_signed_in:
        return RedirectResponse("/week", status_code=303)
    found = await posts.listing(here_of(request), ANONYMOUS, kinds=("practice",), limit=SHOWN_PRACTICES)
    return render(request, "welcome/front.html", practices=found.items[:SHOWN_PRACTICES])


async def welcome_page(request: Request) -> Response:
    """Five questions, each of which may stay empty."""
    here, viewer = here_of(request), signed_in(request)
    card, _ = await needs.card(here, viewer)
    accepted = await queries.accepted_guidelines(here, viewer)
    onward = safe_next(request.query_params.get("next"), "")
    return render(
        request,
        "welcome/first_visit.html",
        form={name: getattr(card, name) for name in QUESTIONS},
        accepted=accepted,
        onward=onward,
        keeps_opener=is_for_app(onward),
    )


async def welcome(request: Request) -> Response:
    """Keep the answers and go on to the week, or to where the person was on the way to."""
    here, viewer, form = here_of(request), signed_in(request), await form_of(request)
    onward = safe_next(text(form, "next"), "")
    answers = {name: text(form, name, 2000) for name in QUESTIONS}
    try:
        card, _ = await needs.card(here, viewer)
        await answer(
            here,
            viewer,
            CardForm(
                **answers,
                may_be_asked=card.may_be_asked and bool(answers["ask_me_about"].strip()),
                wants_picks=card.wants_picks,
            ),
            accepts_guidelines=bool(text(form, "accepts_guidelines")),
        )
    except Invalid as error:
        accepted = await queries.accepted_guidelines(here, viewer)
        return render(
            request,
            "welcome/first_visit.html",
            status_code=422,
            form=answers,
            accepted=accepted,
            errors=error.errors,
            onward=onward,
            keeps_opener=is_for_app(onward),
        )
    if onward:
        return redirect(request, onward)
    return redirect(request, "/week", toast=gettext(request, "Welcome. This is your week."))


async def about(request: Request) -> Response:
    """Who runs this server, its guidelines, and how it deals with others."""
    return render(request, "welcome/about.html", mode=peers.mode(here_of(request)))


routes = [
    *servers.routes,
    Route("/", front),
    Route("/welcome", welcome_page),
    Route("/welcome", welcome, methods=["POST"]),
    Route("/about", about),
]
