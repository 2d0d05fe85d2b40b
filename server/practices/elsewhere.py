"""How GoToSocial and Lemmy show a post of ours, beside Mastodon.

GoToSocial 0.20 shows the whole text, under `summary`, or under the title where there is none: a `summary` hides titles.
Lemmy 1.0 makes a post of anything with a title, and a comment of what answers; it takes no polls.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from server.text import plain, sanitise

TITLE = 200


@dataclass(frozen=True, slots=True)
class SeenElsewhere:
    """What somebody on other software meets; `refused` says why they do not."""

    software: str
    title: str = ""
    warning: str = ""
    html: str = ""
    refused: str = ""


def seen_elsewhere(document: Mapping[str, object]) -> tuple[SeenElsewhere, ...]:
    """The views of an ActivityPub object of ours."""
    return _on_gotosocial(document), _on_lemmy(document)


def _on_gotosocial(document: Mapping[str, object]) -> SeenElsewhere:
    warning = plain(_text(document.get("summary"))) or _text(document.get("name"))
    return SeenElsewhere("GoToSocial", warning=warning, html=sanitise(_text(document.get("content"))))


def _on_lemmy(document: Mapping[str, object]) -> SeenElsewhere:
    html = sanitise(_text(document.get("content")), images=False)
    if document.get("type") == "Question":
        return SeenElsewhere("Lemmy", refused="Lemmy takes no polls.")
    if document.get("inReplyTo"):
        return SeenElsewhere("Lemmy", html=html)
    if not document.get("audience") and not document.get("name"):
        return SeenElsewhere("Lemmy", refused="Lemmy shows only what is in a community.")
    title = _text(document.get("name")) or plain(html.partition("</p>")[0])
    return SeenElsewhere("Lemmy", title=title[:TITLE], html=html)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
