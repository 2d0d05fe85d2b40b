"""Archives as pages to read in any browser, without a connection and without a script."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

STYLE = (
    "body{font:1.05rem/1.6 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}"
    ":root{color-scheme:light dark}"
    "article{border-top:1px solid;padding:1rem 0}.meta{opacity:.75;font-size:.9rem}img{max-width:100%}"
)
POLICY = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'"
"""What is in an archive may come from anywhere: nothing in it is run, and nothing is fetched."""


@dataclass(frozen=True, slots=True)
class Written:
    """A post as a page shows it. `html` was cleaned when it was written; `files` are names inside the archive."""

    title: str
    when: str
    audience: str
    html: str
    url: str = ""
    author: str = ""
    files: tuple[str, ...] = ()


def page(title: str, body: str, language: str = "en") -> str:
    """A whole page."""
    return (
        f'<!doctype html>\n<html lang="{escape(language)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>\n<h1>{escape(title)}</h1>\n{body}\n"
        "</body></html>\n"
    )


def links(heading: str, items: Sequence[tuple[str, str]]) -> str:
    """A heading with a list of links: address inside the archive, and words."""
    lines = "\n".join(f'<li><a href="{escape(href)}">{escape(words)}</a></li>' for href, words in items)
    return f"<h2>{escape(heading)}</h2>\n<ul>\n{lines}\n</ul>"


def articles(posts: Sequence[Written]) -> str:
    """Posts, one below the other."""
    return "\n".join(_article(post) for post in posts)


def _article(post: Written) -> str:
    about = " · ".join(escape(part) for part in (post.author, post.when, post.audience) if part)
    files = "".join(f'<li><a href="../{escape(name)}">{escape(name)}</a></li>' for name in post.files)
    heading = f"<h2>{escape(post.title)}</h2>" if post.title else ""
    where = f'<p class="meta"><a href="{escape(post.url)}">{escape(post.url)}</a></p>' if post.url else ""
    below = f"<ul>{files}</ul>{where}" if files else where
    return f'<article>{heading}<p class="meta">{about}</p>{post.html}{below}</article>'
