"""The form of a collection: things come in by their address, and move, go and come back by buttons."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from server.actors.viewer import Viewer
from server.collections import actions, queries
from server.collections.form import CollectionForm, ItemForm
from server.collections.policy import KINDS, MOST
from server.communities.queries import CommunityLabel
from server.errors import Invalid, NotFound, Refused
from server.posts import queries as posts
from server.posts.queries import PostView
from server.search import lookup
from server.text import LANGUAGES
from web.i18n import gettext
from web.practices.composing import audiences, chosen, community_of, language_options
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, texts

MOVES = ("up", "down", "out", "back", "add", "enter")


@dataclass(frozen=True, slots=True)
class Filled:
    """What a form says; `gone` is what was taken out of it and can be put back, `address` what is typed to add."""

    form: CollectionForm
    gone: tuple[ItemForm, ...] = ()
    address: str = ""


async def compose(request: Request) -> Response:
    """An empty form, or one that begins with a thing (`with`)."""
    here, viewer = here_of(request), signed_in(request)
    community = await community_of(request, viewer, request.query_params.get("community", "")[:300])
    form = CollectionForm(
        language=viewer.language if viewer.language in LANGUAGES else "en",
        community_id=community.id if community else None,
    )
    if short := request.query_params.get("with", "")[:200]:
        thing = await posts.show(here, viewer, short)
        if thing is None or thing.kind not in KINDS:
            raise NotFound
        form = replace(form, items=(ItemForm(thing.uri),))
    return await _composer(request, Filled(form), community)


async def send(request: Request) -> Response:
    """Begin a collection, or change the form by one of its buttons."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    community = await community_of(request, viewer, text(sent, "community", 300))
    filled = read(sent, community.id if community else None)
    try:
        if _move(sent):
            return await _composer(request, await _moved(request, viewer, sent, filled), community)
        form = await _with_address(request, viewer, filled)
        post = await actions.gather(here, viewer, form)
    except Invalid as error:
        return await _composer(request, filled, community, errors=error.errors, status=422)
    return redirect(
        request,
        posts.page_path(post.short, post.title, post.kind),
        toast=gettext(request, "Your collection is there. You can add to it at any time."),
    )


async def edit_page(request: Request, post: PostView) -> Response:
    """The form of a collection that is there; called for its `/edit`."""
    found = await queries.form_of(here_of(request), signed_in(request), post)
    if found is None:
        raise NotFound
    return await _composer(request, Filled(found[0]), post.community, editing=post)


async def save_edit(request: Request, post: PostView) -> Response:
    """Change a collection, or its form by one of the buttons."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    filled = read(sent, post.community.id if post.community else None)
    page: dict[str, Any] = {"editing": post, "note": text(sent, "change_note", 300)}
    try:
        if _move(sent):
            return await _composer(request, await _moved(request, viewer, sent, filled), post.community, **page)
        form = await _with_address(request, viewer, filled)
        await actions.change(here, viewer, post.id, form, page["note"])
    except Invalid as error:
        return await _composer(request, filled, post.community, errors=error.errors, status=422, **page)
    return redirect(request, f"/p/{post.short}", toast=gettext(request, "Your changes are saved."))


def read(sent: FormData, community_id: str | None) -> Filled:
    """What was sent."""
    gone = _read_items(sent, "gone", "gone-why")
    return Filled(
        CollectionForm(
            title=text(sent, "title", 500),
            intro=text(sent, "intro"),
            is_path=bool(text(sent, "is_path", 5)),
            members_add=bool(text(sent, "members_add", 5)),
            items=_read_items(sent, "item", "why"),
            gone=tuple(item.uri for item in gone),
            language=text(sent, "language", 20) or "en",
            visibility=text(sent, "visibility", 20),
            community_id=community_id,
        ),
        gone,
        text(sent, "address", 1000),
    )


def _read_items(sent: FormData, name: str, why: str) -> tuple[ItemForm, ...]:
    uris = [uri[:500] for uri in texts(sent, name, MOST)]
    return tuple(ItemForm(uri, text(sent, f"{why}-{number}", 1000)) for number, uri in enumerate(uris, 1))


def _move(sent: FormData) -> str:
    return next((name for name in MOVES if text(sent, name, 10)), "")


async def _moved(request: Request, viewer: Viewer, sent: FormData, filled: Filled) -> Filled:
    """The form after one of its buttons."""
    items, gone, move = list(filled.form.items), list(filled.gone), _move(sent)
    if move in {"add", "enter"}:
        if not filled.address and move == "enter":
            return filled
        if not filled.address:
            raise Invalid(gettext(request, "Paste the address of a practice or resource."), field="address")
        return replace(filled, form=await _with_address(request, viewer, filled), address="")
    typed = text(sent, move, 10)
    place = int(typed) - 1 if typed.isdecimal() and typed.isascii() else -1
    if move in {"up", "down"}:
        other = place - 1 if move == "up" else place + 1
        if 0 <= place < len(items) and 0 <= other < len(items):
            items[place], items[other] = items[other], items[place]
    elif move == "out" and 0 <= place < len(items):
        gone.append(items.pop(place))
    elif move == "back" and 0 <= place < len(gone):
        items.append(gone.pop(place))
    return replace(filled, form=replace(filled.form, items=tuple(items)), gone=tuple(gone))


async def _with_address(request: Request, viewer: Viewer, filled: Filled) -> CollectionForm:
    """The form with what is at the address that was typed, at its end."""
    if not filled.address:
        return filled.form
    thing = await thing_at(request, viewer, filled.address)
    if any(item.uri == thing.uri for item in filled.form.items):
        raise Invalid(gettext(request, "It is in this collection already."), field="address")
    return replace(filled.form, items=(*filled.form.items, ItemForm(thing.uri)))


async def thing_at(request: Request, viewer: Viewer, address: str) -> PostView:
    """What is gathered from an address: of a page here, or of any server. Raises Invalid."""
    found = await found_at(request, viewer, address)
    if found.kind not in KINDS:
        raise Invalid(
            gettext(request, "Practices and resources are gathered. This is something else."), field="address"
        )
    return found


async def found_at(request: Request, viewer: Viewer, address: str) -> PostView:
    """The post at an address: of a page here, or of any server. Raises Invalid."""
    here, origin = here_of(request), urlsplit(here_of(request).settings.origin)
    parts = urlsplit(address) if address.startswith(("https://", "http://", "/")) else None
    found: PostView | None = None
    if parts is not None and parts.path.startswith("/p/") and parts[:2] in {origin[:2], ("", "")}:
        found = await posts.show(here, viewer, parts.path.split("/")[2])
    elif parts is not None and parts.netloc:
        condition = "post.uri = :address OR post.url = :address"
        known = (await posts.listing(here, viewer, limit=1, condition=condition, address=address)).items
        found = known[0] if known else await _looked_up(request, viewer, address)
    if found is None or found.state != "visible":
        raise Invalid(
            gettext(request, "There is nothing at this address that you can read. Copy it from the page of the thing."),
            field="address",
        )
    return found


async def _looked_up(request: Request, viewer: Viewer, address: str) -> PostView | None:
    try:
        found = await lookup.look_up(here_of(request), viewer, address)
    except Refused as refusal:
        raise Invalid(refusal.message, field="address") from refusal
    return found.post if found is not None else None


async def _composer(
    request: Request,
    filled: Filled,
    community: CommunityLabel | None,
    *,
    editing: PostView | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
    note: str = "",
) -> Response:
    here, viewer, form = here_of(request), signed_in(request), filled.form
    known = await queries.things(here, viewer, [item.uri for item in (*form.items, *filled.gone)])
    options = await audiences(request, viewer, community) if editing is None else []
    return render(
        request,
        "collections/compose.html",
        status,
        nav="new",
        form=form,
        items=[(item, known.get(item.uri)) for item in form.items],
        gone=[(item, known.get(item.uri)) for item in filled.gone],
        address=filled.address,
        errors=errors or [],
        community=community,
        audiences=options,
        audience=chosen(options, form.visibility) if options else None,
        languages=language_options(),
        editing=editing,
        note=note,
        action=f"{editing.url}/edit" if editing else "/collections/new",
    )
