"""How a call of our own API is served: as those of the client API, with every fault of a form named."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from server.api import ApiError, Parameters
from server.communities import queries as communities
from server.errors import Invalid
from server.mastodon.serving import Call, answer, missing, route

__all__ = ["ApiError", "Call", "answer", "community_id_of", "converted", "missing", "served"]

Shape = TypeVar("Shape", bound=msgspec.Struct)


def served(path: str, handler: Callable[[Call], Awaitable[Response]], method: str, scope: str) -> Route:
    """One endpoint below ``/api/peerhall/v1``; reading needs no token where everybody may read."""

    async def named(call: Call) -> Response:
        try:
            return await handler(call)
        except Invalid as error:
            faults = {item["field"]: item["message"] for item in reversed(error.errors) if item["field"]}
            body = {"error": error.message} | ({"fields": faults} if faults else {})
            return answer(body, status=422)

    anybody = scope.startswith("read") and path != "/me"
    return route(f"/api/peerhall/v1{path}", named, method, scope=scope, anybody=anybody)


def converted(found: Parameters, shape: type[Shape]) -> Shape:
    """What was sent, with everything of the right type. Raises Invalid that names what is not."""
    try:
        return msgspec.convert(found, shape, strict=False)
    except msgspec.ValidationError as error:
        text = str(error)
        words, _, place = text.partition(" - at `$.")
        raise Invalid(f"{words}.", field=place.rstrip("`").partition("[")[0]) from None


async def community_id_of(call: Call, slug: str) -> str:
    """Our id of a community by its slug or handle. Raises Invalid where it is not there for whoever asks."""
    found = await communities.community_by_slug(call.here, slug.lstrip("@!"), call.viewer)
    if found is None:
        raise Invalid("There is no such community, or it is not shared with you.", field="community")
    return found.id
