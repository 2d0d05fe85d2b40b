"""One's own data: what this server knows, what one agreed to, archives to take along, and leaving for good."""

from collections.abc import Sequence

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from server.accounts import queries as account_queries
from server.errors import Invalid, NotFound
from server.privacy import actions, consents, glass, inactive, leaving, queries, retention
from web.i18n import gettext, ngettext
from web.privacy import words
from web.render import redirect, render
from web.request import form_of, here_of, proven, signed_in, text, texts
from web.sessions import sign_out_response

DATA, CONSENTS = "/settings/data", "/settings/consents"


async def data_page(request: Request) -> Response:
    """What this server knows about me, and how to take it along or leave."""
    return await show(request)


async def show(
    request: Request, *, errors: Sequence[dict[str, str]] = (), status: int = 200, choice: str = "", brought: str = ""
) -> Response:
    """The page, also with what was wrong in one of its forms."""
    here, viewer = here_of(request), signed_in(request)
    said = words.classes(request, await retention.days_kept(here))
    known = await queries.known(here, viewer)
    return render(
        request,
        "privacy/data.html",
        status_code=status,
        nav="settings",
        tab="data",
        own=await account_queries.own(here, viewer),
        classes=[(item, said[item.key]) for item in known if item.rows],
        empty=[said[item.key].title for item in known if not item.rows],
        servers=await queries.receivers(here, str(viewer.actor_id)),
        exports=await queries.exports(here, viewer),
        practices=await leaving.counted(here, viewer),
        errors=list(errors),
        choice=choice or leaving.ALL,
        brought=brought or "archive",
        glass=await glass.about_me(here, viewer),
    )


async def ask_for_archive(request: Request) -> Response:
    """Have an archive made."""
    viewer = proven(request)
    try:
        await actions.ask_for_own(here_of(request), viewer)
    except Invalid as error:
        return await show(request, errors=[_of("archive", each) for each in error.errors], status=422)
    said = gettext(request, "Your archive is being made. Small ones are ready at once; else a mail tells you.")
    return redirect(request, f"{DATA}#archives", toast=said)


async def fetch(request: Request) -> Response:
    """`POST …/fetch/N`: a file of my archive, for me alone, once it is known that it is me."""
    here, viewer, form = here_of(request), proven(request), await form_of(request)
    number = text(form, "part", 4)
    if not (number.isascii() and number.isdigit()):
        raise NotFound
    return sent(await actions.fetch_own(here, viewer, request.path_params["export_id"], int(number)))


def sent(part: actions.FetchedPart) -> Response:
    """A file of an archive on its way to whoever may have it."""
    return StreamingResponse(
        part.body,
        media_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{part.name}"',
            "Content-Length": str(part.size_bytes),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


async def discard(request: Request) -> Response:
    """Delete an archive before its time."""
    await actions.discard_own(here_of(request), signed_in(request), request.path_params["export_id"])
    return redirect(request, f"{DATA}#archives", toast=gettext(request, "The archive is deleted."))


async def bring(request: Request) -> Response:
    """Bring lists or an archive from elsewhere."""
    here, viewer, form = here_of(request), signed_in(request), await form_of(request)
    sent_file, kind = form.get("brought"), text(form, "kind", 20)
    try:
        if not isinstance(sent_file, UploadFile) or not sent_file.filename:
            raise Invalid(gettext(request, "Choose a file."), field="brought")
        data = await sent_file.read(actions.MOST_BROUGHT + 1)
        await sent_file.close()
        if len(data) > actions.MOST_BROUGHT:
            raise Invalid(gettext(request, "Use a file of at most 60 MB."), field="brought")
        count = await actions.bring(here, viewer, kind, data)
    except Invalid as error:
        return await show(request, errors=error.errors, status=422, brought=kind)
    said = ngettext(request, "One thing is being brought.", "%(count)s things are being brought, bit by bit.", count)
    return redirect(request, f"{DATA}#bring", toast=said)


async def consents_page(request: Request) -> Response:
    """What I agreed to, one thing at a time."""
    return await _consents(request)


async def save_consents(request: Request) -> Response:
    """Agree, or take it back."""
    form = await form_of(request)
    wanted = [kind for kind in texts(form, "agreed") if kind in consents.KINDS]
    try:
        await consents.choose(here_of(request), signed_in(request), wanted)
    except Invalid as error:
        return await _consents(request, wanted=wanted, errors=error.errors, status=422)
    return redirect(request, CONSENTS, toast=gettext(request, "Saved, with the time."))


async def _consents(
    request: Request,
    *,
    wanted: Sequence[str] | None = None,
    errors: Sequence[dict[str, str]] = (),
    status: int = 200,
) -> Response:
    found = await consents.consents(here_of(request), signed_in(request))
    return render(
        request,
        "privacy/consents.html",
        status_code=status,
        nav="settings",
        tab="consents",
        lines=found,
        words=words.consents(request),
        wanted=[line.kind for line in found if line.given] if wanted is None else wanted,
        errors=list(errors),
    )


async def farewell_page(request: Request) -> Response:
    """`/archive/TOKEN`: what is left of an account that has ended, for whoever got the link."""
    found = await inactive.farewell(here_of(request), request.path_params["token"])
    if found is None:
        raise NotFound
    export = queries.export_view(found)
    return render(request, "privacy/farewell.html", export=export, here_path=request.url.path)


async def fetch_farewell(request: Request) -> Response:
    """A file of it."""
    here, form = here_of(request), await form_of(request)
    found, number = await inactive.farewell(here, request.path_params["token"]), text(form, "part", 4)
    if found is None or not (number.isascii() and number.isdigit()):
        raise NotFound
    return sent(await actions.fetched(here, found, int(number)))


async def delete_account(request: Request) -> Response:
    """Delete myself, for good; practices become what I chose."""
    here, viewer, form = here_of(request), signed_in(request), await form_of(request)
    choice = text(form, "practices", 12) or leaving.ALL
    try:
        if not text(form, "understood"):
            raise Invalid(gettext(request, "Tick that you understand this cannot be undone."), field="understood")
        await leaving.leave(here, viewer, choice, report=bool(text(form, "report")))
    except Invalid as error:
        return await show(request, errors=error.errors, status=422, choice=choice)
    said = gettext(request, "Your account is deleted. Other servers are being asked to delete their copies.")
    return sign_out_response(request, redirect(request, "/", toast=said))


def _of(form: str, error: dict[str, str]) -> dict[str, str]:
    """The same field stands in several forms of the page: which one is meant."""
    return {**error, "field": f"{form}-{error['field']}" if error.get("field") else form}


routes = [
    Route(DATA, data_page),
    Route(f"{DATA}/delete", delete_account, methods=["POST"]),
    Route(f"{DATA}/archives", ask_for_archive, methods=["POST"]),
    Route(f"{DATA}/archives/{{export_id}}", fetch, methods=["POST"]),
    Route(f"{DATA}/archives/{{export_id}}/discard", discard, methods=["POST"]),
    Route("/archive/{token}", farewell_page),
    Route("/archive/{token}", fetch_farewell, methods=["POST"]),
    Route(f"{DATA}/bring", bring, methods=["POST"]),
    Route(CONSENTS, consents_page),
    Route(CONSENTS, save_consents, methods=["POST"]),
]
