"""What a community sorts its posts by, as its document lists it (terms of our own)."""

from federation.vocab.base import text_of

MAX_TOPICS = 40
TOPIC_MARK = "#topic-"
"""What stands between the id of a community and what is its topics' own in theirs."""


def topics_of(value: object, actor_id: str) -> tuple[tuple[str, str, str], ...]:
    """Those whose ids begin with that of their community, once each: nobody has a say in the topics of another."""
    found: dict[str, tuple[str, str, str]] = {}
    for item in value[:MAX_TOPICS] if isinstance(value, list) else ():
        uri = _topic(item.get("id"), actor_id) if isinstance(item, dict) else ""
        if uri:
            name = text_of(item.get("name")).strip()[:200]
            found.setdefault(uri, (uri, name, _topic(item.get("ph:within"), actor_id)))
    return tuple(found.values())


def _topic(value: object, actor_id: str) -> str:
    is_own = isinstance(value, str) and len(value) <= 500 and value.startswith(f"{actor_id}{TOPIC_MARK}")
    return str(value) if is_own else ""


def topic_document(uri: str, name: str, within: str | None) -> dict[str, object]:
    """One topic of a community, as its document lists it."""
    found: dict[str, object] = {"type": "ph:Topic", "id": uri, "name": name}
    return found | ({"ph:within": within} if within else {})
