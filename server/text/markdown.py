"""Markdown of our own people: CommonMark without raw HTML, with mentions and hashtags."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from server.text.html import sanitise
from server.text.words import clean_text

MAX_MENTIONS = 50
MAX_HASHTAGS = 30
MAX_MARKDOWN = 100_000
"""Longer texts, which only come from elsewhere, are shown as they were written."""
MAX_BARE_LINKS = 500
"""Where there are more, addresses without markup stay words: looking for them takes the square of their number."""

_MENTION = re.compile(
    r"@([A-Za-z0-9_]+(?:[.-]+[A-Za-z0-9_]+)*)(?:@([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*(?::[0-9]{1,5})?))?"
)
_HASHTAG = re.compile(r"#(\w*[^\W\d_]\w*)")
_HEADINGS = {"h1": "h2", "h2": "h3"}


@dataclass(frozen=True, slots=True)
class Rendered:
    """Safe HTML, and whom and what it names. Mentions are handles without the first ``@``, lower-case."""

    html: str
    mentions: tuple[str, ...]
    hashtags: tuple[str, ...]


def render_markdown(source: str, *, base_url: str, mention_urls: Mapping[str, str] | None = None) -> Rendered:
    """HTML of some Markdown; `base_url` is our origin.

    Handles in `mention_urls` (lower-case, without the first ``@``) become links to the address given; others stay
    words. The cost grows with the length of the source, for every source (S20).
    Pictures are shown from our own ``/media/`` only; a picture from elsewhere becomes a link to it.
    """
    source = clean_text(source)
    env = _Env(base_url.rstrip("/"), mention_urls or {})
    if len(source) > MAX_MARKDOWN:
        html = f"<p>{escape(source, quote=False)}</p>".replace("\n", "<br>")
    else:
        try:
            html = _parser(links=source.count("://") <= MAX_BARE_LINKS).render(source, env.fresh())
        except RuntimeError:
            # markdown-it-py 4.3 stumbles over its own rule for bare addresses: "[http://a://".
            html = _parser(links=False).render(source, env.fresh())
    return Rendered(
        html=sanitise(html, images=True).strip(),
        mentions=tuple(env.mentions)[:MAX_MENTIONS],
        hashtags=tuple(env.hashtags)[:MAX_HASHTAGS],
    )


@dataclass(slots=True)
class _Env:
    """What our rules of the parser read, and what they find: handles and hashtags, in order."""

    base_url: str
    mention_urls: Mapping[str, str]
    mentions: dict[str, None] = field(default_factory=dict)
    hashtags: dict[str, None] = field(default_factory=dict)

    def fresh(self) -> dict[str, object]:
        """The same as the parser takes it, with nothing found yet."""
        self.mentions.clear()
        self.hashtags.clear()
        return {
            "base_url": self.base_url,
            "mention_urls": self.mention_urls,
            "mentions": self.mentions,
            "hashtags": self.hashtags,
        }


def mention_html(url: str, name: str) -> str:
    """A visible mention, in the form that every microblog knows."""
    return f'<span class="h-card"><a href="{escape(url)}" class="u-url mention">@<span>{escape(name)}</span></a></span>'


def hashtag_url(base_url: str, tag: str) -> str:
    """The page of a hashtag."""
    return f"{base_url}/tags/{quote(tag)}"


@lru_cache(maxsize=2)
def _parser(*, links: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": links, "maxNesting": 20})
    parser.enable(["linkify", "strikethrough"])
    parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})  # type: ignore[union-attr]
    parser.inline.ruler.push("mention", _mention_rule)
    parser.inline.ruler.push("hashtag", _hashtag_rule)
    parser.core.ruler.push("house_style", _house_style)
    parser.add_render_rule("mention", _render_mention)
    parser.add_render_rule("hashtag", _render_hashtag)
    parser.add_render_rule("image", _render_image)
    return parser


def _mention_rule(state: StateInline, silent: bool) -> bool:
    return _named(state, silent, "mention", _MENTION, lambda match: match[0][1:].lower())


def _hashtag_rule(state: StateInline, silent: bool) -> bool:
    return _named(state, silent, "hashtag", _HASHTAG, lambda match: match[1])


def _named(
    state: StateInline, silent: bool, kind: str, pattern: re.Pattern[str], key: Callable[[re.Match[str]], str]
) -> bool:
    match = pattern.match(state.src, state.pos, state.posMax)
    before = state.src[state.pos - 1] if state.pos > 0 else " "
    if match is None or before.isalnum() or before in "_/@#&" or state.linkLevel > 0:
        return False
    if not silent:
        token = state.push(kind, "", 0)
        token.content, token.meta = match[0], {"key": key(match)}
        state.env[f"{kind}s"].setdefault(token.meta["key"])
    state.pos = match.end()
    return True


def _house_style(state: StateCore) -> None:
    """Titles of posts are the first heading of a page, so that headings inside begin at the second."""
    base = str(state.env["base_url"])
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = _HEADINGS.get(token.tag, "h4")
        for child in token.children or ():
            if child.tag == "s":
                child.tag = "del"
            elif child.type == "link_open":
                href = str(child.attrGet("href") or "")
                if href.startswith("/") and not href.startswith("//"):
                    child.attrSet("href", base + href)


def _render_mention(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    token = tokens[index]
    url = env["mention_urls"].get(token.meta["key"])
    return escape(token.content) if url is None else mention_html(url, token.content[1:].partition("@")[0])


def _render_hashtag(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    tag = tokens[index].meta["key"]
    return (
        f'<a href="{escape(hashtag_url(env["base_url"], tag))}" class="mention hashtag">#<span>{escape(tag)}</span></a>'
    )


def _render_image(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    token = tokens[index]
    source = str(token.attrGet("src") or "")
    description = self.renderInlineAsText(token.children or [], options, env)
    base = env["base_url"]
    if source.startswith("/media/"):
        source = base + source
    if source.startswith(f"{base}/media/"):
        return f'<img src="{escape(source)}" alt="{escape(description)}">'
    return f'<a href="{escape(source)}">{escape(description or source)}</a>'
