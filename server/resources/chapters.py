"""Chapters of a recording: lines of a time and a title, and addresses that begin there. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from server.errors import Invalid
from server.practices.writing import link, plain_line

MOST = 60
TITLE_CHARACTERS = 150

_LINE = re.compile(r"(?:([0-9]{1,2}):)?([0-9]{1,3}):([0-5][0-9])[ \t]+(\S.*)")
_TUBE = re.compile(r"/(?:w|videos/watch|video-channels)/")


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter: when it begins, as seconds and as somebody wrote it, and what it is about."""

    seconds: int
    time: str
    title: str


def chapters(text: str) -> list[Chapter]:
    """The chapters in a text; lines that are none are left out, as those of other servers may be."""
    found = (_chapter(line) for line in text.splitlines()[: MOST * 2])
    return [chapter for chapter in found if chapter is not None][:MOST]


def chapter_errors(text: str) -> list[Invalid]:
    """What is wrong with the chapters that somebody wrote."""
    lines = [line for line in text.splitlines() if line.strip()]
    found = [_chapter(line) for line in lines]
    times = [chapter.seconds for chapter in found if chapter is not None]
    if len(times) < len(lines):
        number = found.index(None) + 1
        return [Invalid(f"Begin line {number} with a time and a title, such as “12:30 Questions”.", field="chapters")]
    if len(lines) > MOST:
        return [Invalid(f"Use at most {MOST} chapters.", field="chapters")]
    if times != sorted(set(times)):
        return [Invalid("Write the chapters in their order, each with a time of its own.", field="chapters")]
    return []


def begins_at(url: str, seconds: int) -> str:
    """The address of a recording from this second on: as YouTube and PeerTube write it, else as a media fragment."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    bare = parts._replace(fragment="").geturl()
    joined = f"{bare}{'&' if parts.query else '?'}"
    if host in {"youtube.com", "youtu.be", "youtube-nocookie.com"}:
        return f"{joined}t={seconds}"
    if _TUBE.match(parts.path) and not parts.path.endswith((".mp4", ".mp3", ".webm")):
        return f"{joined}start={seconds}"
    return f"{bare}#t={seconds}"


def listed(text: str, url: str) -> str:
    """The chapters as a list in Markdown; each leads there where there is a link."""
    lines = []
    for one in chapters(text):
        words = f"{one.time} {one.title}"
        lines.append(f"- {link(begins_at(url, one.seconds), words) if url else plain_line(words)}")
    return "\n".join(lines)


def _chapter(line: str) -> Chapter | None:
    found = _LINE.fullmatch(line.strip())
    if found is None or len(found[4]) > TITLE_CHARACTERS or (found[1] and int(found[2]) > 59):
        return None
    seconds = int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3])
    return Chapter(seconds, line.strip().split()[0], found[4].strip())
