"""What a server like Mastodon writes: the documents of one person, and notes as its text field makes them. Pure."""

import re
from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup, escape

from federation.vocab.base import PUBLIC, timestamp
from federation.vocab.contexts import SECURITY, with_context

NAME = "sofia"
DISPLAY_NAME = "Sofia Marchetti"
ABOUT = "Teaches chemistry somewhere else. Reads Peerhall from Mastodon. Invented, like everybody here."
SOFTWARE = "peerhall-demo-viewer"
MAX_TEXT = 2000

_HASHTAG = re.compile(r"(?<![\w&/])#(\w{1,60})")
_LINE = re.compile(r"\r?\n")


def person(actor: str, origin: str, public_pem: str, published: datetime) -> dict[str, object]:
    """Sofia, with the fields that Mastodon gives a person."""
    document: dict[str, object] = {
        "id": actor,
        "type": "Person",
        "preferredUsername": NAME,
        "name": DISPLAY_NAME,
        "summary": f"<p>{ABOUT}</p>",
        "url": f"{origin}/@{NAME}",
        "inbox": f"{actor}/inbox",
        "outbox": f"{actor}/outbox",
        "followers": f"{actor}/followers",
        "following": f"{actor}/following",
        "endpoints": {"sharedInbox": f"{origin}/ap/inbox"},
        "published": timestamp(published),
        "manuallyApprovesFollowers": False,
        "discoverable": True,
        "publicKey": {"id": f"{actor}#main-key", "owner": actor, "publicKeyPem": public_pem},
    }
    return with_context(document, SECURITY)


def note(
    *, id: str, url: str, actor: str, text: str, answers: str, author: str, handle: str, page: str, published: datetime
) -> dict[str, object]:
    """An answer to a post of `author`, who is mentioned first, as Mastodon does."""
    origin = "/".join(actor.split("/", 3)[:3])
    tags: list[dict[str, str]] = [{"type": "Mention", "href": author, "name": f"@{handle}"}]
    tags += [{"type": "Hashtag", "href": f"{origin}/tags/{word}", "name": f"#{word}"} for word in hashtags(text)]
    document: dict[str, object] = {
        "id": id,
        "type": "Note",
        "attributedTo": actor,
        "inReplyTo": answers,
        "to": [PUBLIC],
        "cc": [f"{actor}/followers", author],
        "content": content(text, page, handle, origin),
        "url": url,
        "published": timestamp(published),
        "sensitive": False,
        "tag": tags,
        "attachment": [],
    }
    return with_context(document)


def hashtags(text: str) -> Sequence[str]:
    """The hashtags of a text in lower case, each once."""
    return list(dict.fromkeys(word.lower() for word in _HASHTAG.findall(text)))


def content(text: str, page: str, handle: str, origin: str) -> str:
    """What was typed as the HTML that Mastodon makes of it."""
    called = Markup('<span class="h-card"><a href="{}" class="u-url mention">@<span>{}</span></a></span> ').format(
        page, handle.partition("@")[0]
    )
    safe = _HASHTAG.sub(
        lambda found: (
            f'<a href="{origin}/tags/{found[1].lower()}" class="mention hashtag" rel="tag">#<span>{found[1]}</span></a>'
        ),
        str(escape(text.strip()[:MAX_TEXT])),
    )
    return f"<p>{called}{_LINE.sub('<br>', safe)}</p>"
