"""Actors as accounts: people, communities (`group`) and services (`bot`), from here and from elsewhere."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

from server.db import Row, among
from server.instance import Instance
from server.mastodon.entities import Account, CustomEmoji, Field, Mention
from server.mastodon.ids import number_of
from server.mastodon.wording import absolute
from server.peers.policy import HIDDEN, QUIET
from server.peers.queries import shows_media

ACCOUNT_COLUMNS = ", ".join(
    f"actor.{name}"
    for name in [
        "id",
        "uri",
        "kind",
        "name",
        "username",
        "domain",
        "host",
        "url",
        "avatar_url",
        "header_url",
        "is_local",
        "emoji",
        "summary_html",
        "fields_json",
        "is_locked",
        "discoverable",
        "indexable",
        "followers_count",
        "following_count",
        "posts_count",
        "published_at",
        "created_at",
        "suspended_at",
        "deleted_at",
        "grade",
    ]
)
"""What `account_of` needs of the table actor."""

NO_AVATAR, NO_HEADER = "/static/avatar.png", "/static/header.png"


def account_of(here: Instance, row: Row) -> Account:
    """The account of a row with ACCOUNT_COLUMNS; of somebody who is gone only the name is left (S27)."""
    gone = row["suspended_at"] is not None or row["deleted_at"] is not None
    shown = not gone and (bool(row["is_local"]) or shows_media(here, row["uri"].split("/")[2]))
    avatar = _picture(here, row, "avatar_url", shown=shown) or here.url(NO_AVATAR)
    header = _picture(here, row, "header_url", shown=shown) or here.url(NO_HEADER)
    discoverable = bool(row["discoverable"]) and not gone
    account = Account(
        id=number_of(row["id"]),
        username=row["username"],
        acct=acct_of(row),
        display_name="" if gone else row["name"] or row["username"],
        locked=bool(row["is_locked"]),
        bot=row["kind"] in {"Service", "Application"},
        discoverable=discoverable,
        indexable=bool(row["indexable"]) and not gone,
        group=row["kind"] == "Group",
        created_at=day(row["published_at"] or row["created_at"]),
        note="" if gone else absolute(here, row["summary_html"]),
        url=address_of(here, row),
        uri=row["uri"],
        avatar=avatar,
        avatar_static=avatar,
        header=header,
        header_static=header,
        followers_count=0 if gone else row["followers_count"],
        following_count=0 if gone else row["following_count"],
        statuses_count=0 if gone else row["posts_count"],
        last_status_at=None,
        emojis=emojis_of(here, row["emoji"]) if shown else [],
        fields=[] if gone else fields_of(here, row["fields_json"]),
        # Who follows whom is shown to themselves alone, and to others as a number.
        hide_collections=True if row["is_local"] else None,
        noindex=not row["indexable"],
    )
    if gone:
        account.suspended = True
    elif row["grade"] in HIDDEN or row["grade"] in QUIET:
        account.limited = True
    return account


def acct_of(row: Row) -> str:
    """The handle without its first sign: with a domain for those elsewhere."""
    return str(row["username"]) if row["is_local"] else f"{row['username']}@{row['domain']}"


def address_of(here: Instance, row: Row) -> str:
    """The page of an actor at home."""
    if not row["is_local"]:
        return str(row["url"] or row["uri"])
    return here.url(f"/{'c/' if row['kind'] == 'Group' else '@'}{row['username']}")


def page_of(row: Row) -> str:
    """The path of an actor's page here, as it stands in our texts."""
    return f"/{'c/' if row['kind'] == 'Group' else '@'}{acct_of(row)}"


def mention_of(here: Instance, row: Row) -> Mention:
    """An actor as one who is named."""
    return Mention(number_of(row["id"]), row["username"], address_of(here, row), acct_of(row))


def emojis_of(here: Instance, stored: str | None) -> list[CustomEmoji]:
    """Custom emoji from what is stored with a name or text; pictures come through us (S25)."""
    if not stored:
        return []
    found = []
    for name, url in json.loads(stored).items():
        address = here.media_url(url)
        if address is not None:
            found.append(CustomEmoji(name, here.url(address), here.url(address)))
    return found


def fields_of(here: Instance, stored: str | None) -> list[Field]:
    """The lines of a profile."""
    if not stored:
        return []
    items = json.loads(stored)
    return [
        Field(str(item.get("name", "")), absolute(here, str(item.get("value", ""))))
        for item in items
        if item.get("name")
    ]


async def accounts_by_id(here: Instance, ids: Iterable[str]) -> dict[str, Account]:
    """Accounts by our ids of actors, in one query; hidden service actors are none."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    named, parameters = among(wanted)
    rows = await here.db.rows(
        f"SELECT {ACCOUNT_COLUMNS} FROM actor WHERE actor.id IN ({named}) AND NOT actor.hidden", **parameters
    )
    return {row["id"]: account_of(here, row) for row in rows}


def moment(milliseconds: int) -> str:
    """A time as all apps read it: ``2026-11-22T01:02:03.456Z``."""
    days, rest = divmod(milliseconds, 86_400_000)
    seconds, rest = divmod(rest, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{_date(days)}T{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}.{rest:03d}Z"


def moment_or_none(milliseconds: int | None) -> str | None:
    """The same where there may be none."""
    return None if milliseconds is None else moment(milliseconds)


def day(milliseconds: int) -> str:
    """A time cut down to its day, as Mastodon tells when somebody came."""
    return f"{_date(milliseconds // 86_400_000)}T00:00:00.000Z"


@lru_cache(maxsize=4096)
def _date(days: int) -> str:
    return f"{datetime.fromtimestamp(days * 86_400, UTC):%Y-%m-%d}"


def _picture(here: Instance, row: Row, column: str, *, shown: bool) -> str | None:
    address = row[column]
    if not address or not shown:
        return None
    if row["is_local"]:
        return here.url(address) if address.startswith("/") else str(address)
    path = here.media_url(address)
    return None if path is None else here.url(path)
