"""The words of a post as one reader sees them: in their language if it is there, with custom emoji and pictures."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from server.db import Row
from server.instance import Instance
from server.posts import bylines
from server.posts.anchors import KEPT, Anchor, anchor_of
from server.posts.bylines import COAUTHOR, Named
from server.posts.formats import KEYS, Formed, formed
from server.posts.pictures import show_pictures
from server.text.emoji import with_emoji


@dataclass(frozen=True, slots=True)
class Translation:
    """The same post in another language."""

    language: str
    title: str
    content_html: str


@dataclass(frozen=True, slots=True)
class Words:
    """What stands on a page. The `…_html` of title and warning are empty where they have no custom emoji."""

    title: str
    title_html: str
    content_html: str
    warning_html: str
    language: str
    others: tuple[Translation, ...]
    particulars: tuple[tuple[str, str], ...]
    anchor: Anchor | None
    formed: Formed
    coauthors: tuple[Named, ...] = ()


def words(here: Instance, row: Row, *, language: str, shown: bool) -> Words:
    """The words of a row with COLUMNS, in this language if it has them in it. `shown`: pictures from its server are."""
    emoji = json.loads(row["emoji"]) if row["emoji"] and shown else {}
    main = Translation(row["language"], row["title"], row["content_html"])
    further = [
        Translation(item["language"], item["title"] or main.title, item["content_html"])
        for item in (json.loads(row["translations"]) if row["translations"] else ())
    ]
    said = _chosen([main, *further], language)
    others = [item for item in (main, *further) if item is not said]
    facts = json.loads(row["particulars"] or "[]")

    def html(text: str) -> str:
        return with_emoji(show_pictures(here, text, shown=shown), emoji, here.media_url)

    def dressed(text: str) -> str:
        return with_emoji(escape(text), emoji, here.media_url) if emoji and ":" in text else ""

    return Words(
        title=said.title,
        title_html=dressed(said.title),
        content_html=html(said.content_html),
        warning_html=dressed(row["content_warning"]),
        language=said.language,
        others=tuple(Translation(item.language, item.title, html(item.content_html)) for item in others),
        particulars=tuple((item[0], item[1]) for item in facts if item[0] not in {*KEPT, COAUTHOR, *KEYS}),
        anchor=anchor_of(facts),
        coauthors=bylines.of(facts),
        formed=formed(facts),
    )


def _chosen(versions: Sequence[Translation], language: str) -> Translation:
    """The version in exactly this language, else in one of its variants, else the main one."""
    primary = language.partition("-")[0]
    exact = next((version for version in versions if version.language == language), None)
    close = next((version for version in versions if version.language.partition("-")[0] == primary), None)
    return exact or close or versions[0]
