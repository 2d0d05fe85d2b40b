"""Search: words find what is here; a pasted handle or address is looked up at its own server."""

import re
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.actors.viewer import Viewer
from server.errors import Refused
from server.instance import Instance
from server.practices import queries as practices
from server.practices.narrowing import SAID, Facets, facets_said
from server.search import lookup, queries
from server.search.queries import ActorsFound, PostsFound
from web.i18n import gettext
from web.practices.alike import like_mine
from web.practices.composing import language_options, licence_options
from web.render import render
from web.request import here_of, viewer_of

FEW = 5
MAX_TEXT = 900
NARROWED = "practices"
"""The kind of thing that says enough of itself to be narrowed by it:"""
NOTHING = Facets()
FACETS = (*SAID, "like")
_NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the page asks for."""

    text: str
    kind: str
    scope: str
    page: int
    until: int | None = None
    facets: Facets = NOTHING

    def href(self, **changes: str | int | None) -> str:
        """The address of the same question with something changed; what is as usual is left out."""
        values = {"q": self.text, "kind": self.kind, "scope": self.scope, "page": self.page}
        values |= {"until": self.until, **self.narrowed, **changes}
        usual: dict[str, object] = {"kind": "all", "scope": "everything", "page": 1, "until": None}
        usual |= dict.fromkeys(FACETS)
        if values["kind"] != "practices":
            usual |= self.narrowed  # what practices say of themselves narrows nothing else
        return "/search?" + urlencode({name: value for name, value in values.items() if usual.get(name) != value})

    @property
    def narrowed(self) -> dict[str, str]:
        """What practices are narrowed to."""
        return {name: value for name in FACETS if (value := getattr(self.facets, name))}


async def search_page(request: Request) -> Response:
    """`/search`: everything by kind, a few of each first."""
    here, viewer = here_of(request), viewer_of(request)
    asked = _asked(request)
    if asked.kind == NARROWED and asked.text:
        asked = replace(asked, facets=await like_mine(request, asked.facets))
    is_address = lookup.is_address(asked.text)
    context: dict[str, object] = {"asked": asked, "tabs": _tabs(request, asked), "is_address": is_address}
    status = 200
    if is_address and viewer.is_signed_in and _is_own_page(request):
        try:
            context["looked_up"] = await lookup.look_up(here, viewer, asked.text)
        except Refused as refusal:
            context["errors"] = [{"field": "q", "message": refusal.message}]
            status = 422
    elif asked.text and not is_address:
        context |= await _results(here, viewer, asked)
    return render(request, "search/search.html", status_code=status, nav="search", **context)


async def _results(here: Instance, viewer: Viewer, asked: Asked) -> dict[str, object]:
    text, scope, kind = asked.text, asked.scope, asked.kind
    if kind in queries.KINDS:
        kinds = queries.KINDS[kind]
        posts = await queries.search_posts(
            here,
            viewer,
            text,
            kinds=kinds,
            scope=scope,
            page=asked.page,
            until=asked.until,
            facets=asked.facets,
        )
        return {"posts": posts, **_further(asked, posts), **(await _choices(here, viewer) if kind == NARROWED else {})}
    if kind in {"people", "communities"}:
        actor_kind = "Person" if kind == "people" else "Group"
        actors = await queries.search_actors(
            here, text, kind=actor_kind, scope=scope, page=asked.page, until=asked.until
        )
        return {kind: actors, **_further(asked, actors)}
    posts = await queries.search_posts(here, viewer, text, scope=scope, page=asked.page, until=asked.until)
    people, communities = ActorsFound([], has_more=False), ActorsFound([], has_more=False)
    if asked.page == 1 and asked.until is None:
        people = await queries.search_actors(here, text, kind="Person", scope=scope, limit=FEW)
        communities = await queries.search_actors(here, text, kind="Group", scope=scope, limit=FEW)
    return {"posts": posts, "people": people, "communities": communities, **_further(asked, posts)}


async def _choices(here: Instance, viewer: Viewer) -> dict[str, object]:
    """What practices can be narrowed to."""
    values = await practices.facet_values(here, viewer)
    languages = [option for option in language_options() if option["value"] in values.languages]
    return {"values": values, "languages": languages, "licences": licence_options()}


def _further(asked: Asked, found: PostsFound | ActorsFound) -> dict[str, object]:
    """Where better and more matches are, and those that are older than all that were weighed."""
    return {
        "newer": asked.href(page=asked.page - 1) if asked.page > 1 else None,
        "older": asked.href(page=asked.page + 1) if found.has_more else None,
        "beyond": asked.href(page=1, until=found.older) if found.older is not None and not found.has_more else None,
        "newest": asked.href(page=1, until=None) if asked.until is not None else None,
    }


def _asked(request: Request) -> Asked:
    values = request.query_params
    until = values.get("until", "")
    kind, scope, page = values.get("kind", "all"), values.get("scope", "everything"), values.get("page", "1")
    kind = kind if kind in {*queries.KINDS, "people", "communities"} else "all"
    return Asked(
        text=values.get("q", "").replace("\x00", "").strip()[:MAX_TEXT],
        kind=kind,
        scope=scope if scope in queries.SCOPES else "everything",
        page=min(int(page), queries.MAX_PAGES) if page.isascii() and page.isdigit() and 0 < len(page) < 4 else 1,
        until=int(until) if _NUMBER.fullmatch(until) else None,
        facets=facets_said(values) if kind == NARROWED else NOTHING,
    )


def _tabs(request: Request, asked: Asked) -> list[dict[str, object]]:
    labels = {
        "all": gettext(request, "Everything"),
        "practices": gettext(request, "Practices"),
        "threads": gettext(request, "Conversations"),
        "resources": gettext(request, "Resources"),
        "people": gettext(request, "People"),
        "communities": gettext(request, "Communities"),
    }
    return [
        {"label": label, "href": asked.href(kind=kind, page=1), "current": kind == asked.kind}
        for kind, label in labels.items()
    ]


def _is_own_page(request: Request) -> bool:
    """Whether the person came from us or typed the address: other sites may not make us ask further ones."""
    return request.headers.get("sec-fetch-site", "none") in {"none", "same-origin"}


routes = [Route("/search", search_page, methods=["GET"])]
