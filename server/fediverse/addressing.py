"""Whom one outgoing activity concerns: which hosts, which of them by the dialect they speak, which inboxes there."""

import json
import logging
from collections.abc import Sequence

from federation.errors import InvalidDocument
from federation.vocab.base import host_of, ids_of, is_web_uri
from server.db import Row
from server.instance import Instance

log = logging.getLogger("peerhall.outbox")

WITHHELD = frozenset({"Announce", "Create", "Follow", "Invite", "Join", "Like", "Update"})
"""What somebody who is blocked does not get any more, although it was on its way."""


async def hosts_of(here: Instance, outgoing: Row) -> list[str]:
    """The hosts that one outgoing activity concerns."""
    hosts = direct_hosts(outgoing)
    if outgoing["followers_of"]:
        rows = await here.db.rows(
            "SELECT DISTINCT follower.host AS host FROM follow JOIN actor target ON target.id = follow.target_id"
            " JOIN actor follower ON follower.id = follow.follower_id"
            " WHERE target.uri = :uri AND follow.state = 'accepted' AND NOT follower.is_local"
            " AND follower.deleted_at IS NULL",
            uri=outgoing["followers_of"],
        )
        hosts.update(row["host"] for row in rows)
    return sorted(hosts - {outgoing["skip_host"]})


def direct_hosts(outgoing: Row) -> set[str]:
    """The hosts of the inboxes that are addressed one by one."""
    hosts = set()
    for inbox in json.loads(outgoing["inboxes"]):
        try:
            hosts.add(host_of(inbox))
        except InvalidDocument:
            log.warning("an inbox with an impossible address was left out: %s", inbox)
    return hosts


async def of_dialect(here: Instance, outgoing: Row, hosts: Sequence[str]) -> list[str]:
    """Those of the hosts that an activity is for."""
    if not outgoing["dialects"]:
        return list(hosts)
    spoken = await dialects_of(here, hosts)
    return [host for host in hosts if is_for(outgoing, spoken.get(host, "unknown"))]


def is_for(outgoing: Row, dialect: str) -> bool:
    """Whether an activity is for hosts that speak this dialect."""
    return not outgoing["dialects"] or dialect in outgoing["dialects"].split(",")


async def dialects_of(here: Instance, hosts: Sequence[str]) -> dict[str, str]:
    """What these hosts speak, as far as we know them."""
    return {host: row["dialect"] for host, row in (await peers_of(here, hosts)).items()}


async def peers_of(here: Instance, hosts: Sequence[str]) -> dict[str, Row]:
    """Dialect and cursor of these hosts, in one query per 400."""
    found: dict[str, Row] = {}
    for start in range(0, len(hosts), 400):
        part = {f"host{number}": host for number, host in enumerate(hosts[start : start + 400])}
        rows = await here.db.rows(
            f"SELECT host, dialect, cursor_seq FROM peer WHERE host IN ({', '.join(':' + name for name in part)})",
            **part,
        )
        found.update((row["host"], row) for row in rows)
    return found


async def inboxes_at(here: Instance, host: str, outgoing: Row) -> list[str]:
    """The inboxes of one host that an activity goes to."""
    found = {inbox for inbox in json.loads(outgoing["inboxes"]) if host_of(inbox) == host}
    if found and await _only_for_blocked(here, host, outgoing):
        found = set()
    if outgoing["followers_of"]:
        rows = await here.db.rows(
            "SELECT DISTINCT COALESCE(follower.shared_inbox_url, follower.inbox_url) AS inbox FROM follow"
            " JOIN actor target ON target.id = follow.target_id JOIN actor follower ON follower.id = follow.follower_id"
            " WHERE target.uri = :uri AND follow.state = 'accepted' AND NOT follower.is_local"
            " AND follower.host = :host AND follower.deleted_at IS NULL",
            uri=outgoing["followers_of"],
            host=host,
        )
        shared = {row["inbox"] for row in rows}
        found = await _without_covered(here, found, shared) | shared
    return sorted(found)


async def _without_covered(here: Instance, addressed: set[str], shared: set[str]) -> set[str]:
    """Leave out a person's own inbox where their server's shared inbox gets the same activity."""
    left = set()
    for inbox in addressed - shared:
        covering = await here.db.value("SELECT shared_inbox_url FROM actor WHERE inbox_url = :inbox", inbox=inbox)
        if covering not in shared:
            left.add(inbox)
    return left


async def _only_for_blocked(here: Instance, host: str, outgoing: Row) -> bool:
    """Whether all whom an activity names on this host blocked its sender or were blocked since it was queued (S17).

    What ends something is for them all the same.
    """
    rows = await here.db.rows(
        "SELECT other.uri FROM actor AS sender JOIN actor_block ON actor_block.blocker_id = sender.id"
        " JOIN actor AS other ON other.id = actor_block.blocked_id WHERE sender.uri = :sender AND other.host = :host"
        " UNION SELECT other.uri FROM actor AS sender JOIN actor_block ON actor_block.blocked_id = sender.id"
        " JOIN actor AS other ON other.id = actor_block.blocker_id WHERE sender.uri = :sender AND other.host = :host",
        sender=outgoing["sender"],
        host=host,
    )
    activity = json.loads(outgoing["body"]) if rows else {}
    if activity.get("type") not in WITHHELD:
        return False
    named = {
        uri for key in ("to", "cc") for uri in ids_of(activity.get(key)) if is_web_uri(uri) and host_of(uri) == host
    }
    return bool(named) and named <= {row["uri"] for row in rows}
