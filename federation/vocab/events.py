"""Events: when, where and how to take part, as Mobilizon, Gancio, PieFed, WordPress, Friendica and FEP-8a8e say it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from federation.vocab.base import id_of, is_web_uri, items_of, non_negative, text_of, timestamp_of, types_of

MAX_PLACES = 10
MAX_LINKS = 5
MAX_CATEGORIES = 5
FREE, RESTRICTED, EXTERNAL, INVITE = JOIN_MODES = ("free", "restricted", "external", "invite")
CONFIRMED, TENTATIVE, CANCELLED, POSTPONED = STATUSES = ("confirmed", "tentative", "cancelled", "postponed")

_WIRE_STATUS = {CONFIRMED: "CONFIRMED", TENTATIVE: "TENTATIVE", CANCELLED: "CANCELLED", POSTPONED: "TENTATIVE"}
_WIRE_EVENT_STATUS = {
    CONFIRMED: "EventScheduled",
    TENTATIVE: "EventScheduled",
    CANCELLED: "EventCancelled",
    POSTPONED: "EventPostponed",
}


@dataclass(frozen=True, slots=True)
class EventLink:
    """Somewhere to go online."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class RemoteEvent:
    """The facts of an event. Empty texts and None say that nobody told us."""

    starts_at: datetime | None
    ends_at: datetime | None
    timezone: str
    place: str
    place_url: str
    online: tuple[EventLink, ...]
    join_mode: str
    join_url: str
    capacity: int | None
    participants: int | None
    status: str
    categories: tuple[str, ...]
    tickets_url: str
    fee: str


def event_of(document: Mapping[str, object]) -> RemoteEvent:
    """The facts of anybody's Event; what cannot be read is left out."""
    zone = text_of(document.get("timezone")).strip()[:60]
    zone = zone if _zone(zone) is not None else ""
    places, links = _where(document)
    first = places[0] if places else None
    return RemoteEvent(
        starts_at=_moment(document.get("startTime"), zone),
        ends_at=_moment(document.get("endTime"), zone),
        timezone=zone,
        place="; ".join(dict.fromkeys(words for words, _ in places if words))[:500],
        place_url=first[1] if first else "",
        online=links,
        join_mode=_join_mode(document),
        join_url=_join_url(document),
        # Mobilizon's 0 says that there is no limit.
        capacity=_count(document.get("maximumAttendeeCapacity")) or None,
        participants=_participants(document),
        status=_status(document),
        categories=_categories(document.get("category")),
        tickets_url=_web(document.get("buyTicketsLink")),
        fee=_fee(document),
    )


def event_keys(
    *,
    id: str,
    starts_at: datetime,
    ends_at: datetime | None,
    timezone: str,
    place: str,
    online_url: str,
    join_mode: str,
    join_url: str,
    capacity: int | None,
    participants: int,
    status: str,
    category: str,
    language: str,
    uuid: str,
    organizers: Sequence[str],
) -> dict[str, object]:
    """The keys of an Event of ours: all that Mobilizon, Gancio and PieFed look at, also those without a value.

    PieFed reads these keys without a default, so each of them has to be there. `location` is one Place: Mobilizon
    takes no list.
    """
    return {
        "startTime": _local(starts_at, timezone),
        "endTime": _local(ends_at, timezone) if ends_at else None,
        "timezone": timezone,
        "eventStatus": _WIRE_EVENT_STATUS[status],
        "status": _WIRE_STATUS[status],
        "joinMode": join_mode,
        "externalParticipationUrl": join_url or None,
        "maximumAttendeeCapacity": capacity,
        "participantCount": participants,
        "isOnline": bool(online_url),
        "onlineLink": online_url or None,
        "anonymousParticipation": False,
        "anonymousParticipationEnabled": False,
        "buyTicketsLink": None,
        "feeCurrency": None,
        "feeAmount": None,
        "category": category,
        "inLanguage": language,
        "uuid": uuid,
        "organizers": {
            "id": f"{id}/organizers",
            "type": "Collection",
            "totalItems": len(organizers),
            "items": list(organizers),
        },
        "attendees": {"id": f"{id}/attendees", "type": "Collection", "totalItems": participants},
        "location": _place(id, place, online_url),
    }


def website(url: str) -> dict[str, object]:
    """The attachment that Mobilizon takes as an event's address online."""
    return {"type": "Link", "mediaType": "text/html", "href": url, "name": "Website"}


def _place(id: str, place: str, online_url: str) -> dict[str, object]:
    found: dict[str, object] = {"type": "Place", "id": f"{id}#place", "name": place or "Online"}
    if online_url and not place:
        found["url"] = online_url
    return found


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _local(moment: datetime, timezone: str) -> str:
    """A moment with the offset of its place (RFC 3339)."""
    return moment.astimezone(_zone(timezone) or UTC).isoformat(timespec="seconds")


def _moment(value: object, zone: str) -> datetime | None:
    """A moment; one without an offset is meant in the zone of the event."""
    moment = timestamp_of(value)
    place = _zone(zone)
    if moment is None or place is None or not isinstance(value, str):
        return moment
    clock = value.strip()[10:]
    if any(mark in clock for mark in "Zz+-"):
        return moment
    return moment.replace(tzinfo=place).astimezone(UTC)


def _where(document: Mapping[str, object]) -> tuple[list[tuple[str, str]], tuple[EventLink, ...]]:
    places: list[tuple[str, str]] = []
    links: dict[str, EventLink] = {}

    def link(url: str, name: str) -> None:
        if url and len(links) < MAX_LINKS:
            links.setdefault(url, EventLink(name=name[:200], url=url))

    for item in items_of(document.get("location"), limit=MAX_PLACES):
        if isinstance(item, str):
            if is_web_uri(item):
                link(_web(item), "")
            elif item.strip():
                places.append((item.strip()[:500], ""))
        elif isinstance(item, dict):
            name, url = text_of(item.get("name")).strip(), _web(item.get("url"))
            if "VirtualLocation" in types_of(item):
                link(url, name)
            elif (name.casefold() == "online" and not _address(item)) and url:
                link(url, "")
            elif words := ", ".join(dict.fromkeys(part for part in (name, *_address(item)) if part)):
                places.append((words[:500], url))
    link(_web(document.get("onlineLink")), "")
    for item in items_of(document.get("attachment"), limit=50):
        if isinstance(item, dict) and "Link" in types_of(item) and text_of(item.get("name")) == "Website":
            link(_web(item.get("href")), "")
    return places, tuple(links.values())


def _address(place: Mapping[str, object]) -> list[str]:
    address = place.get("address")
    if not isinstance(address, dict):
        return [text_of(address).strip()] if address else []
    keys = ("name", "streetAddress", "postalCode", "addressLocality", "addressRegion", "addressCountry")
    return [words for key in keys if (words := text_of(address.get(key)).strip())]


def _join_mode(document: Mapping[str, object]) -> str:
    mode = text_of(document.get("joinMode")).strip().lower().rpartition(":")[2]
    if mode in JOIN_MODES:
        return mode
    return EXTERNAL if _join_url(document) else ""


def _join_url(document: Mapping[str, object]) -> str:
    url = text_of(document.get("externalParticipationUrl")).strip()
    if url.lower().startswith("mailto:") and "@" in url and len(url) <= 300 and not any(c.isspace() for c in url):
        return url
    return _web(url)


def _participants(document: Mapping[str, object]) -> int | None:
    told = _count(document.get("participantCount"))
    attendees = document.get("attendees")
    if told is None and isinstance(attendees, dict):
        told = _count(attendees.get("totalItems"))
    return told


def _status(document: Mapping[str, object]) -> str:
    words = " ".join(text_of(document.get(key)) for key in ("status", "ical:status", "eventStatus")).lower()
    for part, status in (("cancel", CANCELLED), ("postpone", POSTPONED), ("tentative", TENTATIVE)):
        if part in words:
            return status
    return CONFIRMED


def _categories(value: object) -> tuple[str, ...]:
    found = [text_of(item).strip()[:100] for item in items_of(value, limit=MAX_CATEGORIES)]
    return tuple(dict.fromkeys(word for word in found if word))


def _fee(document: Mapping[str, object]) -> str:
    amount = document.get("feeAmount")
    if isinstance(amount, bool) or not isinstance(amount, int | float | str) or not str(amount).strip():
        return ""
    try:
        if float(amount) <= 0:
            return ""
    except (ValueError, OverflowError):
        return ""
    return f"{amount} {text_of(document.get('feeCurrency')).strip()}".strip()[:60]


def _count(value: object) -> int | None:
    count = non_negative(value)
    return count if count is not None and count < 2**31 else None


def _web(value: object) -> str:
    url = id_of(value)
    return url if url is not None and is_web_uri(url) and len(url) <= 1000 else ""
