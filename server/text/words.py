"""Plain words: slugs, and text without letters that nobody can see."""

import re
import unicodedata

SLUG_LIMIT = 60

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_NOT_IN_SLUG = re.compile(r"[^\w]+|_+")


def clean_text(text: str) -> str:
    """Text without control characters, zero-width letters, and marks that turn the direction of a line (S10).

    The joiners U+200C and U+200D stay: Persian, Indic scripts and emoji need them.
    """
    return _INVISIBLE.sub("", text)


def slugify(title: str) -> str:
    """The readable part of an address: lower-case words joined by dashes; ``post`` where nothing is left."""
    folded = unicodedata.normalize("NFKD", clean_text(title[:500]))
    bare = "".join(character for character in folded if not unicodedata.combining(character)).lower()
    words = [word for word in _NOT_IN_SLUG.split(unicodedata.normalize("NFC", bare)) if word]
    slug = ""
    for word in words:
        longer = f"{slug}-{word}" if slug else word
        if len(longer) > SLUG_LIMIT:
            break
        slug = longer
    return slug or (words[0][:SLUG_LIMIT] if words else "post")
