"""Telling local people what happened, and noting what they have seen.

`notify` and `withdraw` join the caller's transaction: they are called from events.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from server.actors.boundaries import IS_QUIET
from server.actors.viewer import Viewer
from server.db import among
from server.errors import Invalid
from server.ids import new_id
from server.instance import Instance
from server.notifications.events import Told
from server.notifications.spaces import TIER
from server.notifications.tiers import DEFAULTS, NOW, TIERS, TODAY, TOPICS, WEEKLY, tier_of, tiers_from
from server.notifications.times import AFTERNOON, Quiet, next_at
from server.peers.policy import OF_GRADE, in_sql
from server.words import zone_of

PEOPLE = "people"
SITE = "site"
CARE = "care"
"""Everything about reports, and what stewards say to people."""
POST = "p:"
COMMUNITY = "c:"
MAX_READERS = 60
MAX_TOLD_AT_ONCE = 32

KEEP_READ = timedelta(days=60)
KEEP_UNREAD = timedelta(days=180)

LONGEST_PAUSE = timedelta(days=370)

MAIL_JOB = "notifications.mail"
MAIL_AFTER = timedelta(minutes=2)
URGENT = frozenset({"asked", "unsafe"})
"""Mailed without waiting whether it is seen: somebody needs an answer today, or a child may be unsafe."""
TODAY_JOB = "notifications.today"
"""Puts together what somebody wants once a day (`server.digest.today`)."""

DUTIES = frozenset({"applied", "asks_in", "follow_request", "held"})
"""What somebody has to decide: that is told whoever asks."""

# People of limited servers are heard by those who follow them (`peers.policy.OF_GRADE`).
_STRANGERS = in_sql(tuple(grade for grade, line in OF_GRADE.items() if not line.strangers_notify))
_NOT_A_STRANGER = (
    f"NOT EXISTS (SELECT 1 FROM actor AS cause WHERE cause.id = news.causer AND cause.grade IN {_STRANGERS}"
    " AND NOT EXISTS (SELECT 1 FROM follow WHERE follow.follower_id = actor.id AND follow.target_id = cause.id"
    " AND follow.state = 'accepted'))"
)

# Whoever wants quiet has it all in their list as seen: no mail, no app and no sign speaks of it.
_SAFETY = in_sql(tuple(sorted(TOPICS["care"] | {"asked"})))

# A conversation is named as `about_post` does.
_NOT_MUTED = (
    "NOT EXISTS (SELECT 1 FROM thread_mute AS quiet WHERE quiet.actor_id = news.reader"
    f" AND news.thing = '{POST}' || quiet.root_id)"
)

# Of whom they muted nobody hears, nor from a server that they want nothing from.
_UNWANTED = (
    "(EXISTS (SELECT 1 FROM actor_mute WHERE actor_mute.muter_id = news.reader"
    " AND actor_mute.muted_id = news.causer AND actor_mute.hides_notifications)"
    " OR EXISTS (SELECT 1 FROM host_block JOIN actor AS far ON host_block.host IN (far.host, far.domain)"
    " WHERE host_block.blocker_id = news.reader AND far.id = news.causer AND NOT far.is_local))"
)


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened, for one or more people. `key` tells it from others of its kind for the same person."""

    kind: str
    thing: str
    key: str
    actor_id: str | None = None
    post_id: str | None = None
    community_id: str | None = None


def about_post(root_id: str) -> str:
    """The group of everything that happens in one conversation."""
    return f"{POST}{root_id}"


def about_community(community_id: str) -> str:
    """The group of everything that happens in one community."""
    return f"{COMMUNITY}{community_id}"


async def notify(here: Instance, readers: Sequence[str], news: News) -> None:
    """Tell local people; others, and who caused it, are left out. The same news twice is told once."""
    await notify_all(here, [(reader_id, news) for reader_id in dict.fromkeys(readers[:MAX_READERS])])


async def notify_all(here: Instance, told: Sequence[tuple[str, News]]) -> None:
    """Tell people of several things that happened together, by the same rules."""
    now = here.clock.now()
    wanted = [(new_id(now), reader_id, news) for reader_id, news in told if reader_id != news.actor_id]
    for start in range(0, len(wanted), MAX_TOLD_AT_ONCE):
        await _notify(here, wanted[start : start + MAX_TOLD_AT_ONCE], now)


async def _notify(here: Instance, wanted: Sequence[tuple[str, str, News]], now: datetime) -> None:
    rows: list[str] = []
    parameters: dict[str, object] = {}
    for number, (notification_id, reader_id, news) in enumerate(wanted):
        values = {
            "id": notification_id,
            "reader": reader_id,
            "kind": news.kind,
            "thing": news.thing,
            "causer": news.actor_id,
            "post": news.post_id,
            "community": news.community_id,
            "key": unique_key(reader_id, news.kind, news.key),
            "duty": 1 if news.actor_id is None or news.kind in DUTIES else 0,
        }
        rows.append(
            ", ".join(
                f"CAST(:{name}_{number} AS {'INTEGER' if name == 'duty' else 'TEXT'}) AS {name}" for name in values
            )
        )
        parameters |= {f"{name}_{number}": value for name, value in values.items()}
    source = " UNION ALL ".join(f"SELECT {row}" for row in rows)
    added = await here.db.rows(
        "INSERT INTO notification (id, reader_id, kind, thing, actor_id, post_id, community_id, unique_key, at,"
        " read_at)"
        " SELECT news.id, actor.id, news.kind, news.thing, news.causer, news.post, news.community, news.key,"
        f" CAST(:now AS BIGINT), CASE WHEN news.kind NOT IN {_SAFETY} AND {IS_QUIET.format(reader='actor.id')}"
        f" THEN CAST(:now AS BIGINT) END FROM ({source}) AS news JOIN actor ON actor.id = news.reader"
        " JOIN account ON account.actor_id = actor.id"
        " WHERE actor.is_local AND actor.deleted_at IS NULL AND account.state = 'active'"
        f" AND (news.duty = 1 OR {_NOT_A_STRANGER} AND {_NOT_MUTED})"
        " AND NOT EXISTS (SELECT 1 FROM actor_block WHERE (blocker_id = news.reader AND blocked_id = news.causer)"
        " OR (blocker_id = news.causer AND blocked_id = news.reader))"
        f" AND ((news.duty = 1 AND news.kind <> 'follow_request') OR NOT {_UNWANTED})"
        " ON CONFLICT (unique_key) DO NOTHING RETURNING id, kind, reader_id, (SELECT setting.tiers"
        " FROM notification_setting AS setting WHERE setting.reader_id = notification.reader_id) AS tiers,"
        f" {TIER} AS space_tier",
        now=now,
        **parameters,
    )
    tiers = {row["id"]: tier_of(row["kind"], tiers_from(row["tiers"]), row["space_tier"]) for row in added}
    for urgent in (False, True):
        at_once = [row for row in added if tiers[row["id"]] == NOW and (row["kind"] in URGENT) == urgent]
        await here.jobs.enqueue_all(
            MAIL_JOB,
            [{"id": row["id"]} for row in at_once],
            run_at=now if urgent else now + MAIL_AFTER,
            unique=lambda payload: f"{MAIL_JOB}:{payload['id']}",
        )
    await _bundle(here, {row["reader_id"] for row in added if tiers[row["id"]] == TODAY}, now)
    if added:
        await here.events.emit(Told(tuple((row["reader_id"], row["id"]) for row in added)))


async def _bundle(here: Instance, readers: set[str], now: datetime) -> None:
    """Have something told this afternoon, by the clock of each of them."""
    if not readers:
        return
    named, which = among(sorted(readers), "reader")
    for row in await here.db.rows(
        f"SELECT actor_id, timezone FROM account WHERE actor_id IN ({named}) ORDER BY actor_id", **which
    ):
        await here.jobs.enqueue(
            TODAY_JOB,
            {"reader": row["actor_id"]},
            run_at=next_at(now, zone_of(row["timezone"]), AFTERNOON),
            unique=f"{TODAY_JOB}:{row['actor_id']}",
        )


def unique_key(reader_id: str, kind: str, key: str) -> str:
    """What makes a notification the same as another."""
    return f"{reader_id}:{kind}:{key}"


async def withdraw(here: Instance, reader_id: str, kind: str, key: str) -> None:
    """Take back what is no longer so, such as a like that was undone."""
    await here.db.execute("DELETE FROM notification WHERE unique_key = :key", key=unique_key(reader_id, kind, key))


async def forget_post(here: Instance, post_id: str) -> None:
    """Forget everything about a post that is gone."""
    await here.db.execute(
        "DELETE FROM notification WHERE post_id = :post OR (thing = :thing AND post_id IS NULL)",
        post=post_id,
        thing=about_post(post_id),
    )


async def forget_actor(here: Instance, actor_id: str) -> None:
    """Forget everything that somebody who is gone caused, and everything they were told."""
    await here.db.execute("DELETE FROM notification WHERE actor_id = :id OR reader_id = :id", id=actor_id)
    await here.db.execute("DELETE FROM notification_setting WHERE reader_id = :id", id=actor_id)
    await here.db.execute("DELETE FROM space_tier WHERE reader_id = :id OR community_id = :id", id=actor_id)
    await here.db.execute("DELETE FROM reading_marker WHERE reader_id = :id", id=actor_id)


async def forget_between(here: Instance, one_id: str, other_id: str) -> None:
    """Forget what each of two people was told of the other."""
    await here.db.execute(
        "DELETE FROM notification WHERE (reader_id = :one AND actor_id = :other)"
        " OR (reader_id = :other AND actor_id = :one)",
        one=one_id,
        other=other_id,
    )


async def forget_of(here: Instance, reader_id: str, actor_id: str) -> None:
    """Forget what somebody was told of another."""
    await here.db.execute(
        "DELETE FROM notification WHERE reader_id = :reader AND actor_id = :actor", reader=reader_id, actor=actor_id
    )


async def forget_host(here: Instance, reader_id: str, host: str) -> None:
    """Forget what somebody was told of people of a server."""
    await here.db.execute(
        "DELETE FROM notification WHERE reader_id = :reader AND actor_id IN"
        " (SELECT id FROM actor WHERE NOT is_local AND :host IN (host, domain))",
        reader=reader_id,
        host=host,
    )


async def mark_done(here: Instance, viewer: Viewer, thing: str) -> int:
    """Everything about one thing is seen; returns how much that was."""
    async with here.db.transaction():
        return await here.db.execute(
            "UPDATE notification SET read_at = :now WHERE reader_id = :reader AND thing = :thing AND read_at IS NULL",
            now=here.clock.now(),
            reader=viewer.actor_id,
            thing=thing[:28],
        )


async def mark_all_done(here: Instance, viewer: Viewer) -> int:
    """Everything up to now is seen."""
    async with here.db.transaction():
        return await here.db.execute(
            "UPDATE notification SET read_at = :now WHERE reader_id = :reader AND read_at IS NULL",
            now=here.clock.now(),
            reader=viewer.actor_id,
        )


async def set_mail_now(here: Instance, viewer: Viewer, wanted: bool) -> None:
    """Choose whether replies, answers and decisions come by mail at once."""
    async with here.db.transaction():
        await here.db.execute(
            "INSERT INTO notification_setting (reader_id, mail_now) VALUES (:reader, :wanted)"
            " ON CONFLICT (reader_id) DO UPDATE SET mail_now = excluded.mail_now",
            reader=viewer.actor_id,
            wanted=wanted,
        )


async def set_tiers(here: Instance, viewer: Viewer, wanted: Mapping[str, str]) -> None:
    """Choose how soon each kind of news is mailed, by topic; what is left out is as usual. Raises Invalid."""
    for topic, tier in wanted.items():
        if topic not in TOPICS or tier not in TIERS:
            raise Invalid("Choose how soon.", field=f"tier_{topic}"[:40])
    chosen = {topic: tier for topic, tier in wanted.items() if tier != DEFAULTS[topic]}
    async with here.db.transaction():
        await here.db.execute(
            "INSERT INTO notification_setting (reader_id, mail_now, tiers) VALUES (:reader, TRUE, :tiers)"
            " ON CONFLICT (reader_id) DO UPDATE SET tiers = excluded.tiers",
            reader=str(viewer.actor_id),
            tiers=msgspec.json.encode(chosen).decode(),
        )


async def no_mail_today(here: Instance, viewer: Viewer) -> None:
    """What was bundled by the day waits for the weekly mail from now on."""
    stored = await here.db.value(
        "SELECT tiers FROM notification_setting WHERE reader_id = :reader", reader=str(viewer.actor_id)
    )
    now = {topic: tier_of(min(kinds), tiers_from(stored)) for topic, kinds in TOPICS.items()}
    await set_tiers(here, viewer, {topic: WEEKLY if tier == TODAY else tier for topic, tier in now.items()})


async def set_quiet(here: Instance, reader_id: str, quiet: Quiet) -> None:
    """Choose hours of the day, and a time, without mail; in the caller's transaction. Raises Invalid."""
    hours = (quiet.since_hour, quiet.until_hour)
    if (hours[0] is None) != (hours[1] is None):
        raise Invalid("Choose both hours, or neither.", field="quiet_since")
    if any(hour is not None and not 0 <= hour <= 23 for hour in hours):
        raise Invalid("Choose an hour of the day.", field="quiet_since")
    if quiet.paused_until is not None and quiet.paused_until > here.clock.now() + LONGEST_PAUSE:
        raise Invalid("Pause for at most a year.", field="paused_until")
    await here.db.execute(
        "INSERT INTO notification_setting (reader_id, mail_now, quiet_since, quiet_until, paused_until)"
        " VALUES (:reader, TRUE, CAST(:since AS INTEGER), CAST(:until AS INTEGER), CAST(:paused AS BIGINT))"
        " ON CONFLICT (reader_id) DO UPDATE SET quiet_since = excluded.quiet_since,"
        " quiet_until = excluded.quiet_until, paused_until = excluded.paused_until",
        reader=reader_id,
        since=quiet.since_hour,
        until=quiet.until_hour,
        paused=quiet.paused_until,
    )


async def clean_up(here: Instance) -> None:
    """Forget what was seen two months ago, and what nobody looked at for half a year."""
    now = here.clock.now()
    await here.db.execute("DELETE FROM notification WHERE read_at < :before", before=now - KEEP_READ)
    await here.db.execute("DELETE FROM notification WHERE at < :before", before=now - KEEP_UNREAD)
