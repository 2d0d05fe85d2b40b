"""Giving what a list says its effect: never against what admins decided themselves, never unasked where it hurts."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from federation.vocab.serverlists import Entry
from server.audit import actions as audit
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.instance import Instance
from server.peers import actions as peers
from server.peers import policy as peer_policy
from server.peers import queries as peer_queries
from server.peers.modes import all_ties
from server.serverlists import models, policy

TAKE_ALL = "serverlists.take_all"
BY_LIST = "a list"
AT_ONCE = 100
_KINDS = ("members", "our_members", "followed", "followers")


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands here between a list and its effect: what was decided, and what ties people here to other servers.

    `own` are grades that admins gave themselves, `listed` those that a list gave, with the list.
    """

    own: Mapping[str, str]
    listed: Mapping[str, tuple[str, str]]
    ties: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def ties_of(self, host: str) -> Mapping[str, int]:
        """What ties people here to a host and all inside of it."""
        return self.ties.get(host, {})


async def standing(here: Instance) -> Standing:
    """All of it, in two queries."""
    rows = await here.db.rows("SELECT host, grade, list_id FROM peer WHERE graded_at IS NOT NULL ORDER BY host")
    sums: defaultdict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_KINDS, 0))
    for host, ties in (await all_ties(here)).items():
        for name in peer_policy.candidates(host):
            for kind in _KINDS:
                sums[name][kind] += ties.get(kind, 0)
    return Standing(
        own={row["host"]: row["grade"] for row in rows if row["list_id"] is None},
        listed={row["host"]: (row["list_id"], row["grade"]) for row in rows if row["list_id"] is not None},
        ties=dict(sums),
    )


def why_not(here: Instance, now: Standing, item: models.ServerListItem) -> str:
    """Why an admin is asked about an item, in one word of `policy.REASONS`; nothing where nobody would notice."""
    origin_host = here.settings.origin.split("://", 1)[1]
    if item.host in {*peer_policy.candidates(origin_host), *peer_policy.candidates(here.settings.domain)}:
        return policy.OURSELVES
    if item.state == policy.GONE:
        return ""
    if policy.decided_otherwise(item.host, item.grade, now.own):
        return policy.OWN
    if item.grade == peer_policy.BLOCKED and _is_of_a_network(here, item.host):
        return policy.NETWORK
    other = now.listed.get(item.host)
    if other is not None and other[0] != item.list_id and other[1] != item.grade:
        return policy.OTHER_LIST
    cuts_off = peer_queries.may_receive(here, item.host) and item.grade == peer_policy.BLOCKED
    return policy.CUTS_OFF if cuts_off and any(now.ties_of(item.host).values()) else ""


def _is_of_a_network(here: Instance, host: str) -> bool:
    """Whether a network vouches for this host, or for one inside of it."""
    vouched = peer_queries.grades(here).vouched
    return any(
        word == peer_policy.MEMBER and host in peer_policy.candidates(member) for member, word in vouched.items()
    )


async def import_file(
    here: Instance, name: str, entries: Sequence[Entry], left_out: int, *, by: str
) -> models.ServerList:
    """Keep what a file says, as drafts to be looked at."""
    now = here.clock.now()
    async with here.db.transaction():
        if await models.ServerList.all().count() >= policy.MAX_LISTS:
            raise Invalid("These are too many lists. Drop one first.", field="file")
        made = await models.ServerList.create(
            id=new_id(now),
            kind=policy.FILE,
            name=name[:200],
            created_at=now,
            fetched_at=now,
            left_out=left_out,
            digest=policy.digest_of(entries),
        )
        await models.ServerListItem.bulk_create(
            models.ServerListItem(
                id=new_id(now),
                list_id=made.id,
                host=entry.host,
                grade=entry.grade,
                reason=entry.reason,
                state=policy.NEW,
            )
            for entry in entries
        )
        await note(here, by, "peer.list.import", made.name)
    return made


async def take(here: Instance, list_id: str, item_ids: Collection[str], *, by: str, tells: bool = False) -> int:
    """Give some items of a list their effect, as an admin chose; returns how many.

    What is against a decision of their own is left as it is. Raises NotFound without such a list.
    """
    known = await _list(list_id)
    wanted = [*dict.fromkeys(item_ids)][:AT_ONCE]
    items = await models.ServerListItem.filter(list_id=known.id, id__in=wanted).order_by("host")
    now = await standing(here)
    done = 0
    for item in items:
        if why_not(here, now, item) not in policy.NEVER:
            await _take(here, known, item, by=by, tells=tells)
            done += 1
    return done


async def take_rest(here: Instance, list_id: str, *, by: str) -> None:
    """Give everything of a list its effect that nobody here would notice, in a job. Raises NotFound."""
    known = await _list(list_id)
    async with here.db.transaction():
        await here.jobs.enqueue(TAKE_ALL, {"list": known.id, "by": by})


async def take_all(here: Instance, payload: Any) -> None:
    """The job: give everything of a list its effect that nobody here would notice; the rest waits for an admin."""
    known = await models.ServerList.get_or_none(id=payload["list"])
    if known is None:
        return
    items = await models.ServerListItem.filter(list_id=known.id, state__in=[policy.NEW, policy.GONE]).order_by("host")
    now = await standing(here)
    for item in items:
        if not why_not(here, now, item):
            await _take(here, known, item, by=str(payload["by"]))


async def skip(here: Instance, list_id: str, item_ids: Collection[str], *, by: str) -> int:
    """Leave some items out: nothing happens, and they are not shown as new again. What is gone stays, as our own."""
    known = await _list(list_id)
    items = await models.ServerListItem.filter(list_id=known.id, id__in=[*item_ids][:AT_ONCE])
    async with here.db.transaction():
        for item in items:
            if item.state == policy.GONE:
                await here.db.execute("UPDATE peer SET list_id = NULL WHERE host = :host", host=item.host)
                await item.delete()
            elif item.state == policy.NEW:
                item.state = policy.SKIPPED
                await item.save(update_fields=["state"])
        await note(here, by, "peer.list.skip", known.name, count=len(items))
    return len(items)


async def set_applies(here: Instance, list_id: str, *, applies: bool, by: str) -> None:
    """Choose whether what nobody would notice has its effect at once. Raises Invalid where nobody signed the list."""
    known = await _list(list_id)
    if applies and known.kind != policy.SIGNED:
        raise Invalid("Nobody signed this list: you have to look at what it says.", field="applies")
    async with here.db.transaction():
        known.applies = applies
        await known.save(update_fields=["applies"])
        if applies:
            await here.jobs.enqueue(TAKE_ALL, {"list": known.id, "by": BY_LIST})
        await note(here, by, "peer.list.change", known.name)


async def drop(here: Instance, list_id: str, *, by: str) -> None:
    """Subscribe no more. What was taken from the list stays, as our own decision, until somebody changes it."""
    known = await _list(list_id)
    async with here.db.transaction():
        await here.db.execute("UPDATE peer SET list_id = NULL WHERE list_id = :id", id=known.id)
        await models.ServerListItem.filter(list_id=known.id).delete()
        await known.delete()
        await note(here, by, "peer.list.drop", known.name)


async def note(here: Instance, by: str, action: str, subject: str, **detail: object) -> None:
    """What was done about a list, for the log."""
    await audit.record(here, by=by, action=action, subject=subject, detail=detail or None)


async def _take(
    here: Instance, known: models.ServerList, item: models.ServerListItem, *, by: str, tells: bool = False
) -> None:
    if item.state == policy.GONE:
        row = await here.db.row("SELECT list_id FROM peer WHERE host = :host", host=item.host)
        if row is not None and row["list_id"] == known.id:
            await peers.forget(here, item.host, by)
        await item.delete()
        return
    if item.state == policy.TAKEN:
        return
    reason = f"{known.name}: {item.reason}" if item.reason else known.name
    await peers.set_grade(here, item.host, item.grade, by, reason, tells=tells, list_id=known.id)
    item.state, item.before = policy.TAKEN, ""
    await item.save(update_fields=["state", "before"])


async def _list(list_id: str) -> models.ServerList:
    found = await models.ServerList.get_or_none(id=list_id)
    if found is None:
        raise NotFound("There is no such list.")
    return found
