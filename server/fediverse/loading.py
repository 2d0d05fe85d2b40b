"""What the hosts of one round are to get: everything about their activities, in a few queries for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from federation.vocab.base import origin_of
from server.actors import synchronising
from server.db import Row
from server.db.given import NUMBER, given, rows_given
from server.fediverse.addressing import inboxes_at, is_for
from server.fediverse.leases import Turn
from server.instance import Instance

LOOK_AHEAD = 200
"""So many activities are looked at for one turn of a host, however few of them are for it."""
MOST = 20
"""So many are sent in one turn."""


@dataclass(frozen=True, slots=True)
class Item:
    """One activity for one host; without inboxes it is not for it. `body` is shared by all hosts of a round."""

    seq: int
    activity_id: str
    sender: str
    subject: str | None
    expires_at: int
    inboxes: tuple[str, ...]
    body: bytes
    headers: dict[str, dict[str, str]]
    """Further headers by the origin of the inbox."""


@dataclass(frozen=True, slots=True)
class Load:
    """What lies between the cursor of a host and its goal, in order; `is_all`: nothing more is waiting."""

    items: tuple[Item, ...]
    is_all: bool


async def load(here: Instance, turns: Sequence[Turn]) -> dict[str, Load]:
    """By host, what is to be sent in its turn."""
    ways = {(turn.started, turn.wanted) for turn in turns}
    found = {way: await _between(here, *way) for way in sorted(ways)}
    waiting = {turn.host: found[turn.started, turn.wanted] for turn in turns}
    concerned = {
        turn.host: [row for row in waiting[turn.host] if is_for(row, turn.dialect) and turn.host != row["skip_host"]]
        for turn in turns
    }
    inboxes = await inboxes_at(here, concerned)
    cut = {host: _cut(rows, host, inboxes) for host, rows in waiting.items()}
    sending = [
        (row, inbox) for host, rows in cut.items() for row in rows for inbox in inboxes.get((row["seq"], host), ())
    ]
    bodies = await _bodies(here, {row["seq"] for row, _ in sending})
    headers = await _headers(here, sending)
    return {
        host: Load(
            tuple(_item(row, inboxes.get((row["seq"], host), []), bodies, headers) for row in rows),
            is_all=len(rows) == len(waiting[host]) < LOOK_AHEAD,
        )
        for host, rows in cut.items()
    }


async def _between(here: Instance, started: int, wanted: int) -> list[Row]:
    return await here.db.rows(
        "SELECT seq, activity_id, sender, followers_of, inboxes, dialects, expires_at, subject, skip_host"
        " FROM outgoing WHERE seq > :started AND seq <= :wanted ORDER BY seq LIMIT :limit",
        started=started,
        wanted=wanted,
        limit=LOOK_AHEAD,
    )


def _cut(rows: Sequence[Row], host: str, inboxes: dict[tuple[int, str], list[str]]) -> list[Row]:
    """As many rows as hold what is sent in one turn, and what lies between."""
    found: list[Row] = []
    count = 0
    for row in rows:
        count += bool(inboxes.get((row["seq"], host)))
        if count > MOST:
            break
        found.append(row)
    return found


def _item(
    row: Row, inboxes: list[str], bodies: dict[int, bytes], headers: dict[str, dict[str, dict[str, str]]]
) -> Item:
    return Item(
        seq=row["seq"],
        activity_id=row["activity_id"],
        sender=row["sender"],
        subject=row["subject"],
        expires_at=row["expires_at"],
        inboxes=tuple(inboxes),
        body=bodies.get(row["seq"], b""),
        headers=headers.get(row["sender"], {}) if row["followers_of"] == row["sender"] else {},
    )


async def _bodies(here: Instance, seqs: set[int]) -> dict[int, bytes]:
    if not seqs:
        return {}
    rows = await here.db.rows(
        f"SELECT outgoing.seq, outgoing.body FROM outgoing JOIN {given(here.db.dialect, seq=NUMBER)}"
        " ON given.seq = outgoing.seq",
        given=rows_given({"seq": seq} for seq in sorted(seqs)),
    )
    return {row["seq"]: row["body"].encode() for row in rows}


async def _headers(here: Instance, sending: Sequence[tuple[Row, str]]) -> dict[str, dict[str, dict[str, str]]]:
    """By sender and origin: what a delivery to followers says of them (FEP-8fcf)."""
    wanted: dict[str, set[str]] = {}
    for row, inbox in sending:
        if row["followers_of"] == row["sender"]:
            wanted.setdefault(row["sender"], set()).add(origin_of(inbox))
    return {sender: await synchronising.headers_for(here, sender, origins) for sender, origins in wanted.items()}
