"""What somebody fills in to announce an event, and what must be there."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from server.errors import Invalid
from server.practices.writing import is_web_address
from server.text import clean_text

MAX_TITLE = 150
MAX_PLACE = 300
MAX_CAPACITY = 100_000
LONGEST = timedelta(days=31)
JOIN_MODES = ("free", "external", "invite")
FORMATS = ("", "seminar")


@dataclass(frozen=True, slots=True)
class SessionForm:
    """An event as it is handed in. `starts` and `ends` are times at the place, such as ``2026-11-10T17:00``.

    `discussants` are handles of people who are asked to discuss in a seminar. `topic_id` is the topic of the community
    that it goes into. `confidential`: what is said of it and in it stays with its readers.
    """

    title: str = ""
    text: str = ""
    starts: str = ""
    ends: str = ""
    timezone: str = "UTC"
    place: str = ""
    online_url: str = ""
    join_mode: str = "free"
    join_url: str = ""
    capacity: int | None = None
    language: str = "en"
    content_warning: str = ""
    visibility: str = ""
    community_id: str | None = None
    topic_id: str = ""
    media_ids: tuple[str, ...] = ()
    format: str = ""
    discussants: tuple[str, ...] = ()
    confidential: bool = False


def tidy(form: SessionForm) -> SessionForm:
    """The form without spare space."""
    return replace(
        form,
        title=" ".join(clean_text(form.title).split()),
        place=" ".join(clean_text(form.place).split()),
        online_url=form.online_url.strip(),
        join_url=form.join_url.strip() if form.join_mode == "external" else "",
        discussants=form.discussants if form.format else (),
    )


def moments(form: SessionForm) -> tuple[datetime, datetime]:
    """Begin and end of a checked form."""
    zone = ZoneInfo(form.timezone)
    first, last = (
        datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC) for text in (form.starts, form.ends)
    )
    return first, last


def check(form: SessionForm, now: datetime) -> None:
    """Raise Invalid with every error of a tidy form."""
    errors = []
    if not form.title:
        errors.append(Invalid("Give it a title, so that people can find it.", field="title"))
    if len(form.title) > MAX_TITLE:
        errors.append(Invalid(f"Use at most {MAX_TITLE} characters.", field="title"))
    if not form.text.strip():
        errors.append(Invalid("Say what happens there.", field="content"))
    errors += _times(form, now)
    if not form.place and not form.online_url:
        errors.append(Invalid("Say where it is, or give the link where people meet.", field="place"))
    if len(form.place) > MAX_PLACE:
        errors.append(Invalid(f"Use at most {MAX_PLACE} characters.", field="place"))
    if form.online_url and not is_web_address(form.online_url):
        errors.append(Invalid("Links start with https://", field="online_url"))
    if form.join_mode not in JOIN_MODES:
        errors.append(Invalid("Choose how people take part.", field="join_mode"))
    if form.join_mode == "external" and not is_web_address(form.join_url):
        errors.append(Invalid("Give the link where people sign up; it starts with https://", field="join_url"))
    if form.format not in FORMATS:
        errors.append(Invalid("Choose one of these.", field="format"))
    if form.capacity is not None and not 0 < form.capacity <= MAX_CAPACITY:
        errors.append(Invalid("Write how many people there is room for, as a number.", field="capacity"))
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))


def _times(form: SessionForm, now: datetime) -> list[Invalid]:
    errors = []
    try:
        ZoneInfo(form.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return [Invalid("Choose a time zone.", field="timezone")]
    for text, field in ((form.starts, "starts"), (form.ends, "ends")):
        if not _is_time(text):
            errors.append(Invalid("Give a date and a time.", field=field))
    if errors:
        return errors
    first, last = moments(form)
    if last <= first:
        errors.append(Invalid("It ends before it begins.", field="ends"))
    if last - first > LONGEST:
        errors.append(Invalid("An event lasts at most a month.", field="ends"))
    if last <= now:
        errors.append(Invalid("This is in the past.", field="starts"))
    return errors


def _is_time(text: str) -> bool:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return moment.tzinfo is None and 1990 < moment.year < 2200 and "T" in text
