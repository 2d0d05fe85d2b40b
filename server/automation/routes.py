"""Every endpoint of our own API, and the document that lists them."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.automation import communities, practices, resources, topics
from server.automation.calls import Call, answer, served
from server.automation.document import document
from server.mastodon.serving import route

_ENDPOINTS = (
    ("/me", "GET", "read:accounts", communities.me),
    ("/communities", "GET", "read:accounts", communities.find),
    ("/communities", "POST", "write:accounts", communities.make),
    ("/communities/{id}/join", "POST", "write:follows", communities.join),
    ("/communities/{id}/charter", "GET", "read:accounts", communities.charter_of),
    ("/communities/{id}/acceptances", "GET", "read:accounts", communities.acceptances),
    ("/roles", "GET", "read:accounts", communities.roles),
    ("/communities/{id}/topics", "GET", "read:accounts", topics.find),
    ("/communities/{id}/topics/{topic}", "PUT", "write:mutes", topics.choose),
    ("/practices", "GET", "read:statuses", practices.find),
    ("/practices", "POST", "write:statuses", practices.share),
    ("/practices/{id}", "GET", "read:statuses", practices.read),
    ("/practices/{id}", "PUT", "write:statuses", practices.revise),
    ("/practices/{id}", "DELETE", "write:statuses", practices.withdraw),
    ("/resources/{id}", "GET", "read:statuses", resources.read),
)


async def openapi(call: Call) -> Response:
    """GET /api/peerhall/v1/openapi.json."""
    listed = [(path, method, scope, _says(handler)) for path, method, scope, handler in _ENDPOINTS]
    return answer(document(call.here, listed), {"Cache-Control": "public, max-age=300"})


def _says(handler: object) -> str:
    return (handler.__doc__ or "").strip().partition("\n")[0]


def routes() -> list[BaseRoute]:
    """All of them."""
    return [
        route("/api/peerhall/v1/openapi.json", openapi),
        *(served(path, handler, method, scope) for path, method, scope, handler in _ENDPOINTS),
    ]
