"""The desk of who is responsible for safeguarding; and, for admins, who that is and how much lies there."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from server.errors import Invalid, NotFound
from server.moderation import access, queries, sealed
from server.moderation.views import CaseView
from web.i18n import gettext
from web.moderation import words
from web.moderation.queue import decided, listed, page_of
from web.render import redirect, render
from web.request import admin, form_of, here_of, signed_in, text

PATH = "/safeguarding"


async def desk(request: Request) -> Response:
    """What waits; for those who are responsible, and nobody else."""
    here, viewer = here_of(request), signed_in(request)
    if not await access.is_lead(here, viewer):
        raise NotFound
    await sealed.confirm(here, viewer)
    return await listed(request, PATH, sealed=True)


async def one(request: Request) -> Response:
    """One case."""
    return await page_of(request, await _case(request), {})


async def decide(request: Request) -> Response:
    """Decide about it."""
    return await decided(request, await _case(request), PATH)


async def act(request: Request) -> Response:
    """Take it, or give it back."""
    here, viewer, found, sent = here_of(request), signed_in(request), await _case(request), await form_of(request)
    try:
        await sealed.hold(here, viewer, found.id, mine=text(sent, "act", 10) == "take")
    except Invalid as error:
        return await page_of(request, found, {}, errors=error.errors, status=422)
    return redirect(request, f"{PATH}/{found.id}")


async def record(request: Request) -> Response:
    """Write down what was done."""
    here, viewer, found, sent = here_of(request), signed_in(request), await _case(request), await form_of(request)
    said = text(sent, "text", 6000)
    try:
        await sealed.record(here, viewer, found.id, said)
    except Invalid as error:
        return await page_of(request, found, {"text": said}, errors=error.errors, status=422)
    return redirect(request, f"{PATH}/{found.id}", toast=gettext(request, "Written down."))


async def export(request: Request) -> Response:
    """Everything about it as a text, for the records of the school."""
    found = await sealed.export(here_of(request), signed_in(request), request.path_params["report_id"])
    headers = {"content-disposition": f'attachment; filename="safeguarding-{found.id[-8:]}.txt"'}
    return PlainTextResponse(_text(request, found), headers=headers)


async def leads(request: Request) -> Response:
    """Who is responsible, and how much there is; for admins."""
    return await _leads(request)


async def appoint(request: Request) -> Response:
    """Make somebody responsible."""
    by, sent = admin(request), await form_of(request)
    name = text(sent, "name", 200)
    try:
        await sealed.appoint(here_of(request), by, name)
    except Invalid as error:
        return await _leads(request, name, errors=error.errors, status=422)
    return redirect(request, "/admin/safeguarding", toast=gettext(request, "They are responsible from now on."))


async def dismiss(request: Request) -> Response:
    """Somebody is responsible no more."""
    by = admin(request)
    await sealed.dismiss(here_of(request), by, request.path_params["person_id"])
    return redirect(request, "/admin/safeguarding", toast=gettext(request, "They are responsible no more."))


async def _case(request: Request) -> CaseView:
    here, viewer = here_of(request), signed_in(request)
    found = await queries.one(here, viewer, request.path_params["report_id"], sealed=True)
    if found is None:
        raise NotFound
    await sealed.confirm(here, viewer)
    return found


async def _leads(
    request: Request, name: str = "", *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    admin(request)
    here = here_of(request)
    return render(
        request,
        "moderation/leads.html",
        status_code=status,
        nav="admin",
        tab="safeguarding",
        leads=await sealed.leads(here),
        counts=await sealed.counts(here),
        name=name,
        errors=errors or [],
    )


def _text(request: Request, case: CaseView) -> str:
    """A case in plain words, in the order of time."""
    named, labels = words.entries(request), words.category_labels(request)
    lines = [
        f"{here_of(request).site.name}: {labels.get(case.category, case.category)}",
        f"{case.id} · {case.created_at:%Y-%m-%d %H:%M} UTC",
        "",
        f"{case.about.display_name} {case.about.handle}",
    ]
    for post in case.posts:
        lines += ["", f"--- {post.at:%Y-%m-%d %H:%M} UTC {post.title}", post.warning, post.text]
    for report in case.reports:
        by = report.reporter.display_name if report.reporter is not None else report.host
        lines += ["", f"--- {report.created_at:%Y-%m-%d %H:%M} UTC {by}", report.text]
    lines += ["", "---"]
    for entry in case.entries:
        by = f" · {entry.by.display_name}" if entry.by is not None else ""
        said = f": {entry.text}" if entry.text else ""
        lines.append(f"{entry.at:%Y-%m-%d %H:%M} UTC  {named[entry.kind]}{by}{said}")
    return "\n".join(lines) + "\n"
