"""For admins: a list of people to invite, looked at before anything is sent, and what became of it."""

from urllib.parse import urlencode

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.errors import Invalid
from server.invitations import actions, queries
from server.invitations.reading import MAX_BYTES, Read, text_of
from web.i18n import gettext, ngettext
from web.render import redirect, render
from web.request import admin, form_of, here_of, text

PAGE = 50
HOME = "/admin/invitations/people"


async def page(request: Request) -> Response:
    """The form, and who was invited."""
    admin(request)
    return await _page(request)


async def invite(request: Request) -> Response:
    """Look at a list first; invite when it was looked at, and loses nobody."""
    by, form, here = admin(request), await form_of(request), here_of(request)
    typed = form.get("list")
    words = typed.replace("\r\n", "\n")[: MAX_BYTES + 1] if isinstance(typed, str) else ""
    try:
        sent = form.get("file")
        if isinstance(sent, UploadFile) and sent.filename:
            words = text_of(await sent.read(MAX_BYTES + 1))
            await sent.close()
        words = text_of(words.encode("utf-8", "replace"))
        confirmed = text(form, "confirmed", 10)
        if confirmed not in {"all", "right"}:
            return await _page(request, words=words, found=await actions.preview(here, by, words))
        found = await actions.invite(here, by, words, without_wrong=confirmed == "right")
        if not found.rows or (found.wrong and confirmed != "right"):
            return await _page(request, words=words, found=found, status=422)
    except Invalid as error:
        return await _page(request, words=words, errors=error.errors, status=422)
    count = len(found.rows)
    done = ngettext(request, "%(count)s person is written to now.", "%(count)s people are written to now.", count)
    if found.wrong:  # what was left out stays, to be mended
        left = "\n".join(line.text for line in found.wrong)
        return await _page(request, words=left, toast={"message": done, "undo": None})
    return redirect(request, HOME, toast=done)


async def resend(request: Request) -> Response:
    """Write to somebody again."""
    by = admin(request)
    try:
        await actions.resend(here_of(request), by, request.path_params["person_id"])
    except Invalid as error:
        return redirect(request, HOME, toast=error.message)
    return redirect(request, HOME, toast=gettext(request, "They get a new link. The one before works no more."))


async def revoke(request: Request) -> Response:
    """Take an invitation back."""
    by = admin(request)
    await actions.revoke(here_of(request), by, request.path_params["person_id"])
    return redirect(request, HOME, toast=gettext(request, "This link works no more."))


async def _page(
    request: Request,
    *,
    words: str = "",
    found: Read | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
    **more: object,
) -> Response:
    here = here_of(request)
    state = request.query_params.get("state", "open")
    state = state if state in queries.STATES else "open"
    people = await queries.invited(here, state, before=request.query_params.get("before", "")[:26], limit=PAGE + 1)
    onward = urlencode({"state": state, "before": people[PAGE - 1].id}) if len(people) > PAGE else ""
    return render(
        request,
        "invitations/people.html",
        status_code=status,
        nav="admin",
        tab="invitations",
        words=words,
        found=found,
        people_rows=[(row.line, row.name, row.email, _role(request, row.role)) for row in found.rows] if found else [],
        errors=errors or [],
        state=state,
        counts=await queries.counts(here),
        people=people[:PAGE],
        most_mails=actions.MAILS_AT_MOST,
        mail_works=bool(here.settings.smtp_url),
        older=f"{HOME}?{onward}" if onward else None,
        **more,
    )


def _role(request: Request, role: str) -> str:
    words = {"member": gettext(request, "member"), "steward": gettext(request, "steward")}
    return words.get(role, gettext(request, "admin"))


routes = [
    Route(HOME, page),
    Route(HOME, invite, methods=["POST"]),
    Route(HOME + "/{person_id}/resend", resend, methods=["POST"]),
    Route(HOME + "/{person_id}/revoke", revoke, methods=["POST"]),
]
