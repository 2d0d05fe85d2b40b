"""Every kind of news belongs to one thing that people choose about."""

import json

import pytest

from server.notifications import queries
from server.notifications.tiers import DEFAULTS, NOW, TIERS, TODAY, TOPICS, tier_of, tiers_from


@pytest.mark.parametrize("text", [None, "", "{}", json.dumps({"nonsense": "now", "answers": "tomorrow"})])
def test_what_nobody_chose_is_as_usual(text: str | None) -> None:
    assert tiers_from(text) == {}
    assert tier_of("reply", tiers_from(text)) == NOW


def test_a_topic_is_as_chosen_for_all_its_kinds() -> None:
    chosen = tiers_from(json.dumps({"duties": TODAY}))
    assert {tier_of(kind, chosen) for kind in TOPICS["duties"]} == {TODAY}


def test_every_kind_has_one_topic_and_every_topic_a_usual_tier() -> None:
    kinds = [kind for topic in TOPICS.values() for kind in topic]
    assert sorted(kinds) == sorted(queries._ORDER)
    assert set(DEFAULTS) == set(TOPICS)
    assert set(DEFAULTS.values()) <= set(TIERS)
