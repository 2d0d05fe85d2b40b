"""What a chat room may be told, and in which form: pure functions."""

import json
from collections.abc import Sequence
from datetime import timedelta

from server.errors import Invalid

FORMS = ("text", "card")
PRACTICES, EVENTS, SOON = "practices", "events", "soon"
WANTS = (PRACTICES, EVENTS, SOON)
MOST = 5
MAX_URL = 2_000
MAX_TEXT = 300
AHEAD = timedelta(hours=1)
GIVEN_UP = timedelta(days=3)

_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "¦", "*": "∗", "_": "＿", "~": "∼", "`": "ʼ"})
_CARD = str.maketrans({char: f"\\{char}" for char in "\\`*_[]()<>#!|"})


def checked(form: str, wants: Sequence[str]) -> str:
    """What is wanted, in one text. Raises Invalid."""
    if form not in FORMS:
        raise Invalid("Choose which chat it is.", field="form")
    kept = [want for want in WANTS if want in wants]
    if not kept:
        raise Invalid("Choose at least one thing to tell.", field="wants")
    return " ".join(kept)


def kind_wanted(kind: str) -> str:
    """Under which of `WANTS` a new post of this kind falls; empty for none."""
    return {"practice": PRACTICES, "tip": PRACTICES, "session": EVENTS}.get(kind, "")


def message(form: str, *, heading: str, title: str, url: str, text: str) -> bytes:
    """The message as JSON. Nothing that somebody wrote can mention a room, be a link, or be read as markup."""
    if form == "card":
        body = [
            {"type": "TextBlock", "text": heading.translate(_CARD), "wrap": True, "isSubtle": True},
            {"type": "TextBlock", "text": f"[{title.translate(_CARD)}]({url})", "wrap": True, "weight": "Bolder"},
            *([{"type": "TextBlock", "text": text.translate(_CARD), "wrap": True}] if text else []),
        ]
        content = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": body,
        }
        card = {"contentType": "application/vnd.microsoft.card.adaptive", "content": content}
        return json.dumps({"type": "message", "attachments": [card]}).encode()
    lines = [heading.translate(_SLACK), f"<{url}|{title.translate(_SLACK)}>", text.translate(_SLACK)]
    return json.dumps({"text": "\n".join(line for line in lines if line), "unfurl_links": False}).encode()
