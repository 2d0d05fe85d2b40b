"""Documents and videos of others that a reader may have shown inside of a page of ours, when they ask for it (N9)."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

_ID = r"[A-Za-z0-9_-]{6,100}"
_GOOGLE = re.compile(rf"/(document|presentation|spreadsheets)/d/({_ID})(?:/.*)?")
_DRIVE = re.compile(rf"/file/d/({_ID})(?:/.*)?")
_YOUTUBE = re.compile(r"/(?:embed/|shorts/|live/)?([A-Za-z0-9_-]{11})")
_VIMEO = re.compile(r"/(?:video/)?(\d{5,12})")


@dataclass(frozen=True, slots=True)
class Embed:
    """What would be shown: `source` is the address in the frame, `origin` and `host` say whose it is."""

    source: str
    origin: str
    host: str


def embed_of(link: str) -> Embed | None:
    """How a link is shown inside of a page; None where we know no way that is made for it.

    The address is put together anew out of its id, so that nothing else of a link gets into a frame.
    """
    try:
        parts = urlsplit(link)
        host = (parts.hostname or "").removeprefix("www.")
        if parts.scheme != "https" or parts.username or parts.port not in {None, 443}:
            return None
    except ValueError:
        return None
    if host == "docs.google.com" and (found := _GOOGLE.fullmatch(parts.path)):
        return _made("docs.google.com", f"/{found[1]}/d/{found[2]}/preview")
    if host == "drive.google.com" and (found := _DRIVE.fullmatch(parts.path)):
        return _made("drive.google.com", f"/file/d/{found[1]}/preview")
    if host in {"youtube.com", "m.youtube.com", "youtu.be", "youtube-nocookie.com"}:
        wanted = f"/{parse_qs(parts.query).get('v', [''])[0]}" if parts.path == "/watch" else parts.path
        found = _YOUTUBE.fullmatch(wanted)
        return _made("www.youtube-nocookie.com", f"/embed/{found[1]}") if found else None
    if host in {"vimeo.com", "player.vimeo.com"} and (found := _VIMEO.fullmatch(parts.path)):
        return _made("player.vimeo.com", f"/video/{found[1]}?dnt=1")
    return None


def _made(host: str, path: str) -> Embed:
    return Embed(source=f"https://{host}{path}", origin=f"https://{host}", host=host.removeprefix("www."))
