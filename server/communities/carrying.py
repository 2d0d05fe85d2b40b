"""Taking along whom one follows, in the CSV that Mastodon writes and reads: out of here, and in from elsewhere."""

import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from server.actors import actions as actors
from server.actors.models import Actor
from server.actors.relations import relationship
from server.actors.viewer import Viewer
from server.communities.following import follow_or_join
from server.errors import Invalid, NotAllowed, Refused
from server.instance import Instance

JOB = "communities.take_along"
HEADER = ("Account address", "Show boosts", "Notify on new posts", "Languages")
MAX_BYTES, MAX_ROWS, MAX_ADDRESS = 1024 * 1024, 2_000, 400
MAX_TAKEN_OUT = 20_000
AT_ONCE, PAUSE = 10, timedelta(seconds=20)
"""Each address may be asked for at another server, so that a few are followed at a time."""

Row = tuple[str, bool, bool, str]


async def follows_as_csv(here: Instance, person_id: str) -> str:
    """Everybody whom somebody follows, with what they want of them."""
    rows = await here.db.rows(
        "SELECT actor.username, actor.domain, follow.shows_boosts, follow.notifies, follow.languages FROM follow"
        " JOIN actor ON actor.id = follow.target_id WHERE follow.follower_id = :me AND follow.state = 'accepted'"
        " AND actor.deleted_at IS NULL AND NOT actor.hidden ORDER BY follow.id LIMIT :limit",
        me=person_id,
        limit=MAX_TAKEN_OUT,
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for row in rows:
        flags = ["true" if row[name] else "false" for name in ("shows_boosts", "notifies")]
        languages = ", ".join((row["languages"] or "").split())
        writer.writerow([f"{row['username']}@{row['domain']}", *flags, languages])
    return text.getvalue()


async def take_along(here: Instance, acting: Viewer, data: bytes) -> int:
    """Follow everybody in a file, a few at a time in the background; returns how many there are.

    Raises Invalid that names `file`.
    """
    if acting.actor_id is None:
        raise NotAllowed("Sign in first.")
    rows = _read(data)
    async with here.db.transaction():
        await here.jobs.enqueue(JOB, {"person": acting.actor_id, "rows": rows})
    return len(rows)


async def follow_some(here: Instance, payload: dict[str, Any]) -> None:
    """The job: follow the first of them, and leave the rest to the next job. Who cannot be followed is passed over."""
    person_id, rows = payload["person"], payload["rows"]
    if not await Actor.exists(id=person_id, is_local=True, deleted_at=None, suspended_at=None):
        return
    for address, shows_boosts, notifies, languages in rows[:AT_ONCE]:
        try:
            await _follow(here, person_id, (address, shows_boosts, notifies, languages))
        except Refused as refusal:
            here.log.info("%s cannot be followed: %s", address, refusal.message)
    if len(rows) > AT_ONCE:
        rest = {"person": person_id, "rows": rows[AT_ONCE:]}
        async with here.db.transaction():
            await here.jobs.enqueue(JOB, rest, run_at=here.clock.now() + PAUSE)


async def _follow(here: Instance, person_id: str, row: Row) -> None:
    address, shows_boosts, notifies, languages = row
    target = await actors.resolve(here, address)
    if target.kind == "Group":
        await follow_or_join(here, Viewer(actor_id=person_id), target.id)
    else:
        await actors.request_follow(here, person_id, target.id)
    if (await relationship(here, person_id, target.id)).following:
        codes = [code.strip() for code in languages.split(",") if code.strip()]
        await actors.tune_follow(
            here, person_id, target.id, shows_boosts=shows_boosts, notifies=notifies, languages=codes
        )


def _read(data: bytes) -> list[Row]:
    if len(data) > MAX_BYTES:
        raise Invalid("Use a file of at most 1 MB.", field="file")
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error):
        raise Invalid(
            "This is no CSV file. Export whom you follow there, and choose that file.", field="file"
        ) from None
    found: dict[str, Row] = {}
    for line in lines:
        address = line[0].strip().removeprefix("@").lower() if line else ""
        if "@" in address and len(address) <= MAX_ADDRESS and not any(letter.isspace() for letter in address):
            languages = line[3][:400] if len(line) > 3 else ""
            found[address] = (address, _flag(line, 1, default=True), _flag(line, 2, default=False), languages)
    if not found:
        raise Invalid("There is no address such as tom@riverside.example in this file.", field="file")
    if len(found) > MAX_ROWS:
        raise Invalid(f"A file may name {MAX_ROWS} people at once. Make several of it.", field="file")
    return list(found.values())


def _flag(line: Sequence[str], place: int, *, default: bool) -> bool:
    said = line[place].strip().lower() if len(line) > place else ""
    return said in {"true", "1"} if said else default
