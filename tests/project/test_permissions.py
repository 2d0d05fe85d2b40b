"""Every route has a rule of who may use it, and docs/permissions.md says what the rules are (S28)."""

from starlette.routing import Mount, Route, WebSocketRoute

from federation.http import Endpoints
from server.asgi import _routes
from tests.permissions.roles import WHO
from tests.permissions.rules import LIST, PAGE, page, rules

UNASKED = 140
"""Rules of which those who may are not asked, at most: make the thing in tests/permissions/world.py instead."""


def test_s28_every_route_has_a_rule() -> None:
    there = set()
    engine = Endpoints.__new__(Endpoints)  # its routes need nothing of it
    for route in [*engine.routes(), *_routes()]:
        if isinstance(route, Route):
            there |= {f"{method} {route.path}" for method in (route.methods or set()) - {"HEAD"}}
        elif isinstance(route, WebSocketRoute):
            there.add(f"WS {route.path}")
        else:
            assert isinstance(route, Mount), route  # static files, which everybody may have
    ruled = [rule.route for rule in rules()]
    missing = "".join(f"\n{route} | signed in | -" for route in sorted(there - set(ruled)))
    assert not missing, f"these routes have no rule in {LIST.name}; add lines like these, which say who may:{missing}"
    assert sorted(set(ruled) - there) == [], f"these rules of {LIST.name} are about no route"
    assert sorted(route for route in ruled if ruled.count(route) > 1) == [], "these routes have two rules"


def test_rules_are_in_known_words_and_say_enough() -> None:
    assert sorted({rule.who for rule in rules()} - set(WHO)) == [], "say who in the words of roles.py"
    assert sum(not rule.is_asked for rule in rules()) <= UNASKED


def test_the_page_says_what_the_rules_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "docs/permissions.md is not up to date: make permissions"
