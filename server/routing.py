"""Which route answers an address: those whose fixed parts fit are looked at, and not all of them in turn."""

from collections.abc import Iterable

from starlette.routing import BaseRoute, Match, Router
from starlette.types import Receive, Scope, Send

DEPTH = 3
"""So many parts of an address are compared before patterns are."""

_Parts = tuple[str, ...]


class IndexedRouter(Router):
    """Starlette's router, for hundreds of routes: the first that matches answers, as there."""

    def __init__(self, routes: Iterable[BaseRoute], **options: object) -> None:
        """Take routes in the order in which they count; none can be added later."""
        super().__init__(list(routes), **options)  # type: ignore[arg-type]
        own: dict[_Parts, list[int]] = {(): []}
        for number, route in enumerate(self.routes):
            own.setdefault(_fixed_parts(route), []).append(number)
        self._by_parts: dict[_Parts, list[BaseRoute]] = {}
        for parts in own:
            numbers = [number for length in range(len(parts) + 1) for number in own.get(parts[:length], ())]
            self._by_parts[parts] = [self.routes[number] for number in sorted(numbers)]

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the first route that matches; what none does is left to Starlette."""
        if scope["type"] != "lifespan":
            for route in self._candidates(scope["path"]):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.setdefault("router", self)
                    scope["route"] = route
                    scope.update(found)
                    await route.handle(scope, receive, send)
                    return
        await super().app(scope, receive, send)

    def _candidates(self, path: str) -> list[BaseRoute]:
        parts = tuple(path.split("/", DEPTH + 1)[1 : DEPTH + 1])
        for length in range(len(parts), 0, -1):
            found = self._by_parts.get(parts[:length])
            if found is not None:
                return found
        return self._by_parts[()]


def _fixed_parts(route: BaseRoute) -> _Parts:
    """The first parts of a route's address that are always the same."""
    path: str = getattr(route, "path", "")
    fixed: list[str] = []
    for part in path.split("/")[1 : DEPTH + 1]:
        if "{" in part:
            break
        fixed.append(part)
    return tuple(fixed)
