"""The people of a community: the directory, applications, invitations, roles; and what waits for facilitators."""

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.communities import actions, bans, members, policy, roster
from server.communities.form import MARKS
from server.communities.queries import CommunityPage
from server.errors import Invalid, NotFound
from server.posts import actions as post_actions
from server.posts import queries as posts
from server.workcards import queries as workcards
from web.communities import words
from web.communities.common import community_of, insist, local, show
from web.i18n import gettext
from web.needs import inviting
from web.render import redirect
from web.request import form_of, here_of, signed_in, text

PAGE = 100
LENGTHS = {"7": timedelta(days=7), "30": timedelta(days=30), "": None}


async def members_page(request: Request) -> Response:
    """Who is in it, in alphabetical order."""
    signed_in(request)
    return await _members(request, await local(request))


async def invite(request: Request) -> Response:
    """Offer somebody a place."""
    here, viewer, page = here_of(request), signed_in(request), await local(request)
    sent = await form_of(request)
    handle, is_there = text(sent, "handle", 300), text(sent, "from", 10) == "invite"
    try:
        await actions.invite_member(here, viewer, page.id, handle)
    except Invalid as error:
        if is_there:
            return await inviting.shown(request, page, errors=error.errors, typed=handle, status=422)
        return await _members(request, page, errors=error.errors, typed=handle, status=422)
    toast = gettext(request, "Invited. They find it under Communities.")
    return redirect(request, f"{page.url}/{'invite' if is_there else 'members'}", toast=toast)


async def set_role(request: Request) -> Response:
    """Make somebody facilitator or steward, or member again."""
    here, viewer, page = here_of(request), signed_in(request), await local(request)
    role = text(await form_of(request), "role", 20)
    try:
        await actions.set_role(here, viewer, page.id, request.path_params["person_id"], role)
    except Invalid as error:
        return await _members(request, page, errors=error.errors, status=422)
    return redirect(request, f"{page.url}/members", toast=gettext(request, "Changed."))


async def remove(request: Request) -> Response:
    """Keep somebody out, for a time or for good."""
    here, viewer, page, form = here_of(request), signed_in(request), await local(request), await form_of(request)
    person_id, length = request.path_params["person_id"], text(form, "length", 4)
    try:
        if length not in LENGTHS:
            raise Invalid(gettext(request, "Choose for how long."), field="length")
        await bans.ban(
            here,
            viewer,
            page.id,
            person_id,
            reason=text(form, "reason", 2000),
            length=LENGTHS[length],
            remove_posts=bool(text(form, "remove_posts")),
        )
    except Invalid as error:
        kept = {
            "person_id": person_id,
            "reason": text(form, "reason", 2000),
            "length": length,
            "remove_posts": bool(text(form, "remove_posts")),
        }
        return await _members(request, page, errors=error.errors, banning=kept, status=422)
    words_ = gettext(request, "They are kept out, and told why.")
    return redirect(request, f"{page.url}/members", toast=words_, undo=f"{page.url}/members/{person_id}/let-back")


async def let_back(request: Request) -> Response:
    """Let somebody back in."""
    here, viewer, page = here_of(request), signed_in(request), await local(request)
    await bans.unban(here, viewer, page.id, request.path_params["person_id"])
    return redirect(request, f"{page.url}/members", toast=gettext(request, "They may join again."))


async def apply_page(request: Request) -> Response:
    """The questions, and what one gets into."""
    page, _ = await community_of(request), signed_in(request)
    insist(policy.may_apply(page.facts))
    return await _apply(request, page, [])


async def apply(request: Request) -> Response:
    """Ask for a place."""
    here, viewer, page = here_of(request), signed_in(request), await community_of(request)
    form = await form_of(request)
    questions = await members.questions_of(here, page.id)
    answers = [text(form, f"q{number}", members.MAX_ANSWER + 1) for number in range(len(questions))]
    try:
        await actions.apply(here, viewer, page.id, answers, accepts_guidelines=bool(text(form, "accepts_guidelines")))
    except Invalid as error:
        return await _apply(request, page, answers, errors=error.errors, status=422)
    return redirect(request, page.url, toast=gettext(request, "Asked. A facilitator will answer you here."))


async def waiting_page(request: Request) -> Response:
    """Applications and held posts, for those who decide."""
    page = await _decider(request)
    return await _waiting(request, page)


async def decide(request: Request) -> Response:
    """Yes or no to somebody, with a note."""
    here, viewer, page = here_of(request), signed_in(request), await _decider(request)
    form = await form_of(request)
    decision = text(form, "decision", 10)
    if decision not in {"accept", "decline"}:
        raise NotFound
    try:
        await actions.decide_application(
            here,
            viewer,
            page.id,
            request.path_params["person_id"],
            accept=decision == "accept",
            note=text(form, "note", members.MAX_NOTE),
        )
    except Invalid as error:
        return await _waiting(request, page, errors=error.errors, status=422)
    accepted = gettext(request, "Welcomed. They have been told.")
    declined = gettext(request, "Declined. They have been told.")
    return redirect(request, f"{page.url}/applications", toast=accepted if decision == "accept" else declined)


async def note(request: Request) -> Response:
    """Note what somebody who asks would bring, and whether they are on the shortlist."""
    here, viewer, page = here_of(request), signed_in(request), await _decider(request)
    sent = await form_of(request)
    marks = [mark for mark in MARKS if text(sent, mark, 5)]
    person_id, shortlisted = request.path_params["person_id"], bool(text(sent, "shortlisted", 5))
    await members.note_application(here, viewer, page.id, person_id, shortlisted=shortlisted, marks=marks)
    return redirect(request, f"{page.url}/applications", toast=gettext(request, "Noted."))


async def decide_post(request: Request) -> Response:
    """Let a held post through, or take it away with a reason."""
    here, viewer, page = here_of(request), signed_in(request), await local(request)
    insist(policy.may_moderate(page.facts))
    post_id = request.path_params["post_id"]
    if post_id not in {post.id for post in await posts.held(here, viewer, community_id=page.id)}:
        raise NotFound
    form = await form_of(request)
    if text(form, "decision", 10) == "approve":
        await post_actions.approve_post(here, viewer, post_id)
        return redirect(request, f"{page.url}/applications", toast=gettext(request, "It can be read now."))
    await post_actions.remove_post(here, viewer, post_id, text(form, "reason", 2000))
    return redirect(request, f"{page.url}/applications", toast=gettext(request, "Taken away. The author sees why."))


async def _members(
    request: Request,
    page: CommunityPage,
    *,
    errors: list[dict[str, str]] | None = None,
    typed: str = "",
    banning: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    here = here_of(request)
    insist(policy.may_see_members(page.facts))
    after = request.query_params.get("after", "")[:300]
    found = await roster.members(here, page.id, after=after, limit=PAGE + 1)
    decides = policy.may_decide(page.facts)
    return show(
        request,
        "members.html",
        page,
        "members",
        status_code=status,
        members=found[:PAGE],
        cards=await workcards.cards(here, signed_in(request), page.id, [each.person.id for each in found[:PAGE]]),
        after=found[PAGE - 1].sort_key if len(found) > PAGE else None,
        roles=words.roles(request),
        invited=await roster.invited(here, page.id) if decides else [],
        kept_out=await roster.kept_out(here, page.id) if policy.may_remove(page.facts) else [],
        waiting=await roster.waiting(here, page.id, signed_in(request)) if decides else None,
        typed=typed,
        banning=banning or {},
        errors=errors or [],
    )


async def _apply(
    request: Request,
    page: CommunityPage,
    answers: list[str],
    *,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    questions = await members.questions_of(here_of(request), page.id)
    return show(
        request,
        "apply.html",
        page,
        "",
        status_code=status,
        questions=list(zip(questions, [*answers, *[""] * len(questions)], strict=False)),
        errors=errors or [],
    )


async def _decider(request: Request) -> CommunityPage:
    signed_in(request)
    page = await local(request)
    if not policy.may_decide(page.facts):
        insist(policy.may_moderate(page.facts))
    return page


async def _waiting(
    request: Request, page: CommunityPage, *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    here, viewer = here_of(request), signed_in(request)
    decides = policy.may_decide(page.facts)
    applications = await roster.applications(here, page.id) if decides else []
    short = [one for one in applications if one.shortlisted]
    meter = {
        "shortlisted": len(short),
        "marks": {mark: sum(mark in one.marks for one in short) for mark in MARKS},
        "organisations": sorted({one.person.organisation or here.site.name for one in short}),
    }
    return show(
        request,
        "waiting.html",
        page,
        "",
        status_code=status,
        applications=applications,
        meter=meter,
        marks=words.marks(request),
        held=await posts.held(here, viewer, community_id=page.id),
        errors=errors or [],
    )


routes = [
    Route("/c/{slug}/members", members_page),
    Route("/c/{slug}/invite", invite, methods=["POST"]),
    Route("/c/{slug}/members/{person_id}/role", set_role, methods=["POST"]),
    Route("/c/{slug}/members/{person_id}/remove", remove, methods=["POST"]),
    Route("/c/{slug}/members/{person_id}/let-back", let_back, methods=["POST"]),
    Route("/c/{slug}/apply", apply_page),
    Route("/c/{slug}/apply", apply, methods=["POST"]),
    Route("/c/{slug}/applications", waiting_page),
    Route("/c/{slug}/applications/{person_id}", decide, methods=["POST"]),
    Route("/c/{slug}/applications/{person_id}/note", note, methods=["POST"]),
    Route("/c/{slug}/held/{post_id}", decide_post, methods=["POST"]),
]
