"""Everybody asks by every route, and gets what the rules say (S28, S30), with strict headers (S26).

Of each rule those are asked who are nearest to the line between may and may not; ``make test-long`` asks all.
"""

import re

import pytest
from hypothesis import settings

from tests.conftest import Fediverse
from tests.permissions.headers import header_faults
from tests.permissions.roles import ABSENT, CLOSED, NOBODY, OPEN, OWN, WHO, to_ask
from tests.permissions.rules import Rule, rules
from tests.permissions.walk import PARAMETER, Answer, Walker, address
from tests.permissions.world import World, populate

pytestmark = pytest.mark.timeout(400)

NONCE = re.compile(r'nonce="[^"]*"')
ACTIVITY = "application/activity+json"
STREAMS = "WS"
OF_POSTS = "name"
"""The part of an address that names a post: to whoever its author blocked, it is not there."""
BY_ANOTHER = ("answer",)
"""Things that the author did not write."""


async def test_s26_s28_s30_everybody_may_what_the_rules_say_by_every_route(fediverse: Fediverse) -> None:
    world = await populate(fediverse)
    walker = Walker(world)
    wrong = [fault for rule in rules() if rule.method != STREAMS for fault in await _faults(walker, world, rule)]
    assert not wrong, f"{len(wrong)} answers are not as tests/permissions/rules.txt says:\n" + "\n".join(wrong)
    for path in world.documents[CLOSED]:
        nothing = path[:-8] + "0000000a"
        for part in ("", "/replies", "/likes", "/shares"):
            answer, absent = [await walker.ask(NOBODY, "GET", each + part, accept=ACTIVITY) for each in (path, nothing)]
            assert (answer.status, answer.body) == (absent.status, absent.body), path + part
            assert answer.status in {401, 404}
    served = [await walker.ask(NOBODY, "GET", path, accept=ACTIVITY) for path in world.documents[OPEN]]
    assert [answer.status for answer in served].count(200) == len(served) - 1  # all but the round, which is for members


async def _faults(walker: Walker, world: World, rule: Rule) -> list[str]:
    """What is not as a rule says."""
    wrong = []
    named = PARAMETER.findall(rule.path)
    places = world.things[rule.kind] if named else {OPEN: {}}
    nothing: dict[str, Answer] = {}
    form = world.filled(rule.form)
    for place in (OPEN, CLOSED, OWN):
        if place not in places:
            continue
        may = WHO[rule.who].may(place) - ({"suspended"} if rule.path.startswith("/api/") else set())
        for role in to_ask(may, place, all_of_them=settings().max_examples > 1000):
            if role in may and not rule.is_asked:
                continue
            if (role, rule.who) == ("suspended", "everybody") and rule.path.startswith("/api/"):
                continue  # whose token nobody looks at it does not matter
            answer = await walker.ask(role, rule.method, address(rule.path, places[place]), form=form)
            said = f"{rule.route}, {place} {rule.kind}, {role}: {answer.status}"
            wrong += [f"{said}, {fault}" for fault in header_faults(rule.path, answer.headers)]
            if answer.status >= 500 or answer.is_refusal is (role in may):
                wrong.append(f"{said}, where {rule.who} may")
            is_hidden = place != OPEN or (role == "blocked" and OF_POSTS in named and rule.kind not in BY_ANOTHER)
            knows = place == CLOSED and role in WHO["members"].closed
            if role in may or knows or not is_hidden:
                continue
            if role not in nothing:
                nothing[role] = await walker.ask(role, rule.method, address(rule.path, places[ABSENT]), form=form)
            if _told(answer, places[place], places[ABSENT]) != _told(nothing[role], places[ABSENT], places[place]):
                wrong.append(f"{said}, which is not as where there is nothing: {nothing[role].status}")
    return wrong


def _told(answer: Answer, parts: dict[str, str], others: dict[str, str]) -> tuple[int, str, str]:
    """What an answer tells, but for what was in the address anyway."""
    texts = [NONCE.sub("", answer.body), answer.headers.get("location", "")]
    for name, part in parts.items():
        if part != others[name]:
            texts = [text.replace(part, "…") for text in texts]
    return answer.status, texts[0], texts[1]
