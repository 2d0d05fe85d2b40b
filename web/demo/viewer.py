"""What Sofia sees: a small viewer of the fediverse, drawn from the documents that were delivered to her server.

There is no sign-in: her server has one person, and runs on the visitor's own machine as part of the demo.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from server.demo import microblog
from server.demo.deeds import HOME, PRACTICE, Cast
from server.demo.memory import Kept, Neighbour
from server.demo.sofia import PAGE, Sofia
from server.demo.wire import Delivery, Wire
from server.practices.mastodon import SeenOnMastodon, as_on_mastodon, sanitise
from server.version import VERSION
from web.demo.pages import STOPS, answer_words, message_address, start, with_bar
from web.demo.stops import ELSEWHERE, POLL
from web.i18n import gettext
from web.render import render, shell_routes
from web.request import SAFE_METHODS, form_of, text
from web.routes import exception_handlers
from web.sessions import is_own_request

MAX_ID = 500
FOLDED = frozenset({"Article", "Page", "Event"})
"""What Mastodon shows as title, excerpt and link."""


@dataclass(frozen=True, slots=True)
class Row:
    """One message in the list of all."""

    verb: str
    href: str
    about: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A post as Mastodon shows it, with what Sofia did to it.

    `whole` is the text that Mastodon leaves out of what is long; `at_home` is the page where it was written.
    """

    uri: str
    author: Neighbour
    boosted_by: str
    at: datetime | None
    seen: SeenOnMastodon
    whole: str
    results: tuple[tuple[str, int], ...]
    at_home: str
    is_hers: bool
    is_liked: bool
    vote: str
    has_letter: bool

    @property
    def href(self) -> str:
        """Its page here."""
        return f"/post?{urlencode({'id': self.uri})}"


async def home(request: Request) -> Response:
    """What reached her, the newest first."""
    sofia = _sofia(request)
    found = sofia.timeline(request.query_params.get("before", "")[:MAX_ID], PAGE + 1)
    older = f"/?{urlencode({'before': found[PAGE - 1][0]})}" if len(found) > PAGE else None
    posts = [_shown(sofia, *each) for each in found[:PAGE]]
    return _page(request, "home", posts=posts, older=older, follows=len(sofia.memory.follows))


async def for_her(request: Request) -> Response:
    """What others answered her."""
    sofia = _sofia(request)
    return _page(request, "for_her", posts=[_shown(sofia, *each) for each in sofia.addressed()])


async def post(request: Request) -> Response:
    """One post, what her server knows under it, and a field for an answer."""
    return await _post(request, request.query_params.get("id", ""))


async def exit_tickets(request: Request) -> Response:
    """Maya's practice, for the tour."""
    return _to_titled(request, PRACTICE)


async def poll(request: Request) -> Response:
    """The poll, for the tour."""
    return _to_titled(request, POLL)


async def reply(request: Request) -> Response:
    """Answer a post."""
    form = await form_of(request)
    uri, words = text(form, "id", MAX_ID), text(form, "words", microblog.MAX_TEXT)
    if not words.strip():
        return await _post(request, uri, error=gettext(request, "Write something first."), status=422)
    await _sofia(request).reply(_known(request, uri), words)
    return _sent(request)


async def favourite(request: Request) -> Response:
    """Favourite a post, or take that back."""
    await _sofia(request).favourite(_known(request, text(await form_of(request), "id", MAX_ID)))
    return _sent(request)


async def vote(request: Request) -> Response:
    """Choose in a poll."""
    form, sofia = await form_of(request), _sofia(request)
    uri = _known(request, text(form, "id", MAX_ID))
    before = len(sofia.memory.letters)
    await sofia.vote(uri, text(form, "option", 200))
    if len(sofia.memory.letters) == before:
        return await _post(request, uri, error=gettext(request, "Choose one answer. One can vote once."), status=422)
    return _sent(request)


async def take_back(request: Request) -> Response:
    """Delete what she wrote."""
    uri, sofia = text(await form_of(request), "id", MAX_ID), _sofia(request)
    if uri not in sofia.memory.mine:
        raise HTTPException(404)
    await sofia.take_back(uri)
    return _sent(request)


async def letters(request: Request) -> Response:
    """Every message that was signed, in and out, the newest first."""
    number = request.query_params.get("page", "1")
    page = int(number) if number.isascii() and number.isdecimal() and len(number) < 4 else 1
    found = list(reversed(_sofia(request).memory.letters))[(page - 1) * PAGE : page * PAGE + 1]
    older = f"/letters?page={page + 1}" if len(found) > PAGE else None
    newer = f"/letters?page={page - 1}" if page > 1 else None
    rows = [_row(request, each) for each in found[:PAGE]]
    return _page(request, "letters", letters=rows, older=older, newer=newer)


async def letter(request: Request) -> Response:
    """One message: headers, JSON, and the answer. `sent` is for the moment after something was done."""
    sofia, cast, uri = _sofia(request), _cast(request), request.query_params.get("id", "")[:MAX_ID]
    found = [one for one in sofia.memory.letters if uri in one.ids]
    first = next((one for one in found if one.ids[0] == uri), found[0] if found else None)
    if first is None:
        raise HTTPException(404)
    arrived = ""
    if first.is_ours:
        taken = next((wire for wire in cast.wires.values() if first.inbox.startswith(f"{wire.origin}/")), None)
        arrived = message_address(taken.origin, first) if taken is not None and taken.about(uri) is not None else ""
    inner = first.activity.get("object")
    answered = str(inner.get("inReplyTo")) if isinstance(inner, dict) else ""
    about = next((one for one in (*first.ids[1:], answered) if one in sofia.memory.posts), "")
    kept = sofia.memory.posts.get(about)
    parent = sofia.memory.posts.get(str(kept.document.get("inReplyTo"))) if kept is not None else None
    return _page(
        request,
        "letter",
        letter=first,
        words=answer_words(request, first),
        is_sent="sent" in request.query_params,
        arrived=arrived,
        document=sofia.fetched(first),
        at_home=_at_home((parent or kept).document) if kept is not None else "",
        back=f"/post?{urlencode({'id': about})}" if about else "/",
    )


async def nodeinfo(request: Request) -> Response:
    """Which software this is: not Peerhall, and it says so."""
    document = {
        "version": "2.0",
        "software": {"name": microblog.SOFTWARE, "version": VERSION},
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": False,
        "usage": {"users": {"total": 1}},
        "metadata": {},
    }
    return JSONResponse(document)


async def nodeinfo_index(request: Request) -> Response:
    """Where that is said."""
    sofia: Sofia = request.app.state.sofia
    rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
    return JSONResponse({"links": [{"rel": rel, "href": f"{sofia.origin}/nodeinfo/2.0"}]})


def sofias_app(sofia: Sofia) -> Starlette:
    """Her server without pages: all that other servers ask of it."""
    app = Starlette(
        routes=[
            Route("/.well-known/nodeinfo", nodeinfo_index),
            Route("/nodeinfo/2.0", nodeinfo),
            *sofia.engine.routes(),
        ]
    )
    app.state.sofia = sofia
    return app


def viewer_app(cast: Cast) -> ASGIApp:
    """Her server with its pages and her stops of the tour; it works as long as it is up."""
    sofia = cast.sofia

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            work = group.create_task(sofia.run())
            try:
                yield
            finally:
                work.cancel()

    app = Starlette(
        routes=[
            *shell_routes(),
            Route("/", home),
            Route(f"/@{microblog.NAME}", home),
            Route("/for-her", for_her),
            Route("/post", post),
            Route("/exit-tickets", exit_tickets),
            Route("/poll", poll),
            Route("/reply", reply, methods=["POST"]),
            Route("/favourite", favourite, methods=["POST"]),
            Route("/vote", vote, methods=["POST"]),
            Route("/take-back", take_back, methods=["POST"]),
            Route("/letters", letters),
            Route("/letter", letter),
            Route("/demo", start),
            *STOPS,
            *sofias_app(sofia).routes,
        ],
        exception_handlers=exception_handlers,
        lifespan=lifespan,
    )
    app.state.cast, app.state.place, app.state.sofia = cast, ELSEWHERE, sofia
    return Wire(_Own(app, cast), sofia.origin, sofia.clock.now, sofia.memory.letters)


class _Own:
    """Refuses forms that no page of this server sent, and finds where the tour stands."""

    def __init__(self, app: ASGIApp, cast: Cast) -> None:
        self._app = app
        self._cast = cast

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith("/ap/"):
            request = Request(scope, receive)
            if scope["method"] not in SAFE_METHODS and not is_own_request(request.headers, self._cast.sofia.origin):
                refusal = Response("This form came from another place.", 403, media_type="text/plain")
                await refusal(scope, receive, send)
                return
            scope.setdefault("state", {})
            await with_bar(scope, self._cast, ELSEWHERE)
        await self._app(scope, receive, send)


def _row(request: Request, letter: Delivery) -> Row:
    who = _sofia(request).name_of(letter)
    way = gettext(request, "Sent to %(who)s", who=who) if letter.is_ours else gettext(request, "From %(who)s", who=who)
    href = f"/letter?{urlencode({'id': letter.ids[0]})}" if letter.ids else "/letters"
    return Row(letter.verb or "?", href, f"{way} · {answer_words(request, letter)}")


async def _post(request: Request, uri: str, error: str = "", status: int = 200) -> Response:
    sofia = _sofia(request)
    shown = _shown(sofia, uri, sofia.memory.posts[_known(request, uri)])
    words = ""
    if "answer" in request.query_params:
        words = gettext(
            request, "#triedit worked with changes: they answered on sticky notes, and stuck them on the door."
        )
    return _page(
        request,
        "post",
        status=status,
        post=shown,
        answers=[_shown(sofia, *each) for each in sofia.answers(uri)],
        words=words,
        errors=[{"field": "words", "message": error}] if error else [],
    )


def _page(request: Request, name: str, status: int = 200, **facts: object) -> Response:
    sofia = _sofia(request)
    return render(
        request,
        f"demo/viewer_{name}.html",
        status_code=status,
        here=name,
        handle=sofia.handle,
        start=_cast(request).origin(HOME) + "/demo",
        now=sofia.clock.now(),
        **facts,
    )


def _shown(sofia: Sofia, uri: str, kept: Kept) -> Shown:
    document, memory = kept.document, sofia.memory
    booster = memory.people.get(kept.boosted_by)
    return Shown(
        uri=uri,
        author=sofia.author(document),
        boosted_by=booster.name if booster else "",
        at=_moment(document.get("published")),
        seen=as_on_mastodon(document),
        whole=sanitise(str(document.get("content", ""))) if document.get("type") in FOLDED else "",
        results=sofia.results(document),
        at_home=_at_home(document),
        is_hers=uri in memory.mine,
        is_liked=uri in memory.likes,
        vote=memory.votes.get(uri, ""),
        has_letter=sofia.letter_of(uri) is not None,
    )


def _at_home(document: dict[str, object]) -> str:
    found = document.get("url") or document.get("id")
    return found if isinstance(found, str) else ""


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _sent(request: Request) -> Response:
    """The message that was just signed and sent."""
    last = next(one for one in reversed(_sofia(request).memory.letters) if one.is_ours)
    return RedirectResponse(f"/letter?{urlencode({'id': last.ids[0], 'sent': 'yes'})}", status_code=303)


def _to_titled(request: Request, title: str) -> Response:
    sofia = _sofia(request)
    found = next((uri for uri, kept in sofia.memory.posts.items() if kept.document.get("name") == title), None)
    if found is None:
        return RedirectResponse("/", status_code=303)
    facts = {"id": found} | ({"answer": "yes"} if "answer" in request.query_params else {})
    return RedirectResponse(f"/post?{urlencode(facts)}", status_code=303)


def _known(request: Request, uri: str) -> str:
    if uri not in _sofia(request).memory.posts:
        raise HTTPException(404)
    return uri


def _sofia(request: Request) -> Sofia:
    sofia: Sofia = request.app.state.sofia
    return sofia


def _cast(request: Request) -> Cast:
    cast: Cast = request.app.state.cast
    return cast
