"""Proposing a change of the charter or the guidelines, answering, deciding and taking back."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.communities import charter, guidelines, policy
from server.communities.queries import CommunityPage
from server.errors import Invalid, NotFound
from server.posts import queries as posts
from server.posts.queries import PostView
from server.proposals import actions
from server.proposals.actions import ProposalForm
from server.proposals.policy import ABOUT, CHARTER, GUIDELINES, MAX_NOTE, MAX_REASON
from web.communities.charter import part_names
from web.communities.common import insist, local, show
from web.discussions.showing import page as page_of
from web.i18n import gettext
from web.render import redirect
from web.request import form_of, here_of, signed_in, text, viewer_of

LONG = 5_000


async def form_page(request: Request) -> Response:
    """The charter or the guidelines as they are, to be changed into what one proposes."""
    page, about = await _place(request)
    return _form(request, page, about, _present(page, about), "")


async def propose(request: Request) -> Response:
    """Propose it to everybody in the community."""
    here, viewer = here_of(request), signed_in(request)
    page, about = await _place(request)
    sent = await form_of(request)
    limit = guidelines.MAX_SOURCE + 1 if about != CHARTER else LONG
    parts = {part: text(sent, part, limit) for part in _present(page, about)}
    why = text(sent, "why", LONG)
    titles = {
        CHARTER: gettext(request, "A change of the charter"),
        GUIDELINES: gettext(request, "A change of the guidelines"),
    }
    try:
        form = ProposalForm(about=about, parts=parts, why=why, title=titles[about], language=viewer.language)
        post = await actions.propose(here, viewer, page.id, form)
    except Invalid as error:
        return _form(request, page, about, parts, why, errors=error.errors, status=422)
    toast = gettext(request, "It is proposed. Everybody in the community can say now what they think.")
    return redirect(request, posts.page_path(post.short, post.title, post.kind), toast=toast)


async def say(request: Request) -> Response:
    """Agree, have a concern, or want it otherwise."""
    here, viewer, post = here_of(request), signed_in(request), await _post(request)
    sent = await form_of(request)
    typed = {"answer": text(sent, "answer", 10), "reason": text(sent, "reason", MAX_REASON + 1)}
    try:
        await actions.say(here, viewer, post.id, typed["answer"], typed["reason"])
    except Invalid as error:
        return await page_of(request, post, 422, errors=error.errors, typed=typed)
    return redirect(request, f"{post.url}#what-we-think", toast=gettext(request, "Thank you. The others read it now."))


async def decide(request: Request) -> Response:
    """Record what came of it."""
    here, viewer, post = here_of(request), signed_in(request), await _post(request)
    sent = await form_of(request)
    decision, note = text(sent, "decision", 10), text(sent, "note", MAX_NOTE + 1)
    if decision not in {"adopt", "decline"}:
        raise NotFound
    try:
        await actions.decide(here, viewer, post.id, adopt=decision == "adopt", note=note)
    except Invalid as error:
        return await page_of(request, post, 422, errors=error.errors, typed={"note": note})
    return redirect(request, post.url, toast=gettext(request, "It is decided. Everybody is told."))


async def withdraw(request: Request) -> Response:
    """Take one's own back."""
    here, viewer, post = here_of(request), signed_in(request), await _post(request)
    try:
        await actions.withdraw(here, viewer, post.id)
    except Invalid as error:
        return redirect(request, post.url, toast=error.message)
    return redirect(request, post.url, toast=gettext(request, "It is taken back."))


async def _place(request: Request) -> tuple[CommunityPage, str]:
    signed_in(request)
    page, about = await local(request), request.url.path.split("/")[-2]
    if about != CHARTER and not page.guidelines_version:
        raise NotFound
    insist(policy.may_propose(page.facts))
    return page, about


async def _post(request: Request) -> PostView:
    post = await posts.show(here_of(request), viewer_of(request), request.path_params["name"])
    if post is None or post.kind != "proposal":
        raise NotFound
    return post


def _present(page: CommunityPage, about: str) -> dict[str, str]:
    return charter.parts_of(page) if about == CHARTER else {"guidelines": page.guidelines_source}


def _form(
    request: Request,
    page: CommunityPage,
    about: str,
    parts: dict[str, str],
    why: str,
    *,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    return show(
        request,
        "proposals/compose.html",
        page,
        about,
        status_code=status,
        about=about,
        parts=parts,
        part_names=part_names(request),
        why=why,
        errors=errors or [],
    )


routes = [
    *(Route(f"/c/{{slug}}/{about}/propose", form_page) for about in ABOUT),
    *(Route(f"/c/{{slug}}/{about}/propose", propose, methods=["POST"]) for about in ABOUT),
    Route("/p/{name}/opinion", say, methods=["POST"]),
    Route("/p/{name}/decide", decide, methods=["POST"]),
    Route("/p/{name}/withdraw-proposal", withdraw, methods=["POST"]),
]
