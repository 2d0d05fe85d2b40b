"""Addresses of posts' pages."""

from server.text import slugify


def page_path(short: str, title: str, kind: str) -> str:
    """The path of a post's page; the words are for people, the short id is what counts."""
    return f"/p/{slugify(title) if title else kind}-{short}"
