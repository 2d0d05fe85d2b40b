"""What to read before an event: putting it together by buttons, and ticking off what one has read."""

from dataclasses import dataclass, replace

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.errors import Invalid, NotFound
from server.posts.queries import PostView
from server.sessions import pack, preparing
from server.sessions.pack import PackForm
from server.text import excerpt
from web.collections.composing import found_at
from web.discussions.showing import post_of
from web.i18n import gettext
from web.practices.composing import number
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, texts

MOVES = ("up", "down", "out", "add", "enter")


@dataclass(frozen=True, slots=True)
class Filled:
    """What the form says; `address` and `title` are what is typed to add."""

    items: tuple[PackForm, ...] = ()
    address: str = ""
    title: str = ""


async def page(request: Request) -> Response:
    """The form, with what is in the pack."""
    post = await _own(request)
    return _composer(request, post, Filled(await preparing.items_of(post.id)))


async def send(request: Request) -> Response:
    """Keep the pack, or change the form by one of its buttons."""
    here, viewer, post, sent = here_of(request), signed_in(request), await _own(request), await form_of(request)
    filled = _read(sent)
    try:
        move = next((name for name in MOVES if text(sent, name, 10)), "")
        if move in {"add", "enter"}:
            if not filled.address and move == "add":
                raise Invalid(gettext(request, "Paste the address of what is to be read."), field="address")
            return _composer(request, post, await _with_address(request, filled))
        if move:
            return _composer(request, post, _moved(filled, move, text(sent, move, 10)))
        filled = await _with_address(request, filled)
        await preparing.set_pack(here, viewer, post.id, filled.items)
    except Invalid as error:
        return _composer(request, post, filled, errors=error.errors, status=422)
    return redirect(request, f"{post.url}#prepare", toast=gettext(request, "Everybody who has the event is told."))


async def tick(request: Request) -> Response:
    """Say for oneself alone that one has read something, or has not."""
    here, viewer, sent, post = here_of(request), signed_in(request), await form_of(request), await post_of(request)
    await preparing.tick(here, viewer, post.id, text(sent, "url", pack.ADDRESS), done=bool(text(sent, "done", 5)))
    return redirect(request, f"{post.url}#prepare")


async def _own(request: Request) -> PostView:
    signed_in(request)
    post = await post_of(request)
    if post.kind != "session" or not post.can_edit or not post.is_local:
        raise NotFound
    return post


def _read(sent: FormData) -> Filled:
    urls = [url[: pack.ADDRESS] for url in texts(sent, "url", pack.MOST)]
    items = tuple(
        PackForm(
            url, text(sent, f"title-{place}", 500), number(sent, f"minutes-{place}"), text(sent, f"uri-{place}", 500)
        )
        for place, url in enumerate(urls, 1)
    )
    return Filled(items, text(sent, "address", 1000), text(sent, "name", 500))


async def _with_address(request: Request, filled: Filled) -> Filled:
    """The form with what is at the address that was typed, at its end; its title may be typed too."""
    address = filled.address.strip()
    if not address:
        return filled
    try:
        thing = await found_at(request, signed_in(request), address)
    except Invalid:
        if not filled.title:
            words = gettext(
                request, "This is no page of a server that we know. Say what it is called, and add it again."
            )
            raise Invalid(words, field="name") from None
        return replace(filled, items=(*filled.items, PackForm(address, filled.title, None)), address="", title="")
    found = PackForm(
        url=thing.original_url or here_of(request).url(thing.url),
        title=(filled.title or thing.title or excerpt(thing.content_html, 80))[: pack.TITLE],
        minutes=pack.minutes_of(thing.content_html),
        uri=thing.uri,
    )
    if any(item.url == found.url for item in filled.items):
        raise Invalid(gettext(request, "It is in the list already."), field="address")
    return replace(filled, items=(*filled.items, found), address="", title="")


def _moved(filled: Filled, move: str, typed: str) -> Filled:
    items = list(filled.items)
    place = int(typed) - 1 if typed.isdecimal() and typed.isascii() else -1
    other = place - 1 if move == "up" else place + 1
    if move == "out" and 0 <= place < len(items):
        items.pop(place)
    elif move in {"up", "down"} and 0 <= place < len(items) and 0 <= other < len(items):
        items[place], items[other] = items[other], items[place]
    return replace(filled, items=tuple(items))


def _composer(
    request: Request, post: PostView, filled: Filled, *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    return render(
        request, "events/prepare.html", status, nav="communities", post=post, filled=filled, errors=errors or []
    )


routes = [
    Route("/p/{name}/prepare", page),
    Route("/p/{name}/prepare", send, methods=["POST"]),
    Route("/p/{name}/read", tick, methods=["POST"]),
]
