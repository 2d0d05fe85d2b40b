"""Roles of a meeting, taking turns, newcomers and their introduction, and the desk (A9, A11, A12, A14, A23)."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.actors.viewer import Viewer
from server.communities import policy
from server.communities.queries import CommunityPage
from server.errors import Invalid, NotFound
from server.hosting import actions, newcomers, prompts, queries
from server.instance import Instance
from server.posts import queries as posts
from server.posts.queries import PostView
from web.communities.common import insist, local, show
from web.events.pages import event_of
from web.hosting import words
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text

Act = Callable[[Instance, Viewer, str, str], Awaitable[None]]
ACTS: dict[str, Act] = {"take": actions.take, "back": actions.give_back, "skip": actions.skip}


async def roles_page(request: Request) -> Response:
    """Who has which role in a meeting, with a card for each; members take, skip and swap them here."""
    return await _roles(request, await event_of(request))


async def change_role(request: Request) -> Response:
    """Take a role, give it back, skip it, swap it, or have all open ones go round."""
    here, viewer, post = here_of(request), signed_in(request), await event_of(request)
    sent = await form_of(request)
    act, role = text(sent, "act", 20), text(sent, "role", 20)
    try:
        if act == "round":
            given = await actions.go_round(here, viewer, post.id)
            if not given:
                raise Invalid(gettext(request, "Nobody else is on the list yet. Members put themselves on it below."))
        elif act.startswith("swap-"):
            await actions.swap(here, viewer, post.id, role, act.removeprefix("swap-"))
        elif act in ACTS:
            await ACTS[act](here, viewer, post.id, role)
        else:
            raise NotFound
    except Invalid as error:
        return await _roles(request, post, error=error, status=422)
    return redirect(request, f"/p/{post.short}/roles", toast=gettext(request, "Saved. Everybody sees who does what."))


async def turns(request: Request) -> Response:
    """Say whether one takes turns with roles and with greeting."""
    here, viewer, page, sent = here_of(request), signed_in(request), await local(request), await form_of(request)
    hosts, greets = bool(text(sent, "hosts", 5)), bool(text(sent, "greets", 5))
    await actions.take_turns(here, viewer, page.id, hosts=hosts, greets=greets)
    return redirect(request, f"{page.url}/newcomers#turns", toast=gettext(request, "Saved."))


async def rotation(request: Request) -> Response:
    """Have roles go round by themselves, or not."""
    here, viewer, page, sent = here_of(request), signed_in(request), await local(request), await form_of(request)
    await actions.let_go_round(here, viewer, page.id, goes_round=bool(text(sent, "goes_round", 5)))
    return redirect(request, f"{page.url}/newcomers#turns", toast=gettext(request, "Saved."))


async def newcomers_page(request: Request) -> Response:
    """Who is new, who greets them, and taking turns; for members."""
    here, viewer, page = here_of(request), signed_in(request), await local(request)
    _member(page)
    return show(
        request,
        "hosting/newcomers.html",
        page,
        "members",
        arrivals=await queries.arrivals(here, page.id) if page.kind != policy.SUPPORT else [],
        turns=await queries.turns_of(here, viewer, page.id),
    )


async def hello_page(request: Request) -> Response:
    """Three questions for somebody new."""
    page = await local(request)
    signed_in(request)
    _member(page)
    return _hello(request, page, ["", "", ""])


async def hello(request: Request) -> Response:
    """Introduce oneself."""
    here, viewer, page, sent = here_of(request), signed_in(request), await local(request), await form_of(request)
    _member(page)
    asked = words.introduction(request)
    answers = [text(sent, f"q{number}", newcomers.MAX_ANSWER + 1) for number in range(len(asked))]
    title = gettext(request, "Hello from %(name)s", name=viewer.display_name)
    try:
        given = dict(zip(asked, answers, strict=True))
        post = await newcomers.introduce(here, viewer, page.id, title=title, answers=given)
    except Invalid as error:
        return _hello(request, page, answers, errors=error.errors, status=422)
    toast = gettext(request, "Thank you. The others read it now.")
    return redirect(request, posts.page_path(post.short, post.title, post.kind), toast=toast)


async def desk(request: Request) -> Response:
    """What those who look after a community do next; it holds nothing that its members do not see."""
    here, viewer, page = here_of(request), signed_in(request), await local(request)
    if not policy.may_decide(page.facts):
        raise NotFound
    found = await queries.desk(here, viewer, page)
    drafts = await prompts.of(here, page.id)
    asked = words.prompts(request, found.prompt_of_week)
    return show(request, "hosting/desk.html", page, "", desk=found, prompts=asked, drafts=drafts)


async def keep_prompts(request: Request) -> Response:
    """Change the questions to begin with, or take all of them away."""
    here, viewer, page, sent = here_of(request), signed_in(request), await local(request), await form_of(request)
    if not policy.may_decide(page.facts):
        raise NotFound
    texts = [] if text(sent, "away", 5) else text(sent, "prompts", 2_000).splitlines()
    try:
        await prompts.set_prompts(here, viewer, page.id, texts)
    except Invalid as error:
        return redirect(request, f"{page.url}/desk", toast=error.message)
    said = gettext(request, "Saved.") if texts else gettext(request, "What the template brought is gone.")
    return redirect(request, f"{page.url}/desk", toast=said)


async def _roles(request: Request, post: PostView, *, error: Invalid | None = None, status: int = 200) -> Response:
    here, viewer = here_of(request), signed_in(request)
    lines, may_round = await queries.roles_of(here, viewer, post)
    if not lines or post.community is None:
        raise NotFound
    return render(
        request,
        "hosting/roles.html",
        status,
        nav="communities",
        post=post,
        lines=lines,
        cards=words.roles(request),
        may_round=may_round and any(line.person is None for line in lines),
        turns=await queries.turns_of(here, viewer, post.community.id),
        errors=[{"field": "", "message": error.message}] if error is not None else [],
    )


def _member(page: CommunityPage) -> None:
    if not page.facts.is_member:
        insist(policy.Denied("Join this community first."))


def _hello(
    request: Request,
    page: CommunityPage,
    answers: list[str],
    *,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    questions = list(zip(words.introduction(request), answers, strict=True))
    return show(request, "hosting/hello.html", page, "", status_code=status, questions=questions, errors=errors or [])


routes = [
    Route("/p/{name}/roles", roles_page),
    Route("/p/{name}/roles", change_role, methods=["POST"]),
    Route("/c/{slug}/turns", turns, methods=["POST"]),
    Route("/c/{slug}/rotation", rotation, methods=["POST"]),
    Route("/c/{slug}/newcomers", newcomers_page),
    Route("/c/{slug}/hello", hello_page),
    Route("/c/{slug}/hello", hello, methods=["POST"]),
    Route("/c/{slug}/desk", desk),
    Route("/c/{slug}/desk", keep_prompts, methods=["POST"]),
]
