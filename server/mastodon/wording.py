"""The text of a post as apps show it: complete, in the few elements that all of them know, with absolute addresses."""

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape, unescape

from server.instance import Instance
from server.practices.mastodon import sanitise

KEPT_LETTERS = 10_000

_HREF = re.compile(r'href="(/[^"]*)"')
_IMAGE = re.compile(r'<img (?:[a-z]+="[^"]*" ?)*/?>')
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')
_CELL = re.compile(r"</t[hd]>\s*<t[hd][^>]*>")
_ROW = re.compile(r"</tr>\s*(?:</thead>\s*)?(?:<tbody>\s*)?<tr[^>]*>")
_TABLE = re.compile(r"<table[^>]*>(.*?)</table>", re.DOTALL)
_EDGES = re.compile(r"</?(?:table|thead|tbody|tr|th|td|caption)[^>]*>")
_BLOCK = re.compile(r"<(?:p|ul|ol|blockquote|pre)[\s>]")
_RULE = re.compile(r"<hr\s*/?>")


def body(here: Instance, html: str, links: Mapping[str, str]) -> str:
    """A stored text for apps; `links` are pages of people here with the addresses that apps know them by."""
    origin = here.settings.origin
    # What is long is made anew each time: many of such would fill the memory (R4).
    text = (_plain_elements if len(html) <= KEPT_LETTERS else _plain_elements.__wrapped__)(html, origin)
    return absolute(here, text, links) if 'href="/' in text else text


def in_paragraphs(text: str) -> str:
    """HTML that begins with a block, as apps expect it: what stands loose before the first one becomes a paragraph."""
    first = _BLOCK.search(text)
    if first is not None and first.start() == 0:
        return text
    loose, rest = (text, "") if first is None else (text[: first.start()], text[first.start() :])
    return f"<p>{loose}</p>{rest}" if loose.strip() else rest


@lru_cache(maxsize=2048)
def heading(title: str) -> str:
    """A title above a text: apps show none by themselves."""
    return f"<p><strong>{escape(title)}</strong></p>" if title else ""


def absolute(here: Instance, html: str, links: Mapping[str, str] | None = None) -> str:
    """HTML whose links to pages here have our origin in them."""
    if 'href="/' not in html:
        return html

    def address(match: re.Match[str]) -> str:
        path = unescape(match[1])
        return f'href="{escape((links or {}).get(path) or here.url(path))}"'

    return _HREF.sub(address, html)


@lru_cache(maxsize=2048)
def _plain_elements(html: str, origin: str) -> str:
    """No tables, pictures, headings or formulas: what is in them stays as lines, links, bold and words."""
    if "<" not in html:
        return html
    if "<img " in html:
        html = _IMAGE.sub(lambda match: _picture_link(match[0], origin), html)
    if "<table" in html:
        html = _TABLE.sub(_lines, html)
    if "<hr" in html:
        html = _RULE.sub("<p>* * *</p>", html)
    return sanitise(html)


def _picture_link(tag: str, origin: str) -> str:
    values = {name: unescape(value) for name, value in _ATTRIBUTE.findall(tag)}
    source, words = values.get("src", ""), values.get("alt", "")
    address = origin + source if source.startswith("/") else source
    if not address.startswith(("https://", "http://")):
        return escape(words)
    return f'<a href="{escape(address)}">{escape(words) or escape(address)}</a>'


def _lines(match: re.Match[str]) -> str:
    """A table as one line per row, its cells apart by a bar."""
    rows = _ROW.split(match[1])
    cells = [_EDGES.sub("", _CELL.sub(" | ", row)).strip() for row in rows]
    return f"<p>{'<br>'.join(cell for cell in cells if cell)}</p>"
