"""Making a community on one screen, and changing it."""

from dataclasses import replace

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.communities import actions, form, policy
from server.communities.form import CommunityForm
from server.communities.queries import CommunityPage
from server.errors import Invalid, NotFound
from server.hosting import actions as hosting
from server.hosting import prompts, together
from server.posts import queries as posts
from server.posts.queries import PostView
from server.text import LANGUAGES
from web.communities import templates, words
from web.communities.common import insist, local
from web.i18n import gettext
from web.notifications.words import weekdays
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, texts

LONG = 5_000


async def new_page(request: Request) -> Response:
    """One screen: a name and a purpose are enough."""
    viewer = signed_in(request)
    start = CommunityForm(name="", purpose="", language=viewer.language, facilitators=(viewer.handle,))
    template = templates.name_of(request, request.query_params.get("template"))
    if short := request.query_params.get("from", "")[:40]:
        ask = await _same_boat(request, short)
        start = replace(start, name=ask.title[:100], purpose=gettext(request, "We look for an answer together."))
        return _form(request, start, same_boat=ask.short)
    drafts = templates.prompts(request, template)
    return _form(request, templates.begun(request, start, template), begins_with=template, drafts=drafts)


async def gallery(request: Request) -> Response:
    """What a community can begin with, by setting."""
    signed_in(request)
    return render(request, "communities/gallery.html", nav="communities", found=templates.gallery(request))


async def create(request: Request) -> Response:
    """Make it."""
    here, viewer = here_of(request), signed_in(request)
    sent = await form_of(request)
    filled, template = _read(sent), templates.name_of(request, text(sent, "template", 20))
    if template:
        filled = replace(filled, guidelines=text(sent, "guidelines", 25_000))
    short = text(sent, "from", 40)
    ask = await _same_boat(request, short) if short else None
    drafts = _lines(text(sent, "prompts", 2_000)) if template else ()
    try:
        prompts.tidied(drafts)
        made = await actions.create_community(here, viewer, filled)
    except Invalid as error:
        return _form(
            request,
            filled,
            errors=error.errors,
            status=422,
            begins_with=template,
            same_boat=short,
            drafts=drafts,
        )
    if drafts:
        await prompts.set_prompts(here, viewer, made.id, drafts)
        await hosting.take_turns(here, viewer, made.id, hosts=True, greets=True)
        await hosting.let_go_round(here, viewer, made.id, goes_round=True)
    if ask is not None:
        await together.invite_same_boat(here, viewer, made.id, ask.id)
    toast = gettext(request, "%(name)s is there. Invite a few people, and write the first post.", name=made.name)
    return redirect(request, f"/c/{made.username}{'/desk' if drafts else ''}", toast=toast)


async def _same_boat(request: Request, short: str) -> PostView:
    """A question of the viewer's that enough others have, too."""
    ask = await posts.show(here_of(request), signed_in(request), short)
    if ask is None or not ask.is_mine or ask.kind != "ask" or ask.echo_count < together.ENOUGH:
        raise NotFound
    return ask


async def edit_page(request: Request) -> Response:
    """The same form for one that exists."""
    signed_in(request)
    page = await local(request)
    insist(policy.may_edit(page.facts))
    return _form(request, _of(page), page=page)


async def save(request: Request) -> Response:
    """Change it."""
    here, viewer, page = here_of(request), signed_in(request), await local(request)
    insist(policy.may_edit(page.facts))
    filled = _read(await form_of(request))
    try:
        await actions.edit_community(here, viewer, page.id, filled)
    except Invalid as error:
        return _form(request, filled, page=page, errors=error.errors, status=422)
    return redirect(request, page.url, toast=gettext(request, "Saved."))


async def archive(request: Request) -> Response:
    """Close it for writing."""
    here, viewer, page = here_of(request), signed_in(request), await local(request)
    await actions.archive_community(here, viewer, page.id)
    toast = gettext(request, "Archived. It can be read, and nothing is added.")
    return redirect(request, page.url, toast=toast, undo=f"{page.url}/reopen")


async def reopen(request: Request) -> Response:
    """Open it again."""
    here, viewer, page = here_of(request), signed_in(request), await local(request)
    await actions.reopen_community(here, viewer, page.id)
    return redirect(request, page.url, toast=gettext(request, "Open again."))


def _form(
    request: Request,
    filled: CommunityForm,
    *,
    page: CommunityPage | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
    begins_with: str = "",
    same_boat: str = "",
    drafts: tuple[str, ...] = (),
) -> Response:
    return render(
        request,
        "communities/form.html",
        status_code=status,
        nav="communities",
        form=filled,
        community=page,
        kinds=words.kinds(request),
        visibilities=words.visibilities(request),
        join_policies=words.join_policies(request),
        posting=words.posting(request),
        languages=[{"value": code, "label": name} for code, name in LANGUAGES.items()],
        day_options=[{"value": "", "label": gettext(request, "No day")}, *weekdays(request)],
        default_questions=form.DEFAULT_QUESTIONS,
        max_questions=form.MAX_QUESTIONS,
        errors=errors or [],
        begins_with=begins_with,
        same_boat=same_boat,
        drafts=drafts,
    )


def _read(data: FormData) -> CommunityForm:
    """What they typed. On several lines: goals and facilitators one a line, questions one a field."""
    return CommunityForm(
        name=text(data, "name", 200),
        purpose=text(data, "purpose", LONG),
        slug=text(data, "slug", 60),
        kind=text(data, "kind", 20) or policy.INFORMAL,
        visibility=text(data, "visibility", 20) or policy.PUBLIC,
        join_policy=text(data, "join_policy", 20) or policy.OPEN,
        posting=text(data, "posting", 20) or policy.EVERYONE,
        guests=bool(text(data, "guests", 5)),
        confidential=bool(text(data, "confidential", 5)),
        time_per_week=text(data, "time_per_week", 200),
        gives=text(data, "gives", LONG),
        gets=text(data, "gets", LONG),
        goals=_lines(text(data, "goals", LONG)),
        objectives=text(data, "objectives", LONG),
        outcomes=text(data, "outcomes", LONG),
        cadence=text(data, "cadence", 200),
        term_from=text(data, "term_from", 20),
        term_until=text(data, "term_until", 20),
        channels=text(data, "channels", LONG),
        feedback=text(data, "feedback", LONG),
        charter_why=text(data, "charter_why", LONG),
        digest_day=_day(text(data, "digest_day", 10)),
        facilitators=_lines(text(data, "facilitators", LONG).replace(",", "\n")),
        questions=tuple(texts(data, "questions")),
        language=text(data, "language", 16) or "en",
    )


def _of(page: CommunityPage) -> CommunityForm:
    return CommunityForm(
        name=page.label.name,
        purpose=page.purpose,
        slug=page.slug,
        kind=page.kind,
        visibility=page.visibility,
        join_policy=page.join_policy,
        posting=page.posting,
        guests=page.guests,
        confidential=page.confidential,
        time_per_week=page.time_per_week,
        gives=page.gives,
        gets=page.gets,
        goals=page.goals,
        objectives=page.objectives,
        outcomes=page.outcomes,
        cadence=page.cadence,
        term_from=page.term_from,
        term_until=page.term_until,
        channels=page.channels,
        feedback=page.feedback,
        digest_day=page.digest_day,
        questions=page.questions,
        language=page.language,
    )


def _day(value: str) -> int | None:
    """A day of the week; none where nothing was chosen, and a day that is none where it was no day."""
    if not value:
        return None
    return int(value) if value in {"0", "1", "2", "3", "4", "5", "6"} else -1


def _lines(value: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in value.split("\n") if line.strip())


routes = [
    Route("/communities/new", new_page),
    Route("/communities/templates", gallery),
    Route("/communities/new", create, methods=["POST"]),
    Route("/c/{slug}/edit", edit_page),
    Route("/c/{slug}/edit", save, methods=["POST"]),
    Route("/c/{slug}/archive", archive, methods=["POST"]),
    Route("/c/{slug}/reopen", reopen, methods=["POST"]),
]
