"""How soon each kind of news is mailed: at once, bundled in the afternoon, with the weekly mail, or not at all."""

from collections.abc import Mapping

import msgspec

NOW, TODAY, WEEKLY, NONE = TIERS = ("now", "today", "weekly", "none")

TOPICS: dict[str, frozenset[str]] = {
    "answers": frozenset({"reply"}),
    "tries": frozenset({"tried"}),
    "mentions": frozenset({"mention", "round", "coauthor", "asked", "discussant", "role", "beforehand"}),
    "decisions": frozenset(
        {"accepted", "declined", "event_yes", "event_no", "prepare", "coauthor_yes", "edit_refused"}
    ),
    "care": frozenset(
        {"report", "report_done", "late", "warning", "ban", "removed", "refused", "revise"}
        | {"ruling", "appeal", "appeal_done", "unsafe", "mediation", "cut_off"}
    ),
    "duties": frozenset({"applied", "asks_in", "follow_request", "held", "invited", "greet", "ungreeted"}),
    "travelled": frozenset({"remix", "offer", "offer_taken", "quote", "coedited"}),
    "others": frozenset(
        {"published", "revised", "poll_ended", "together", "round_closed", "step_back", "leads", "led"}
    ),
    "thanks": frozenset({"helped", "like", "boost", "follow", "joined", "moved"}),
}
"""Kinds of news (`models.Notification`) by what people choose about."""

DEFAULTS = {
    "answers": NOW,
    "tries": NOW,
    "mentions": NOW,
    "decisions": NOW,
    "care": NOW,
    "duties": WEEKLY,
    "travelled": WEEKLY,
    "others": WEEKLY,
    "thanks": WEEKLY,
}
ALWAYS = frozenset({"unsafe"})
"""Mailed at once, whatever somebody chose: a child may be unsafe."""
OF_SPACES = frozenset(
    {"reply", "tried", "mention", "remix", "offer", "offer_taken", "quote", "published", "poll_ended"}
)
"""What happens in conversations of a community: there, what somebody chose for the community counts first."""
_TOPIC = {kind: topic for topic, kinds in TOPICS.items() for kind in kinds}


def topic_of(kind: str) -> str:
    """What a kind of news belongs to."""
    return _TOPIC.get(kind, "others")


def tier_of(kind: str, chosen: Mapping[str, str], space: str | None = None) -> str:
    """How soon somebody wants this kind, with what they chose by topic, and for the community where it happened."""
    if kind in ALWAYS:
        return NOW
    if space and kind in OF_SPACES:
        return space
    topic = topic_of(kind)
    return chosen.get(topic, DEFAULTS[topic])


def kinds_of(tier: str, chosen: Mapping[str, str]) -> list[str]:
    """The kinds that somebody wants so soon."""
    return sorted(kind for kind in _TOPIC if tier_of(kind, chosen) == tier)


def tiers_from(text: str | None) -> dict[str, str]:
    """What somebody chose, as it is kept; topics and tiers that this version does not know are left out."""
    if not text:
        return {}
    found = msgspec.json.decode(text, type=dict[str, str])
    return {topic: tier for topic, tier in found.items() if topic in TOPICS and tier in TIERS}
