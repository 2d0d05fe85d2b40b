"""The OpenAPI document of our own API, made from its table of endpoints and its shapes (OpenAPI 3.1)."""

import re
from typing import Any

import msgspec

from server.automation.shapes import (
    Acceptances,
    Charter,
    Choice,
    Communities,
    Community,
    Joined,
    Me,
    NewCommunity,
    NewMember,
    NewPractice,
    Practice,
    Practices,
    Problem,
    Resource,
    Roles,
    Topics,
)
from server.instance import Instance
from server.version import VERSION

REFS = "#/components/schemas/{name}"
QUERIES = {
    ("/practices", "get"): {
        "community": "the slug of a community",
        "subject": "exactly this subject",
        "level": "exactly this level",
        "language": "a language, such as `en`",
        "sort": "`newest` (as without it), or `useful`: by (1 + worked + saved / 10) / (3 + tried + saved / 10), of at"
        " most 20 reports, where `worked` counts `worked` and `worked-with-changes`, and `saved` the people of this"
        " server who keep it for later, at most 10; then the newest",
        "before": "what stood in `next`, with the same `sort`",
    },
    ("/communities", "get"): {"after": "what stood in `next`"},
}
ANSWERS: dict[tuple[str, str], tuple[str, type | None, type | None]] = {
    ("/me", "get"): ("200", None, Me),
    ("/communities", "get"): ("200", None, Communities),
    ("/communities", "post"): ("201", NewCommunity, Community),
    ("/communities/{id}/join", "post"): ("200", NewMember, Joined),
    ("/communities/{id}/charter", "get"): ("200", None, Charter),
    ("/communities/{id}/acceptances", "get"): ("200", None, Acceptances),
    ("/roles", "get"): ("200", None, Roles),
    ("/communities/{id}/topics", "get"): ("200", None, Topics),
    ("/communities/{id}/topics/{topic}", "put"): ("200", Choice, Topics),
    ("/practices", "get"): ("200", None, Practices),
    ("/practices", "post"): ("201", NewPractice, Practice),
    ("/practices/{id}", "get"): ("200", None, Practice),
    ("/practices/{id}", "put"): ("200", NewPractice, Practice),
    ("/practices/{id}", "delete"): ("200", None, None),
    ("/resources/{id}", "get"): ("200", None, Resource),
}
"""By path and method: the status, what is sent, and what comes back."""


def document(here: Instance, endpoints: list[tuple[str, str, str, str]]) -> dict[str, Any]:
    """The document; `endpoints` are path, method, scope and what it does in a sentence."""
    shapes = [
        Me,
        Communities,
        NewCommunity,
        NewMember,
        Joined,
        Charter,
        Acceptances,
        Roles,
        Topics,
        Choice,
        Practices,
        Practice,
        NewPractice,
        Resource,
        Problem,
    ]
    _, components = msgspec.json.schema_components(shapes, ref_template=REFS)
    paths: dict[str, Any] = {}
    for path, method, scope, says in endpoints:
        paths.setdefault(path, {})[method.lower()] = _operation(path, method.lower(), scope, says)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{here.site.name}: Peerhall API",
            "version": VERSION,
            "description": "For scripts and other systems. Make a token with `peerhall token create`, or let an app in"
            " by OAuth 2. Apps of Mastodon use `/api/v1` and `/api/v2` instead.",
        },
        "servers": [{"url": here.url("/api/peerhall/v1")}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "oauth": {
                    "type": "oauth2",
                    "flows": {
                        "authorizationCode": {
                            "authorizationUrl": here.url("/oauth/authorize"),
                            "tokenUrl": here.url("/oauth/token"),
                            "scopes": {
                                "read": "read what you may read",
                                "write": "write and change what is yours",
                            },
                        }
                    },
                },
            },
        },
    }


def _operation(path: str, method: str, scope: str, says: str) -> dict[str, Any]:
    status, sent, shown = ANSWERS[path, method]
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "description": "its id"}
        for name in re.findall(r"{(\w+)}", path)
    ]
    parameters += [
        {"name": name, "in": "query", "schema": {"type": "string"}, "description": words}
        for name, words in QUERIES.get((path, method), {}).items()
    ]
    problem = {"content": _content(Problem)}
    answers: dict[str, Any] = {
        status: {
            "description": "It was done." if method != "get" else "What was asked for.",
            "content": _content(shown),
        },
        "401": {"description": "There is no token, or it is no good.", **problem},
        "403": {"description": "The token, or the person, may not do this.", **problem},
        "404": {"description": "There is no such thing, or it is not shared with you.", **problem},
        "422": {"description": "Something is missing or wrong; `fields` says what.", **problem},
        "429": {"description": "Too many calls: wait as long as `Retry-After` says.", **problem},
    }
    found: dict[str, Any] = {
        "summary": says,
        "operationId": f"{method}{re.sub(r'[^a-z]+', '_', path)}".rstrip("_"),
        "security": [{"token": []}, {"oauth": [scope]}] + ([{}] if scope.startswith("read") and path != "/me" else []),
        "parameters": parameters,
        "responses": answers,
    }
    if sent is not None:
        found["requestBody"] = {"required": True, "content": _content(sent)}
    return found


def _content(shape: type | None) -> dict[str, Any]:
    schema = {"type": "object"} if shape is None else {"$ref": REFS.format(name=shape.__name__)}
    return {"application/json": {"schema": schema}}
