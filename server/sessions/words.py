"""When and where an event is, in plain words for those who cannot read the fields; and as an iCalendar file."""

from datetime import UTC, datetime
from html import escape
from zoneinfo import ZoneInfo

from server.text import clean_text

ONLINE = "online"


def when_words(starts_at: datetime, ends_at: datetime | None, timezone: str) -> str:
    """Such as ``Tue 10 Nov 2026, 17:00–18:00 (Europe/Berlin)``: the time at the place, with its zone."""
    zone = ZoneInfo(timezone) if timezone else UTC
    first = starts_at.astimezone(zone)
    words = f"{first:%a} {first.day} {first:%b %Y, %H:%M}"
    if ends_at is not None:
        last = ends_at.astimezone(zone)
        words += f"–{last:%H:%M}" if last.date() == first.date() else f" – {last:%a} {last.day} {last:%b %Y, %H:%M}"
    return f"{words} ({timezone or 'UTC'})"


def where_words(place: str, online_url: str) -> str:
    """The place, ``online``, or both."""
    if place and online_url:
        return f"{clean_text(place)}, and {ONLINE}"
    return clean_text(place) or (ONLINE if online_url else "")


def summary_words(when: str, where: str, status: str) -> str:
    """One line that says it all: what Mastodon shows besides the title."""
    line = f"{when}, {where}" if where else when
    return {"cancelled": f"Cancelled: {line}", "postponed": f"Postponed: {line}"}.get(status, line)


def when_and_where(when: str, where: str, how: str = "") -> str:
    """The same as HTML under the text; receivers of ours who read the fields take it off again."""
    parts = [("When", when), ("Where", where), ("Taking part", how)]
    return "<p>" + "<br>".join(
        f"<strong>{name}:</strong> {escape(words, quote=False)}" for name, words in parts if words
    ) + "</p>"  # fmt: skip


def calendar(
    *,
    uid: str,
    url: str,
    title: str,
    text: str,
    where: str,
    starts_at: datetime,
    ends_at: datetime | None,
    status: str,
    stamp: datetime,
) -> str:
    """An iCalendar file (RFC 5545) with this one event."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Peerhall//EN",
        "BEGIN:VEVENT",
        f"UID:{_escaped(uid)}",
        f"DTSTAMP:{_moment(stamp)}",
        f"DTSTART:{_moment(starts_at)}",
        *([f"DTEND:{_moment(ends_at)}"] if ends_at is not None else []),
        f"SUMMARY:{_escaped(title)}",
        *([f"DESCRIPTION:{_escaped(text)}"] if text else []),
        *([f"LOCATION:{_escaped(where)}"] if where else []),
        f"URL:{_escaped(url)}",
        f"STATUS:{ {'cancelled': 'CANCELLED', 'confirmed': 'CONFIRMED'}.get(status, 'TENTATIVE') }",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "\r\n".join(part for line in lines for part in _folded(line)) + "\r\n"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    text = clean_text(text).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return text.replace("\r", "").replace("\n", "\\n")


def _folded(line: str) -> list[str]:
    """Lines of at most 75 bytes; those that go on begin with a space."""
    found, rest = [], line
    while len(rest.encode()) > 75:
        length = 75
        while len(rest[:length].encode()) > 74:
            length -= 1
        found.append(rest[:length])
        rest = f" {rest[length:]}"
    return [*found, rest]
