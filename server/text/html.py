"""HTML of strangers: one allowlist for everything (S20), links that say where they lead (S10), and plain words.

The parser behind both is html5ever. Its cost grows with the square of the depth for some inputs, so that what has too
many tags or ampersands is shown as words; the limits were chosen by measuring the worst ones. Python's `html.parser`
takes seconds for twenty thousand letters of unfinished tags, so that it is nowhere used.
"""

import re
from functools import lru_cache
from html import escape, unescape
from typing import Literal

import nh3

from server.text.links import honest_text
from server.text.words import clean_text

MAX_CHARACTERS = 200_000
MAX_TAGS = 8_000
MAX_AMPERSANDS = 20_000
MAX_DEPTH = 60
EXCERPT = 280

TAGS = frozenset(
    [
        "p",
        "br",
        "span",
        "a",
        "strong",
        "b",
        "em",
        "i",
        "u",
        "del",
        "s",
        "sub",
        "sup",
        "code",
        "pre",
        "blockquote",
        "ul",
        "ol",
        "li",
        "h2",
        "h3",
        "h4",
        "ruby",
        "rt",
        "rp",
    ]
)
WITH_IMAGES = TAGS | {"img"}

_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"lang"},
    "a": {"href", "hreflang"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start", "reversed"},
    "span": {"lang", "dir"},
    "p": {"lang", "dir"},
    "blockquote": {"lang", "dir"},
}
_CLASSES = {
    "a": {"mention", "hashtag", "u-url"},
    "span": {"h-card", "quote-inline"},
    "p": {"quote-inline"},
}
_SCHEMES = {"http", "https", "mailto"}
_WITHOUT_CONTENT = {
    "script",
    "style",
    "template",
    "iframe",
    "object",
    "noscript",
    "svg",
    "head",
    "title",
    "textarea",
    "select",
}
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_RENAMED = {"h1": "h2", "h5": "h4", "h6": "h4", "strike": "del", "div": "p", "hr": "br"}
_RENAME = re.compile(r"<(/?)(h1|h5|h6|strike)(?=[\s/>])", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
_BLANKS = re.compile(r"\s+")
_ENDS_A_LINE = re.compile(
    r"</?(?:p|div|li|h[1-6]|blockquote|pre|br|tr|td|th|dt|dd|ul|ol|table|section|article)(?=[\s/>])", re.IGNORECASE
)
_WITHOUT_WORDS = {"script", "style", "template"}
_LINK_REL = "nofollow noopener noreferrer ugc"


def sanitise(html: str, *, images: bool = False, base: str | None = None) -> str:
    """HTML that is safe to show. `images` keeps pictures; their addresses are replaced when a page is made.

    `base` is where HTML from elsewhere stood: its relative links lead there, and never to pages of ours (S10).

    Unknown elements leave their text. What is too large or too deep is shown as words.
    """
    html = clean_text(html[:MAX_CHARACTERS])
    if not _is_bearable(html):
        return f"<p>{escape(clean_text(_strip(html)), quote=False)}</p>"
    html = _RENAME.sub(lambda match: f"<{match[1]}{_RENAMED[match[2].lower()]}", _formulas(html))
    cleaned = nh3.clean(
        html,
        tags=set(WITH_IMAGES if images else TAGS),
        clean_content_tags=_WITHOUT_CONTENT,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes=_SCHEMES,
        link_rel=_LINK_REL,
        strip_comments=True,
        url_relative="pass_through" if base is None else _from_there(base),
    )
    # Again: invisible letters may have come as character references.
    cleaned = clean_text(cleaned).replace('<p class="">', "<p>")
    return _honest(cleaned) if "<a " in cleaned else cleaned


@lru_cache(maxsize=1024)
def _from_there(base: str) -> Literal["deny"] | tuple[Literal["rewrite_with_base"], str]:
    """What becomes of relative links of a text at `base`; they end where that is an address to us alone."""
    there: tuple[Literal["rewrite_with_base"], str] = ("rewrite_with_base", base)
    try:
        nh3.clean("", url_relative=there)
    except ValueError:
        return "deny"
    return there


def plain(html: str) -> str:
    """The words of some HTML, in one line, without letters that nobody can see."""
    words = unescape(html) if "<" not in html else _strip(html)
    return _BLANKS.sub(" ", clean_text(words)).strip()


def name_of(text: str) -> str:
    """A ``name`` from elsewhere, in one line, without letters that nobody can see.

    It is plain text, in which `<` is a letter (Activity Vocabulary, section 4). Character references are read: they
    come from blogs.
    """
    return _BLANKS.sub(" ", clean_text(unescape(text[:MAX_CHARACTERS]))).strip()


def lines_of(html: str) -> str:
    """The words of some HTML, with a new line where it begins one; for what people wrote in mails."""
    html = _BLANKS.sub(" ", html[:MAX_CHARACTERS])
    if not _is_bearable(html):
        return clean_text(_strip(html))
    apart = _ENDS_A_LINE.sub(r"\n\g<0>", html)
    words = unescape(nh3.clean(apart, tags=set(), clean_content_tags=_WITHOUT_CONTENT, strip_comments=True))
    lines = [line.strip() for line in clean_text(words).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def excerpt(html: str, limit: int = EXCERPT) -> str:
    """The first words of some HTML, at most `limit` characters, with an ellipsis where some are missing."""
    text = plain(html)
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit // 2 else cut).rstrip(" ,;:.–-") + "…"


def _is_bearable(html: str) -> bool:
    if html.count("&") > MAX_AMPERSANDS:
        return False
    if html.count("<") <= 100:
        return True
    depth = 0
    for tags, match in enumerate(_TAG.finditer(html)):
        if match[2].lower() not in _VOID:
            depth += -1 if match[1] else 1
        depth = max(depth, 0)
        # Paragraphs and list items need no end tag, so that depth is only a suspicion until there are very many.
        if tags > MAX_TAGS or depth > MAX_TAGS // 4:
            return False
    return True


def _strip(html: str) -> str:
    if not _is_bearable(html):
        # Not worth a parser: everything between angle brackets goes.
        return unescape(" ".join(part.partition(">")[2] for part in ("x>" + html).split("<")))
    apart = _ENDS_A_LINE.sub(r" \g<0>", html)
    return unescape(nh3.clean(apart, tags=set(), clean_content_tags=_WITHOUT_WORDS, strip_comments=True))


def _formulas(html: str) -> str:
    """MathML as its TeX source (FEP-dc88); markup of formulas is not kept."""
    if "<math" not in html:
        return html
    parts = html.split("<math")
    kept = [parts[0]]
    for part in parts[1:]:
        formula, ended, rest = part.partition("</math>")
        _, found, after = formula.partition('encoding="application/x-tex"')
        source = after.partition(">")[2].partition("</annotation")[0] if found else ""
        kept.append(f"<code>{source}</code>{rest}" if source and ended else f" {formula.partition('>')[2]}{rest}")
    return "".join(kept)


def _honest(html: str) -> str:
    """Rewrite the text of links that names another server than the one they lead to. `html` is nh3's own output."""
    kept: list[str] = []
    first, *links = html.split("<a ")
    kept.append(first)
    for link in links:
        attributes, _, rest = link.partition(">")
        inside, ended, after = rest.partition("</a>")
        href = unescape(attributes.partition('href="')[2].partition('"')[0])
        shown = unescape(re.sub(r"<[^>]*>", "", inside))
        better = honest_text(shown, href)
        text = inside if better is None else escape(better, quote=False)
        kept.append(f"<a {attributes}>{text}{ended}{after}")
    return "".join(kept)
