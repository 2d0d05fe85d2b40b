"""Lists of servers: files read and written, subscriptions to lists of others, and what this server publishes itself."""

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.errors import Invalid, NotFound
from server.peers import choices
from server.serverlists import formats, policy, publishing, queries, reading, taking
from web.admin import words
from web.i18n import gettext, ngettext
from web.render import redirect, render
from web.request import admin, form_of, here_of, text, texts

PAGE = "/admin/servers/lists"
BLOCKS, ALLOWS = "domain_blocks.csv", "domain_allows.csv"


async def lists(request: Request) -> Response:
    """All lists; ways to get another one; and what we publish."""
    admin(request)
    return await _lists(request, {})


async def subscribe(request: Request) -> Response:
    """Read a list at an address, and follow what it says."""
    by, here, form = admin(request), here_of(request), await form_of(request)
    filled = {"address": text(form, "address", 600), "applies": text(form, "applies", 5)}
    try:
        made = await reading.subscribe(here, filled["address"], applies=bool(filled["applies"]), by=by.handle)
    except Invalid as error:
        return await _lists(request, filled, errors=error.errors, status=422)
    except NotFound as error:
        wrong = [{"field": "address", "message": error.message}]
        return await _lists(request, filled, errors=wrong, status=422)
    return redirect(request, f"{PAGE}/{made.id}", toast=gettext(request, "Subscribed. Look at what it says."))


async def import_file(request: Request) -> Response:
    """Read a file; nothing of it has an effect before somebody chose it."""
    by, here, form = admin(request), here_of(request), await form_of(request)
    filled = {"list": text(form, "list", formats.MAX_BYTES + 1), "meaning": text(form, "meaning", 10)}
    try:
        name, content = await _sent(request, form, filled["list"])
        if filled["meaning"] not in formats.MEANINGS:
            raise Invalid(gettext(request, "Choose what the file is a list of."), field="meaning")
        found = formats.read(content, filled["meaning"])
        made = await taking.import_file(here, name, found.entries, len(found.left_out), by=by.handle)
    except Invalid as error:
        return await _lists(request, filled, errors=error.errors, status=422)
    return redirect(
        request, f"{PAGE}/{made.id}", toast=gettext(request, "Read. Nothing has changed yet: choose below.")
    )


async def publish(request: Request) -> Response:
    """Choose what everybody may read of what we decided."""
    by, form = admin(request), await form_of(request)
    try:
        await choices.set_published(here_of(request), text(form, "publish", 20), by.handle)
    except Invalid as error:
        return await _lists(request, {}, errors=error.errors, status=422)
    return redirect(request, PAGE, toast=gettext(request, "Saved."))


async def export(request: Request) -> Response:
    """What was decided here, as a file that Mastodon reads."""
    admin(request)
    entries = await publishing.entries(here_of(request), trusted=True)
    name = BLOCKS if request.url.path.endswith(BLOCKS) else ALLOWS
    content = formats.written(entries) if name == BLOCKS else formats.written_allows(entries)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type="text/csv", headers=headers)


async def one(request: Request) -> Response:
    """A list: what is new in it, what has an effect, and what was left out."""
    admin(request)
    here, state = here_of(request), request.query_params.get("show", policy.NEW)
    state = state if state in {policy.NEW, policy.TAKEN, policy.SKIPPED} else policy.NEW
    found = await queries.one(here, request.path_params["list_id"])
    items = await queries.items(
        here, found.id, state=state, after=request.query_params.get("after", "")[:255], limit=queries.PAGE + 1
    )
    onward = f"?show={state}&after={items[queries.PAGE - 1].host}" if len(items) > queries.PAGE else None
    return render(
        request,
        "admin/list.html",
        nav="admin",
        tab="servers",
        list=found,
        state=state,
        items=items[: queries.PAGE],
        older=f"{PAGE}/{found.id}{onward}" if onward else None,
        troubles=words.troubles(request),
        tabs=[
            {"label": gettext(request, "To decide"), "href": f"{PAGE}/{found.id}", "current": state == policy.NEW},
            {
                "label": gettext(request, "In effect"),
                "href": f"{PAGE}/{found.id}?show=taken",
                "current": state == policy.TAKEN,
            },
            {
                "label": gettext(request, "Left out"),
                "href": f"{PAGE}/{found.id}?show=skipped",
                "current": state == policy.SKIPPED,
            },
        ],
    )


async def act(request: Request) -> Response:
    """Do something about items of a list, or about the list."""
    by, here, form = admin(request), here_of(request), await form_of(request)
    list_id, chosen = request.path_params["list_id"], texts(form, "item")
    page = f"{PAGE}/{list_id}"
    match text(form, "act", 20):
        case "take":
            done = await taking.take(here, list_id, chosen, by=by.handle, tells=bool(text(form, "tells", 5)))
            said = ngettext(request, "One is done.", "%(count)s are done.", done)
        case "take_rest":
            await taking.take_rest(here, list_id, by=by.handle)
            said = gettext(request, "What nobody here would notice is being done. The rest stays for you.")
        case "skip":
            done = await taking.skip(here, list_id, chosen, by=by.handle)
            said = ngettext(request, "One is left out.", "%(count)s are left out.", done)
        case "applies":
            try:
                await taking.set_applies(here, list_id, applies=bool(text(form, "applies", 5)), by=by.handle)
            except Invalid as error:
                return redirect(request, page, toast=error.message)
            said = gettext(request, "Saved.")
        case "fetch":
            await reading.fetch(here, list_id)
            said = gettext(request, "Read again.")
        case "drop":
            await taking.drop(here, list_id, by=by.handle)
            return redirect(request, PAGE, toast=gettext(request, "Dropped. What was taken from it stays as your own."))
        case _:
            raise NotFound
    return redirect(request, page, toast=said)


async def _lists(
    request: Request, filled: dict[str, str], *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    here = here_of(request)
    return render(
        request,
        "admin/lists.html",
        status_code=status,
        nav="admin",
        tab="servers",
        lists=await queries.lists(here),
        form={"meaning": formats.BLOCKS, "publish": choices.published(here)} | filled,
        published=choices.published(here),
        address=publishing.address(here),
        troubles=words.troubles(request),
        errors=errors or [],
    )


async def _sent(request: Request, form: FormData, pasted: str) -> tuple[str, str]:
    """The name and the content of what was sent: a file, or what was pasted."""
    sent = form.get("file")
    if isinstance(sent, UploadFile) and sent.filename:
        if (sent.size or 0) > formats.MAX_BYTES:
            raise Invalid(gettext(request, "The file is too large: use at most 1 MB."), field="file")
        content = await sent.read()
        await sent.close()
        return sent.filename[:100], content.decode("utf-8", "replace")
    if not pasted.strip():
        raise Invalid(gettext(request, "Choose a file, or paste a list."), field="file")
    return gettext(request, "A pasted list"), pasted


routes = [
    Route(PAGE, lists),
    Route(f"{PAGE}/subscribe", subscribe, methods=["POST"]),
    Route(f"{PAGE}/import", import_file, methods=["POST"]),
    Route(f"{PAGE}/publish", publish, methods=["POST"]),
    Route(f"{PAGE}/{BLOCKS}", export),
    Route(f"{PAGE}/{ALLOWS}", export),
    Route(PAGE + "/{list_id}", one),
    Route(PAGE + "/{list_id}", act, methods=["POST"]),
]
