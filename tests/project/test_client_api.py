"""No endpoint for apps is forgotten: each answer is held against the documentation, or is named here with its kin."""

from starlette.routing import Route

import server.build  # noqa: F401 - first, since features know each other
from server.mastodon.routes import routes
from tests.contract import ANSWERS

OTHERS = {
    ("GET", "/api/v1/accounts/familiar_followers"),
    ("GET", "/api/v1/announcements"),
    ("GET", "/api/v1/custom_emojis"),
    ("GET", "/api/v1/instance/domain_blocks"),
    ("GET", "/api/v1/instance/peers"),
    ("GET", "/api/v1/instance/privacy_policy"),
    ("GET", "/api/v1/suggestions"),
    ("GET", "/api/v1/trends/links"),
    ("GET", "/api/v2/suggestions"),
    ("GET", "/api/v1/domain_blocks"),
    ("GET", "/api/v1/preferences"),
    ("POST", "/api/v1/domain_blocks"),
    ("DELETE", "/api/v1/domain_blocks"),
    ("GET", "/api/v1/search"),
    ("GET", "/api/v1/instance"),
    ("GET", "/api/v2/instance"),
    ("GET", "/api/v1/instance/rules"),
    ("GET", "/api/v1/instance/extended_description"),
    ("GET", "/api/v1/instance/languages"),
    ("GET", "/api/v1/instance/translation_languages"),
    ("GET", "/api/v1/markers"),
    ("POST", "/api/v1/markers"),
    ("POST", "/api/v1/statuses"),
    ("POST", "/api/v1/notifications/clear"),
    ("GET", "/api/v1/notifications/unread_count"),
    ("POST", "/api/v1/notifications/{id}/dismiss"),
    ("DELETE", "/api/v1/media/{id}"),
    ("DELETE", "/api/v1/featured_tags/{id}"),
    *(("GET", f"/api/v2/notifications{path}") for path in ("", "/unread_count", "/{id}")),
    ("GET", "/api/v2/notifications/{id}/accounts"),
    ("POST", "/api/v2/notifications/{id}/dismiss"),
    *((method, f"/api/v{version}/notifications/policy") for method in ("GET", "PATCH") for version in (1, 2)),
    ("PUT", "/api/v1/notifications/policy"),
    *(("GET", f"/api/v1/notifications/requests{path}") for path in ("", "/merged", "/{id}")),
    *(("POST", f"/api/v1/notifications/requests{path}") for path in ("/accept", "/dismiss")),
    *(("POST", f"/api/v1/notifications/requests/{{id}}{path}") for path in ("/accept", "/dismiss")),
    *((method, "/api/v1/filters") for method in ("GET", "POST")),
    *((method, "/api/v1/filters/{id}") for method in ("GET", "PUT", "DELETE")),
    *(("DELETE", f"/api/v2/filters/{path}{{id}}") for path in ("", "keywords/", "statuses/")),
    ("DELETE", "/api/v1/conversations/{id}"),
    ("DELETE", "/api/v1/lists/{id}"),
    ("POST", "/api/v1/lists/{id}/accounts"),
    ("DELETE", "/api/v1/lists/{id}/accounts"),
    ("DELETE", "/api/v1/scheduled_statuses/{id}"),
    ("GET", "/api/v1/streaming"),
    ("GET", "/api/v1/streaming/health"),
    ("GET", "/api/v1/streaming/{stream:path}"),
}
"""Answers that are no entity, or one of several."""


def test_every_answer_is_held_against_the_documentation() -> None:
    """`tests.apps` looks at every answer in any test; `tests/contract.py` says what each of them is."""
    endpoints = set()
    for route in routes():
        if isinstance(route, Route):
            endpoints |= {(method, route.path) for method in (route.methods or set()) - {"HEAD"}}
    missing = sorted(endpoints - set(ANSWERS) - OTHERS)
    assert missing == [], "add these to tests/contract.py, or to OTHERS here"
