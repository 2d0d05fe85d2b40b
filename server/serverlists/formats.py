"""Lists of servers as files: the CSV that Mastodon exports and imports, read and written; a plain list is read, too."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from federation.vocab.serverlists import MAX_REASON, MAX_SERVERS, Entry, is_host
from server.errors import Invalid
from server.peers.policy import BLOCKED, HELD, LIMITED, NO_MEDIA, TRUSTED
from server.text import clean_text

MAX_BYTES = 1024 * 1024
BLOCKS, ALLOWS = MEANINGS = ("blocks", "allows")
"""What a file without grades is a list of."""
SEVERITIES = {"suspend": BLOCKED, "silence": LIMITED}
_HEADINGS = ("#domain", "#severity", "#reject_media", "#reject_reports", "#public_comment", "#obfuscate", "#grade")
_WRITTEN = {
    BLOCKED: ("suspend", False),
    LIMITED: ("silence", False),
    HELD: ("silence", False),
    NO_MEDIA: ("noop", True),
}
"""Severity and whether media are refused; `#grade` says it exactly, to those who read that."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a file says: entries, each server once, and the lines of which nothing could be made."""

    entries: tuple[Entry, ...]
    left_out: tuple[str, ...]


def read(text: str, meaning: str) -> Read:
    """The entries of a file. Raises Invalid that names `file` for what is none, or is too large."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise Invalid("The file is too large: use at most 1 MB.", field="file")
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        raise Invalid("The file is empty.", field="file")
    names = [cell.strip().lstrip("#").lower() for cell in rows[0]]
    has_heading = "domain" in names
    columns = {name: place for place, name in enumerate(names)} if has_heading else {"domain": 0}
    found: dict[str, Entry] = {}
    left_out: list[str] = []
    for row in rows[1:] if has_heading else rows:
        cells = {name: row[place].strip() for name, place in columns.items() if place < len(row)}
        host = cells.get("domain", "").lower().rstrip(".")
        if not has_heading and host.startswith("#"):
            continue
        grade = _grade(cells, meaning)
        if not is_host(host) or not grade:
            left_out.append(clean_text(host)[:100])
            continue
        found.setdefault(host, Entry(host, grade, reason_of(cells.get("public_comment", ""))))
    if len(found) > MAX_SERVERS:
        raise Invalid(f"The file names too many servers: use at most {MAX_SERVERS}.", field="file")
    if not found:
        raise Invalid(
            "The file names no server. One domain a line is enough, or a file that Mastodon wrote.", field="file"
        )
    return Read(tuple(found.values()), tuple(left_out))


def reason_of(text: str) -> str:
    """A reason of others, fit to keep and to write into a table: nothing that is a formula there."""
    return clean_text(text).replace("\n", " ").lstrip("=+-@\t ").strip()[:MAX_REASON]


def written(entries: Iterable[Entry]) -> str:
    """Restrictions as Mastodon's `domain_blocks.csv`."""
    return _table(
        _HEADINGS,
        (
            [
                entry.host,
                _WRITTEN[entry.grade][0],
                str(_WRITTEN[entry.grade][1]).lower(),
                "false",
                reason_of(entry.reason),
                "false",
                entry.grade,
            ]
            for entry in entries
            if entry.grade in _WRITTEN
        ),
    )


def written_allows(entries: Iterable[Entry]) -> str:
    """Trusted servers as Mastodon's `domain_allows.csv`."""
    return _table(("#domain",), ([entry.host] for entry in entries if entry.grade == TRUSTED))


def _grade(cells: dict[str, str], meaning: str) -> str:
    """The grade of a line; nothing for one that says nothing we could do."""
    exact = cells.get("grade", "").lower()
    if exact in {*_WRITTEN, TRUSTED}:
        return exact
    if "severity" not in cells:
        return TRUSTED if meaning == ALLOWS else BLOCKED
    severity = cells["severity"].lower()
    if severity == "noop":
        return NO_MEDIA if cells.get("reject_media", "").lower() in {"true", "1"} else ""
    return SEVERITIES.get(severity, "")


def _table(headings: Iterable[str], rows: Iterable[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows(rows)
    return text.getvalue()
