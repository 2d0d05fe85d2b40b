"""Small drawings made on the server: our icons, and a picture for people who have none."""

import hashlib
from functools import lru_cache

from markupsafe import Markup

# Twenty-four by twenty-four, stroked in the colour of the text around them; drawn by us.
ICONS = {
    "week": '<path d="M4 6.5h16v13H4zM4 10.5h16M8.5 4v4M15.5 4v4M8 14.5h3"/>',
    "home": '<path d="M4 11l8-6.5 8 6.5M6 9.5v10h12v-10M10 19.5v-5.5h4v5.5"/>',
    "practices": '<path d="M12 6.5c-2-1.6-4.6-2-8-2v13.5c3.4 0 6 .4 8 2 2-1.6 4.6-2 8-2V4.5c-3.4 0-6 .4-8 2zm0 0V20"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "communities": '<circle cx="8.5" cy="12" r="5"/><circle cx="15.5" cy="12" r="5"/>',
    "me": '<circle cx="12" cy="8.5" r="3.75"/><path d="M4.5 20c.8-4 3.7-6 7.5-6s6.7 2 7.5 6"/>',
    "people": (
        '<circle cx="9" cy="8.5" r="3.25"/><path d="M2.75 19c.5-3.5 2.9-5.25 6.25-5.25s5.75 1.75 6.25 5.25M15.5 '
        '5.5a3.25 3.25 0 010 6M17.5 14.2c2.1.7 3.4 2.3 3.75 4.8"/>'
    ),
    "search": '<circle cx="10.75" cy="10.75" r="6.25"/><path d="M15.5 15.5L20 20"/>',
    "bell": '<path d="M6 16.5V11a6 6 0 0112 0v5.5l1.5 1.5h-15zM10 20.5h4"/>',
    "lock": (
        '<rect x="5.5" y="10.5" width="13" height="9.5" rx="1.5"/><path d="M8.5 10.5V8a3.5 3.5 0 017 0v2.5M12 '
        '14.25v2"/>'
    ),
    "globe": '<circle cx="12" cy="12" r="8"/><path d="M4 12h16M12 4c-5 5-5 11 0 16 5-5 5-11 0-16z"/>',
    "server": (
        '<rect x="4" y="5" width="16" height="6" rx="1.25"/><rect x="4" y="13" width="16" height="6" rx="1.25"/>'
        '<path d="M7.5 8h.01M7.5 16h.01M12 8h4.5M12 16h4.5"/>'
    ),
    "reply": '<path d="M9.5 6L4 11.5l5.5 5.5M4 11.5h9.5c3.6 0 6 2.2 6.5 6.5"/>',
    "useful": (
        '<path d="M12 19.5C6.5 15.7 4 12.9 4 9.7A4.2 4.2 0 018.2 5.5c1.6 0 2.9.8 3.8 2.3.9-1.5 2.2-2.3 3.8-2.3'
        'A4.2 4.2 0 0120 9.7c0 3.2-2.5 6-8 9.8z"/>'
    ),
    "share": '<path d="M4 11V9.5a3 3 0 013-3h12M15.5 3L19 6.5 15.5 10M20 13v1.5a3 3 0 01-3 3H5M8.5 21L5 17.5 8.5 14"/>',
    "edit": '<path d="M4.5 19.5l1-4.5L16 4.5l3.5 3.5L9 18.5zM13.5 7l3.5 3.5"/>',
    "trash": '<path d="M4.5 7h15M9 7V4.5h6V7M6.5 7l1 13h9l1-13M10.25 10.5l.25 6M13.75 10.5l-.25 6"/>',
    "check": '<path d="M5 12.5l4.5 4.5L19 7"/>',
    "warning": '<path d="M12 4.5l8.5 15h-17zM12 10v4.5M12 17h.01"/>',
    "info": '<circle cx="12" cy="12" r="8"/><path d="M12 11.25V16M12 8h.01"/>',
    "close": '<path d="M6 6l12 12M18 6L6 18"/>',
    "up": '<path d="M6 14.5l6-6 6 6"/>',
    "down": '<path d="M6 9.5l6 6 6-6"/>',
    "left": '<path d="M14.5 6l-6 6 6 6"/>',
    "right": '<path d="M9.5 6l6 6-6 6"/>',
    "more": (
        '<g fill="currentColor" stroke="none"><circle cx="6" cy="12" r="1.4"/><circle cx="12" cy="12" r="1.4"/><'
        'circle cx="18" cy="12" r="1.4"/></g>'
    ),
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "file": '<path d="M6 3.5h8l4.5 4.5v12.5H6zM14 3.5V8h4.5M9 12.5h6M9 16h6"/>',
    "image": (
        '<rect x="4" y="5" width="16" height="14" rx="1.5"/><circle cx="9" cy="10" r="1.5"/><path d="M4.5 '
        '17.5l5-4.5 3 2.5 3.5-3.5 4 4"/>'
    ),
    "link": (
        '<path d="M10.5 13.5a3.5 3.5 0 005 0l3-3a3.5 3.5 0 00-5-5l-1 1M13.5 10.5a3.5 3.5 0 00-5 0l-3 3a3.5 3.5 0 '
        '005 5l1-1"/>'
    ),
    "settings": '<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>',
    "mail": '<rect x="3.5" y="5.5" width="17" height="13" rx="1.5"/><path d="M4 7l8 6 8-6"/>',
    "sun": (
        '<circle cx="12" cy="12" r="3.75"/><path d="M12 3.5v2M12 18.5v2M3.5 12h2M18.5 12h2M6 6l1.4 1.4M16.6 16.6'
        'L18 18M6 18l1.4-1.4M16.6 7.4L18 6"/>'
    ),
    "moon": '<path d="M19.5 14A8 8 0 0110 4.5a8 8 0 109.5 9.5z"/>',
    "flag": '<path d="M6 21V4.5M6 5h12l-2.5 4 2.5 4H6"/>',
    "filter": '<path d="M4 6h16M7 12h10M10 18h4"/>',
    "print": '<path d="M7.5 8V4h9v4M7.5 16.5H4.5V8h15v8.5h-3M7.5 13.5h9V20h-9z"/>',
    "help": (
        '<circle cx="12" cy="12" r="8"/><path d="M9.7 9.7c.2-1.3 1.1-2 2.4-2 1.4 0 2.3.8 2.3 2 0 1.7-2.3 1.9-2.3 '
        '3.6M12 16.25h.01"/>'
    ),
    "admin": '<path d="M12 3.5l7 2.5v5.5c0 4.3-2.8 7.3-7 9-4.2-1.7-7-4.7-7-9V6zM9 12l2.25 2.25L15.25 10"/>',
    "leave": '<path d="M10 4.5H5v15h5M14.5 8l4 4-4 4M18.5 12H9.5"/>',
    "clock": '<circle cx="12" cy="12" r="8"/><path d="M12 7.5V12l3 2"/>',
    "save": '<path d="M6.5 4h11v16L12 16l-5.5 4z"/>',
    "download": '<path d="M12 4v11M7.5 10.5L12 15l4.5-4.5M5 19.5h14"/>',
    "upload": '<path d="M12 15V4M7.5 8.5L12 4l4.5 4.5M5 19.5h14"/>',
}

_PATTERNS = (
    '<path d="M-4 44L44 -4M-4 28L28 -4M12 44L44 12"/>',
    '<path d="M0 12h40M0 20h40M0 28h40"/>',
    '<circle cx="40" cy="40" r="12"/><circle cx="40" cy="40" r="22"/><circle cx="40" cy="40" r="32"/>',
    '<path d="M10 0v40M20 0v40M30 0v40"/>',
    '<circle cx="0" cy="0" r="14"/><circle cx="0" cy="0" r="26"/><circle cx="0" cy="0" r="38"/>',
    '<path d="M-4 -4L44 44M-4 12L28 44M12 -4L44 28"/>',
)


@lru_cache(maxsize=512)
def icon(name: str, label: str | None = None) -> Markup:
    """One icon. Without a label it is decoration, hidden from screen readers: the words beside it carry the meaning."""
    spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    drawing = Markup(ICONS[name])  # noqa: S704  # our own constant
    return Markup('<svg class="icon" viewBox="0 0 24 24" width="20" height="20" {}>{}</svg>').format(spoken, drawing)


@lru_cache(maxsize=4096)
def initials_picture(name: str, handle: str) -> Markup:
    """A quiet picture for someone without one: initials on a pattern, the same for the same handle everywhere."""
    tone, pattern = hashlib.sha256(handle.encode()).digest()[:2]
    lines = Markup(_PATTERNS[pattern % len(_PATTERNS)])  # noqa: S704  # our own constant
    return Markup(
        '<svg viewBox="0 0 40 40" aria-hidden="true" class="tone-{}"><rect width="40" height="40"/><g>{}</g>'
        '<text x="20" y="20" dy=".36em" text-anchor="middle">{}</text></svg>'
    ).format(tone % 5, lines, initials(name or handle))


def initials(name: str) -> str:
    """One or two letters that stand for a name."""
    words = [word for word in name.lstrip("@").replace(".", " ").split() if word[:1].isalnum()]
    if not words:
        return "?"
    chosen = words[:1] if len(words) == 1 else [words[0], words[-1]]
    return "".join(word[0] for word in chosen).upper()
