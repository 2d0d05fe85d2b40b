"""Networks of organisations: hosting one, asking to join one, what waits for an answer, and what changed."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.blueprints import actions as blueprints
from server.consortium import actions, joining, lists, queries, reporting
from server.errors import Invalid, NotFound
from server.peers import queries as peers
from web.admin import words
from web.admin.blueprints import beginning, beginnings
from web.i18n import gettext, ngettext
from web.render import redirect, render
from web.request import admin, form_of, here_of, text

Handler = Callable[[Request], Awaitable[Response]]


async def networks(request: Request) -> Response:
    """All networks, and the two ways into one."""
    admin(request)
    begun = beginning(request, request.query_params.get("begin", ""))
    if begun is None:
        return await _networks(request)
    filled = {"name": begun.name, "purpose": begun.purpose, "guidelines": begun.guidelines, "begin": begun.key}
    return await _networks(request, filled=filled)


async def found(request: Request) -> Response:
    """Host a network."""
    by, form = admin(request), await form_of(request)
    filled = {name: text(form, name, 12_000) for name in ("name", "purpose", "guidelines")}
    begun = beginning(request, text(form, "begin", 20))
    try:
        if begun is None:
            network = await actions.found(here_of(request), by.handle, **filled)
        else:
            network = await blueprints.begin(here_of(request), by, begun.made, **filled)
    except Invalid as error:
        filled["begin"] = begun.key if begun is not None else ""
        return await _networks(request, filled=filled, errors=error.errors, status=422)
    words = gettext(request, "The network is there. Tell the others this server’s address, so that they can ask.")
    return redirect(request, _page(network.slug), toast=words)


async def look(request: Request) -> Response:
    """Show a network before anybody asks to join it."""
    admin(request)
    form = await form_of(request)
    address = text(form, "address", 500)
    try:
        found = await lists.preview(here_of(request), address)
    except (Invalid, NotFound) as error:
        return await _networks(request, address=address, errors=_at(error, "address"), status=422)
    return render(request, "admin/network_look.html", nav="admin", tab="networks", network=found)


async def ask(request: Request) -> Response:
    """Ask to join."""
    by, form = admin(request), await form_of(request)
    here, address, why = here_of(request), text(form, "address", 500), text(form, "why", 1000)
    look_first = text(form, "changes", 10) == "look"
    try:
        network = await joining.ask(here, by.handle, address, why=why, look_first=look_first)
    except (Invalid, NotFound) as error:
        return await _networks(request, address=address, errors=_at(error, "address"), status=422)
    words = gettext(request, "Asked. The host’s admins answer; until then little passes between you.")
    return redirect(request, _page(network.slug), toast=words)


async def network(request: Request) -> Response:
    """One network, hosted here or elsewhere."""
    admin(request)
    return await _network(request)


async def describe(request: Request) -> Response:
    """Change what a network hosted here says of itself."""
    by, form = admin(request), await form_of(request)
    filled = {name: text(form, name, 12_000) for name in ("name", "purpose", "guidelines")}
    try:
        await actions.describe(here_of(request), by.handle, _slug(request), **filled)
    except Invalid as error:
        return await _network(request, filled=filled, errors=error.errors, status=422)
    return redirect(request, _page(_slug(request)), toast=gettext(request, "Saved. Every member is told."))


async def expect(request: Request) -> Response:
    """Let a server ask."""
    by, form = admin(request), await form_of(request)
    host = text(form, "host", 300)
    try:
        await actions.expect(here_of(request), by.handle, _slug(request), host)
    except Invalid as error:
        return await _network(request, host=host, errors=error.errors, status=422)
    return redirect(request, _page(_slug(request)), toast=gettext(request, "They can ask now."))


async def accept(request: Request) -> Response:
    """Let a server that asked in."""
    by, form = admin(request), await form_of(request)
    await actions.accept(here_of(request), by.handle, _slug(request), text(form, "host", 300))
    words = gettext(request, "They are in. Every member is told, and lets them in.")
    return redirect(request, _page(_slug(request)), toast=words)


async def refuse(request: Request) -> Response:
    """Say no."""
    return await _with_reason(request, actions.refuse, gettext(request, "Refused. They are told why."))


async def remove(request: Request) -> Response:
    """Take a member out."""
    words = gettext(request, "Removed. Within the hour no member lets them in any more.")
    return await _with_reason(request, actions.remove, words)


async def close(request: Request) -> Response:
    """End a network hosted here."""
    by, form = admin(request), await form_of(request)
    if not text(form, "sure", 5):
        errors = [{"field": "sure", "message": gettext(request, "Tick that you are sure.")}]
        return await _network(request, errors=errors, status=422)
    await actions.close(here_of(request), by.handle, _slug(request))
    return redirect(request, "/admin/networks", toast=gettext(request, "The network has ended. Every member is told."))


async def leave(request: Request) -> Response:
    """Leave a network, or take the request back."""
    by = admin(request)
    await joining.leave(here_of(request), by.handle, _slug(request))
    return redirect(request, _page(_slug(request)), toast=gettext(request, "You are out."))


async def apply(request: Request) -> Response:
    """Do what the list says."""
    by = admin(request)
    await joining.apply_changes(here_of(request), by.handle, _slug(request))
    return redirect(request, _page(_slug(request)), toast=gettext(request, "Done as the list says."))


async def choose(request: Request) -> Response:
    """Look at changes first, or not."""
    by, form = admin(request), await form_of(request)
    first = text(form, "changes", 10) == "look"
    await joining.set_look_first(here_of(request), by.handle, _slug(request), first)
    return redirect(request, _page(_slug(request)), toast=gettext(request, "Saved."))


async def tick(request: Request) -> Response:
    """Say that a step of the plan is done, or is not."""
    by, form = admin(request), await form_of(request)
    number = text(form, "step", 3)
    if not (number.isascii() and number.isdigit()):
        raise NotFound
    done = text(form, "done", 5) == "yes"
    await blueprints.tick(here_of(request), by, _slug(request), int(number), done=done)
    return redirect(request, f"{_page(_slug(request))}#plan")


async def unplan(request: Request) -> Response:
    """Take away what the network began with."""
    by = admin(request)
    closed = await blueprints.take_away(here_of(request), by, _slug(request))
    words = ngettext(
        request,
        "The plan is gone, and one community that nobody used is closed.",
        "The plan is gone, and %(count)s communities that nobody used are closed.",
        closed,
    )
    return redirect(request, _page(_slug(request)), toast=words if closed else gettext(request, "The plan is gone."))


async def tell(request: Request) -> Response:
    """Tell the host numbers from now on, or no more."""
    by, form = admin(request), await form_of(request)
    tells = text(form, "numbers", 10) == "tell"
    await reporting.agree(here_of(request), by.handle, _slug(request), tells=tells)
    return redirect(request, _page(_slug(request)), toast=gettext(request, "Saved."))


async def report(request: Request) -> Response:
    """The numbers of all members, for the host."""
    admin(request)
    here = here_of(request)
    found = await reporting.report(here, _slug(request), request.query_params.get("quarter", ""))
    view = await queries.network(here, _slug(request), everything=True)
    return render(
        request,
        "admin/network_report.html",
        nav="admin",
        tab="networks",
        network=view,
        report=found,
        words=words.numbers(request),
    )


async def fetch(request: Request) -> Response:
    """Read the list now."""
    admin(request)
    await joining.fetch_now(here_of(request), _slug(request))
    return redirect(request, _page(_slug(request)))


async def _with_reason(request: Request, act: Callable[..., Awaitable[None]], done: str) -> Response:
    by, form = admin(request), await form_of(request)
    host, reason = text(form, "host", 300), text(form, "reason", 1000)
    try:
        await act(here_of(request), by.handle, _slug(request), host, reason)
    except Invalid as error:
        errors = [item | {"field": f"reason-{host}" if item["field"] else ""} for item in error.errors]
        return await _network(request, errors=errors, open_for=host, status=422)
    return redirect(request, _page(_slug(request)), toast=done)


async def _networks(
    request: Request,
    *,
    filled: dict[str, str] | None = None,
    address: str = "",
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    here = here_of(request)
    return render(
        request,
        "admin/networks.html",
        status_code=status,
        nav="admin",
        tab="networks",
        mode=peers.mode(here),
        networks=await queries.networks(here, everything=True),
        form=filled or {},
        beginnings=beginnings(request),
        begun=beginning(request, (filled or {}).get("begin", "")),
        address=address,
        errors=errors or [],
    )


async def _network(
    request: Request,
    *,
    filled: dict[str, str] | None = None,
    host: str = "",
    open_for: str = "",
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    here = here_of(request)
    view = await queries.network(here, _slug(request), everything=True)
    plan = await blueprints.steps_of(here, view.slug)
    return render(
        request,
        "admin/network.html",
        status_code=status,
        nav="admin",
        tab="networks",
        mode=peers.mode(here),
        network=view,
        plan=plan,
        form=filled or {"name": view.name, "purpose": view.purpose, "guidelines": view.guidelines},
        typed_host=host,
        open_for=open_for,
        troubles=words.troubles(request),
        errors=errors or [],
    )


def _at(error: Invalid | NotFound, field: str) -> list[dict[str, str]]:
    return [{"field": field, "message": error.message}]


def _slug(request: Request) -> str:
    return str(request.path_params["slug"])


def _page(slug: str) -> str:
    return f"/admin/networks/{slug}"


def _post(path: str, handler: Handler) -> Route:
    return Route(f"/admin/networks{path}", handler, methods=["POST"])


routes = [
    Route("/admin/networks", networks),
    _post("/found", found),
    _post("/look", look),
    _post("/ask", ask),
    Route("/admin/networks/{slug}", network),
    _post("/{slug}/describe", describe),
    _post("/{slug}/expect", expect),
    _post("/{slug}/accept", accept),
    _post("/{slug}/refuse", refuse),
    _post("/{slug}/remove", remove),
    _post("/{slug}/close", close),
    _post("/{slug}/leave", leave),
    _post("/{slug}/apply", apply),
    _post("/{slug}/choose", choose),
    _post("/{slug}/fetch", fetch),
    _post("/{slug}/tell", tell),
    _post("/{slug}/tick", tick),
    _post("/{slug}/unplan", unplan),
    Route("/admin/networks/{slug}/report", report),
]
