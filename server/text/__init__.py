"""Text: Markdown of our people, HTML of strangers, and the words made of both."""

from server.text.catalogue import LANGUAGES, LICENCES, Licence, language_code, licence_by_url
from server.text.html import excerpt, name_of, plain, sanitise
from server.text.markdown import Rendered, render_markdown
from server.text.words import clean_text, slugify

__all__ = [
    "LANGUAGES",
    "LICENCES",
    "Licence",
    "Rendered",
    "clean_text",
    "excerpt",
    "language_code",
    "licence_by_url",
    "name_of",
    "plain",
    "render_markdown",
    "sanitise",
    "slugify",
]
