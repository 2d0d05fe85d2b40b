"""Small parts to describe a strict parser with: a check takes a value and raises Rejected."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

Check = Callable[[Any], None]

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})\Z", re.ASCII)


class Rejected(Exception):
    """A peer would refuse this; the argument says where and why."""


class Ignored(Exception):
    """A peer passes over this without an error: it knows nothing of its type, or it was not meant for it."""


def text(value: Any) -> None:
    """A string."""
    if not isinstance(value, str):
        raise Rejected(f"{_short(value)} is not text")


def url(value: Any) -> None:
    """An absolute address."""
    text(value)
    parts = urlsplit(value)
    if not parts.scheme or not (parts.netloc or parts.path) or any(c.isspace() for c in value):
        raise Rejected(f"{_short(value)} is not an address")


def boolean(value: Any) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise Rejected(f"{_short(value)} is neither true nor false")


def number(value: Any) -> None:
    """A whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Rejected(f"{_short(value)} is not a whole number")


def moment(value: Any) -> None:
    """A time with an offset (RFC 3339)."""
    text(value)
    if not _MOMENT.match(value):
        raise Rejected(f"{_short(value)} is not a time with an offset")
    datetime.fromisoformat(value.replace("Z", "+00:00").replace("z", "+00:00"))


def anything(value: Any) -> None:
    """Whatever it is."""


def one_of(*names: str) -> Check:
    """One of some words."""

    def check(value: Any) -> None:
        if value not in names:
            raise Rejected(f"{_short(value)} is not one of {', '.join(names)}")

    return check


def each(item: Check) -> Check:
    """A list of such."""

    def check(value: Any) -> None:
        if not isinstance(value, list):
            raise Rejected(f"{_short(value)} is not a list")
        for position, found in enumerate(value):
            _at(str(position), item, found)

    return check


def one_or_many(item: Check) -> Check:
    """One such, or a list of them."""

    def check(value: Any) -> None:
        each(item)(value if isinstance(value, list) else [value])

    return check


def exactly_one(item: Check) -> Check:
    """One such, bare or as a list of one."""

    def check(value: Any) -> None:
        if isinstance(value, list):
            if len(value) != 1:
                raise Rejected(f"{len(value)} values where exactly one may be")
            value = value[0]
        item(value)

    return check


def last(item: Check) -> Check:
    """One such, or a list of them, or null."""

    def check(value: Any) -> None:
        if value is not None:
            one_or_many(item)(value)

    return check


def any_of(*checks: Check) -> Check:
    """The first shape that fits."""

    def check(value: Any) -> None:
        reasons = []
        for each_check in checks:
            try:
                each_check(value)
            except Rejected as reason:
                reasons.append(str(reason))
            else:
                return
        raise Rejected(" / ".join(reasons))

    return check


def maybe(item: Check) -> Check:
    """Such, or null."""

    def check(value: Any) -> None:
        if value is not None:
            item(value)

    return check


def shape(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these keys, and perhaps those. Others do not matter."""

    def check(value: Any) -> None:
        if not isinstance(value, dict):
            raise Rejected(f"{_short(value)} is not an object")
        for key, item in required.items():
            if key not in value:
                raise Rejected(f"{key} is missing")
            _at(key, item, value[key])
        for key, item in (optional or {}).items():
            if key in value:
                _at(key, item, value[key])

    return check


def _at(where: str, item: Check, value: Any) -> None:
    try:
        item(value)
    except Rejected as reason:
        raise Rejected(f"{where}: {reason}") from None


def kind_of(value: Any) -> str:
    """The type of an object; empty for what has none, or several."""
    found = value.get("type") if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def ids(value: Any) -> list[str]:
    """The ids in a value that is one or many."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def id_in(value: Any) -> str:
    """The id of something given by id or embedded."""
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else ""


def host(address: str) -> str:
    """The host of an address."""
    return urlsplit(address).netloc.lower()


def _short(value: Any) -> str:
    return repr(value)[:80]
