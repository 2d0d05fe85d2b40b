"""Whom one outgoing activity concerns: which hosts, which of them by the dialect they speak, which inboxes there."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence

from federation.errors import InvalidDocument
from federation.vocab.base import host_of, ids_of, is_web_uri
from server.db import Row
from server.db.given import TEXT, given, hosts_given, rows_given
from server.instance import Instance

log = logging.getLogger("peerhall.outbox")

WITHHELD = frozenset({"Announce", "Create", "Follow", "Invite", "Join", "Like", "Update"})
"""What somebody who is blocked does not get any more, although it was on its way."""


async def hosts_of(here: Instance, outgoing: Row, followers: dict[str, frozenset[str]]) -> list[str]:
    """The hosts that one outgoing activity concerns. `followers` keeps who follows whom for the next one."""
    hosts = direct_hosts(outgoing)
    if outgoing["followers_of"]:
        uri = outgoing["followers_of"]
        if uri not in followers:
            followers[uri] = await _followers_hosts(here, uri)
        hosts |= followers[uri]
    return sorted(hosts - {outgoing["skip_host"]})


async def _followers_hosts(here: Instance, uri: str) -> frozenset[str]:
    rows = await here.db.rows(
        "SELECT DISTINCT follower.host AS host FROM follow JOIN actor target ON target.id = follow.target_id"
        " JOIN actor follower ON follower.id = follow.follower_id"
        " WHERE target.uri = :uri AND follow.state = 'accepted' AND NOT follower.is_local"
        " AND follower.deleted_at IS NULL",
        uri=uri,
    )
    return frozenset(row["host"] for row in rows)


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
    """Dialect and cursor of these hosts, in one query."""
    rows = await here.db.rows(
        "SELECT peer.host, peer.dialect, peer.cursor_seq FROM peer"
        f" JOIN {given(here.db.dialect, host=TEXT)} ON given.host = peer.host",
        given=hosts_given(hosts),
    )
    return {row["host"]: row for row in rows}


Wanted = Mapping[str, Sequence[Row]]
"""By host: the activities that it is to get, or that turn out not to be for it."""


async def inboxes_at(here: Instance, wanted: Wanted) -> dict[tuple[int, str], list[str]]:
    """The inboxes that activities go to, by number and host: for many hosts in a few queries.

    Who follows is asked now, not when an activity was queued, so that a block or an unfollow still takes effect (S17).
    """
    direct = {row["seq"]: _by_host(row) for rows in wanted.values() for row in rows}
    followed: dict[str, set[str]] = {}
    for host, rows in wanted.items():
        for row in rows:
            if row["followers_of"]:
                followed.setdefault(row["followers_of"], set()).add(host)
    shared = {uri: await _followers_inboxes(here, uri, hosts) for uri, hosts in followed.items()}
    withheld = await _only_for_blocked(
        here, [(row, host) for host, rows in wanted.items() for row in rows if direct[row["seq"]].get(host)]
    )
    found: dict[tuple[int, str], tuple[set[str], set[str]]] = {}
    for host, rows in wanted.items():
        for row in rows:
            place = (row["seq"], host)
            own = set() if place in withheld else direct[row["seq"]].get(host, set())
            found[place] = own, shared.get(row["followers_of"], {}).get(host, set())
    covered = await _covered_by(here, {inbox for own, common in found.values() if common for inbox in own - common})
    # A person's own inbox is left out where their server's shared inbox gets the same activity.
    return {
        place: sorted({inbox for inbox in own if covered.get(inbox) not in common} | common)
        for place, (own, common) in found.items()
    }


def _by_host(outgoing: Row) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for inbox in json.loads(outgoing["inboxes"]):
        try:
            found.setdefault(host_of(inbox), set()).add(inbox)
        except InvalidDocument:
            continue
    return found


async def _followers_inboxes(here: Instance, uri: str, hosts: Iterable[str]) -> dict[str, set[str]]:
    """The inboxes of an actor's followers on these hosts, joined so that its other followers cost nothing."""
    rows = await here.db.rows(
        "SELECT DISTINCT follower.host AS host, COALESCE(follower.shared_inbox_url, follower.inbox_url) AS inbox"
        f" FROM {given(here.db.dialect, host=TEXT)} CROSS JOIN actor AS follower CROSS JOIN follow"
        " WHERE follower.host = given.host AND NOT follower.is_local AND follower.deleted_at IS NULL"
        " AND follow.follower_id = follower.id AND follow.state = 'accepted'"
        " AND follow.target_id = (SELECT id FROM actor WHERE uri = :uri)",
        uri=uri,
        given=hosts_given(sorted(hosts)),
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["host"], set()).add(row["inbox"])
    return found


async def _covered_by(here: Instance, inboxes: set[str]) -> dict[str, str]:
    """The shared inboxes of the servers of these people's inboxes."""
    if not inboxes:
        return {}
    rows = await here.db.rows(
        "SELECT inbox_url, shared_inbox_url FROM actor WHERE shared_inbox_url IS NOT NULL"
        f" AND inbox_url IN (SELECT inbox FROM {given(here.db.dialect, inbox=TEXT)})",
        given=rows_given({"inbox": inbox} for inbox in sorted(inboxes)),
    )
    return {row["inbox_url"]: row["shared_inbox_url"] for row in rows}


async def _only_for_blocked(here: Instance, places: Sequence[tuple[Row, str]]) -> set[tuple[int, str]]:
    """Where all whom an activity names on a host blocked its sender or were blocked since it was queued (S17).

    What ends something is for them all the same.
    """
    if not places:
        return set()
    pairs = f"{given(here.db.dialect, sender=TEXT, host=TEXT)} JOIN actor AS sender ON sender.uri = given.sender"
    rows = await here.db.rows(
        f"SELECT sender.uri AS sender, other.host AS host, other.uri AS uri FROM {pairs}"
        " JOIN actor_block ON actor_block.blocker_id = sender.id"
        " JOIN actor AS other ON other.id = actor_block.blocked_id AND other.host = given.host"
        f" UNION SELECT sender.uri AS sender, other.host AS host, other.uri AS uri FROM {pairs}"
        " JOIN actor_block ON actor_block.blocked_id = sender.id"
        " JOIN actor AS other ON other.id = actor_block.blocker_id AND other.host = given.host",
        given=rows_given(
            {"sender": sender, "host": host} for sender, host in sorted({(row["sender"], host) for row, host in places})
        ),
    )
    blocked: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        blocked.setdefault((row["sender"], row["host"]), set()).add(row["uri"])
    withheld = set()
    for outgoing, host in places:
        cut_off = blocked.get((outgoing["sender"], host))
        if cut_off and await _names_only(here, outgoing["seq"], host, cut_off):
            withheld.add((outgoing["seq"], host))
    return withheld


async def _names_only(here: Instance, seq: int, host: str, people: set[str]) -> bool:
    body = await here.db.value("SELECT body FROM outgoing WHERE seq = :seq", seq=seq)
    activity = json.loads(body) if body else {}
    if activity.get("type") not in WITHHELD:
        return False
    named = {
        uri for key in ("to", "cc") for uri in ids_of(activity.get(key)) if is_web_uri(uri) and host_of(uri) == host
    }
    return bool(named) and named <= people
