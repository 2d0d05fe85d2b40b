"""What left this server lately, as it was sent: forms and audiences, without a word of what was said."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from federation.vocab.base import PUBLIC, ids_of, types_of
from server.db import from_milliseconds
from server.fediverse.addressing import direct_hosts
from server.instance import Instance

LOOKED_AT = 300
EVERYBODY, FOLLOWERS, NETWORK, SINGLE = "everybody", "followers", "network", "single"


@dataclass(frozen=True, slots=True)
class Left:
    """One form in which something left. `about` is the type of what is inside; `audience` whom it was addressed to.

    `servers` are those it went to one by one, beside those of followers. `example` is its latest id, where anybody may
    read that.
    """

    verb: str
    about: str
    audience: str
    times: int
    servers: int
    latest: datetime
    example: str


async def lately(here: Instance) -> list[Left]:
    """The latest three hundred activities, those of one form together, the most frequent first; one query."""
    rows = await here.db.rows(
        "SELECT seq, activity_id, inboxes, body, created_at FROM outgoing ORDER BY seq DESC LIMIT :limit",
        limit=LOOKED_AT,
    )
    found: dict[tuple[str, str, str], list[tuple[dict[str, Any], set[str]]]] = {}
    for row in rows:
        activity = json.loads(row["body"])
        key = (str(activity.get("type", "")), _about(activity), audience_of(here, activity))
        found.setdefault(key, []).append((row, set(direct_hosts(row))))
    return sorted(
        (
            Left(
                verb=verb,
                about=about,
                audience=audience,
                times=len(items),
                servers=len(set[str]().union(*(hosts for _, hosts in items))),
                latest=from_milliseconds(items[0][0]["created_at"]),
                example=str(items[0][0]["activity_id"]) if audience == EVERYBODY else "",
            )
            for (verb, about, audience), items in found.items()
        ),
        key=lambda left: (-left.times, left.verb, left.about, left.audience),
    )


def audience_of(here: Instance, activity: dict[str, Any]) -> str:
    """Whom an activity of ours is addressed to, in one word."""
    addressed = {*ids_of(activity.get("to")), *ids_of(activity.get("cc"))}
    if PUBLIC in addressed:
        return EVERYBODY
    if here.url("/ap/network") in addressed:
        return NETWORK
    return FOLLOWERS if any(uri.endswith("/followers") for uri in addressed) else SINGLE


def _about(activity: dict[str, Any]) -> str:
    """The type of what is inside, and what we call it; nothing where it is given by id."""
    inner = activity.get("object")
    if not isinstance(inner, dict):
        return ""
    kind = inner.get("kind")
    return " ".join([*_first(types_of(inner)), *([f"({kind})"] if isinstance(kind, str) else [])])


def _first(types: Iterable[str]) -> list[str]:
    return [*types][:1]
