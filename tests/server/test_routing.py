"""Every address is answered by the route that would answer it if all were looked at in turn."""

import re
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Match, Mount, Route, Router

from server.asgi import create_app
from server.routing import IndexedRouter
from tests.conftest import Fediverse

FILLINGS = ("1", "new", "search", "x@y.example", "")


def matching(routes: list[Any], path: str, method: str) -> Any:
    scope = {"type": "http", "path": path, "method": method, "root_path": "", "headers": []}
    return next((route for route in routes if route.matches(dict(scope))[0] is Match.FULL), None)


async def test_all_addresses_of_an_instance_lead_where_they_led(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await fediverse.start("alder.example")
    made: list[IndexedRouter] = []
    make = IndexedRouter.__init__

    def noted(self: IndexedRouter, *args: Any, **options: Any) -> None:
        made.append(self)
        make(self, *args, **options)

    monkeypatch.setattr(IndexedRouter, "__init__", noted)
    create_app(here)
    (router,) = made
    paths = {
        re.sub(r"{[^}]*}", filling, getattr(route, "path", "")) + end
        for route in router.routes
        for filling in FILLINGS
        for end in ("", "/", "/more", "/more/still")
    }
    assert len(paths) > 1000
    for path in sorted(paths):
        for method in ("GET", "POST", "DELETE"):
            found = matching(router._candidates(path), path, method)
            assert found is matching(router.routes, path, method), (method, path)


async def answered(router: Router, path: str, method: str = "GET") -> tuple[int, bytes, dict[bytes, bytes]]:
    said: list[Any] = []

    async def receive() -> Any:
        raise AssertionError

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "https",
        "server": ("alder.example", 443),
        "method": method,
        "root_path": "",
        "headers": [],
    }
    await router(scope, receive, send)
    return said[0]["status"], b"".join(each.get("body", b"") for each in said[1:]), dict(said[0]["headers"])


@pytest.fixture
def routers() -> tuple[Router, Router]:
    async def here(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{request.scope['route'].path} {request.path_params}")

    routes = [
        Route("/a/b/c", here),
        Route("/a/{what}/c", here),
        Route("/a/b/{more:path}", here, methods=["POST"]),
        Route("/a/b", here),
        Route("/", here),
        Mount("/m", routes=[Route("/in/side", here)]),
        Route("/{anything}", here),
    ]
    return Router(routes), IndexedRouter(routes)


@pytest.mark.parametrize(
    "path",
    ["/", "/a", "/a/b", "/a/b/", "/a/b/c", "/a/b/c/", "/a/x/c", "/a/b/c/d", "/m/in/side", "/m/x", "/x", "/x/y", ""],
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
async def test_it_decides_as_the_router_does(routers: tuple[Router, Router], path: str, method: str) -> None:
    one, other = routers
    assert await answered(one, path, method) == await answered(other, path, method)
