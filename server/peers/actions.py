"""Grading other servers, and noting what we learn of them."""

from collections.abc import Mapping
from datetime import datetime

from server.audit import actions as audit
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.peers import choices, policy, queries
from server.peers.events import PeerGradeChanged
from server.peers.models import Peer, PeerVouch
from server.peers.queries import UNDONE_WITHIN


async def set_grade(
    here: Instance,
    host: str,
    grade: str,
    by: str,
    note: str = "",
    *,
    public_note: str = "",
    tells: bool = False,
    list_id: str | None = None,
) -> None:
    """Grade a server, with an entry in the audit log. Whatever we know of it stays, so that this can be undone.

    `public_note` is the reason for everybody, in the list that this server publishes. `tells`: people here whom it cuts
    off hear of it. `list_id` is the list that says so; without one it is a decision of our own, which no list changes.
    """
    if grade not in policy.GRADES:
        raise Invalid("Choose one of the grades.", field="grade")
    host = policy.host_named(host)
    _refuse_ourselves(here, host)
    now = here.clock.now()
    async with here.db.transaction():
        peer = await Peer.get_or_none(host=host)
        before = policy.NORMAL if peer is None else peer.grade
        if peer is None:
            peer = await Peer.create(host=host, first_seen_at=now)
        if before != grade or peer.graded_at is None:
            peer.previous_grade = before
        peer.grade = grade
        peer.graded_at = now
        peer.note, peer.public_note, peer.list_id = note[:2000], public_note[:200], list_id
        await peer.save(update_fields=["grade", "previous_grade", "graded_at", "note", "public_note", "list_id"])
        await choices.count_change(here)
        await audit.record(
            here,
            by=by,
            action="peer.grade",
            subject=host,
            detail={"before": before, "after": grade, "note": note[:2000]},
        )
        here.db.after_commit(lambda: _remember(here, host, grade))
        await here.bus.publish(queries.CACHE)
        # Also where the word is the same: a grade of its own ends what a wider domain laid on this host.
        await here.events.emit(PeerGradeChanged(host, before, grade, tells))


async def undo_grade(here: Instance, host: str, by: str) -> str:
    """Go back to the grade before the last change, within thirty days of it; returns it."""
    peer = await Peer.get_or_none(host=policy.host_named(host))
    if peer is None or peer.previous_grade is None:
        raise NotFound("There is no earlier grade to go back to.")
    if peer.graded_at is not None and here.clock.now() - peer.graded_at > UNDONE_WITHIN:
        raise NotAllowed("That was more than thirty days ago. Choose a grade anew.")
    grade = peer.previous_grade
    await set_grade(here, peer.host, grade, by, note=peer.note, public_note=peer.public_note)
    return grade


async def forget(here: Instance, host: str, by: str) -> None:
    """Drop the grade of a server: it is treated like any other again."""
    host = policy.host_named(host)
    async with here.db.transaction():
        peer = await Peer.get_or_none(host=host)
        if peer is None or peer.graded_at is None:
            raise NotFound(f"{host} has no grade of its own.")
        before = peer.grade
        peer.grade, peer.previous_grade, peer.graded_at = policy.NORMAL, None, None
        peer.note, peer.public_note, peer.list_id = "", "", None
        await peer.save(update_fields=["grade", "previous_grade", "graded_at", "note", "public_note", "list_id"])
        await choices.count_change(here)
        await audit.record(here, by=by, action="peer.forget", subject=host, detail={"before": before})
        here.db.after_commit(lambda: _remember(here, host, None))
        await here.bus.publish(queries.CACHE)
        await here.events.emit(PeerGradeChanged(host, before, policy.NORMAL))


async def vouch(here: Instance, network: str, hosts: Mapping[str, str]) -> None:
    """From now on a network vouches for exactly these hosts: ``member`` or ``met``. In the caller's transaction.

    Grades of admins stay as they are, and outweigh it.
    """
    wanted = {policy.canonical(host): word for host, word in hosts.items()}
    rows = await here.db.rows("SELECT host, vouch FROM peer_vouch WHERE network = :network", network=network)
    before = {row["host"]: row["vouch"] for row in rows}
    changed = [host for host in {**before, **wanted} if before.get(host) != wanted.get(host)]
    for host in sorted(changed):
        if host in wanted:
            await here.db.execute(
                "INSERT INTO peer_vouch (id, network, host, vouch) VALUES (:id, :network, :host, :vouch)"
                " ON CONFLICT (network, host) DO UPDATE SET vouch = excluded.vouch",
                id=new_id(here.clock.now()),
                network=network,
                host=host,
                vouch=wanted[host],
            )
        else:
            await PeerVouch.filter(network=network, host=host).delete()
    if not changed:
        return
    vouched, chosen = await queries.vouches(here), await queries.chosen_grades(here)
    # A new dict on purpose: what was made with the old one in mind is made anew.
    here.db.after_commit(lambda: queries.grades(here).replace(dict(chosen), vouched))
    await here.bus.publish(queries.CACHE)
    for host in sorted(changed):
        grade = policy.grade_among(chosen, host)
        await here.events.emit(PeerGradeChanged(host, grade, grade))


async def note_seen(
    here: Instance,
    host: str,
    *,
    software: str | None = None,
    dialect: str | None = None,
    signature_scheme: str | None = None,
) -> None:
    """Remember that a server exists, and what was learnt of it."""
    now = here.clock.now()
    await here.db.execute(
        "INSERT INTO peer (host, grade, note, software, dialect, signature_scheme, first_seen_at, last_seen_at,"
        " cursor_seq, wanted_seq, attempts, paused)"
        " VALUES (:host, 'normal', '', :software, :dialect, :scheme, :now, :now, 0, 0, 0, :no)"
        " ON CONFLICT (host) DO UPDATE SET last_seen_at = excluded.last_seen_at,"
        " software = CASE WHEN excluded.software = '' THEN peer.software ELSE excluded.software END,"
        " dialect = CASE WHEN excluded.dialect = 'unknown' THEN peer.dialect ELSE excluded.dialect END,"
        " signature_scheme = COALESCE(excluded.signature_scheme, peer.signature_scheme)",
        host=policy.canonical(host),
        software=(software or "")[:60],
        dialect=dialect or "unknown",
        scheme=signature_scheme,
        now=now,
        no=False,
    )


async def note_dialect(
    here: Instance,
    host: str,
    *,
    dialect: str | None = None,
    basis: str | None = None,
    group_seen_at: datetime | None = None,
    software_at: datetime | None = None,
    evidence_from: datetime | None = None,
    forget_behaviour: bool = False,
) -> None:
    """Keep a piece of evidence for what a server speaks, or what follows from all of it."""
    host = policy.canonical(host)
    await note_seen(here, host)
    await here.db.execute(
        "UPDATE peer SET dialect = COALESCE(CAST(:dialect AS TEXT), dialect),"
        " dialect_basis = COALESCE(CAST(:basis AS TEXT), dialect_basis),"
        " group_seen_at = CASE WHEN :forget THEN NULL"
        " ELSE COALESCE(CAST(:group_seen_at AS BIGINT), group_seen_at) END,"
        " software_at = COALESCE(CAST(:software_at AS BIGINT), software_at),"
        " evidence_from = COALESCE(CAST(:evidence_from AS BIGINT), evidence_from) WHERE host = :host",
        host=host,
        dialect=dialect,
        basis=basis,
        group_seen_at=group_seen_at,
        software_at=software_at,
        evidence_from=evidence_from,
        forget=forget_behaviour,
    )


def _remember(here: Instance, host: str, grade: str | None) -> None:
    cache = queries.grades(here)
    rest = {name: known for name, known in cache.by_host.items() if name != host}
    cache.replace(rest if grade is None else {**rest, host: grade})


def _refuse_ourselves(here: Instance, host: str) -> None:
    origin_host = here.settings.origin.split("://", 1)[1]
    if host in policy.candidates(origin_host) or host in policy.candidates(here.settings.domain):
        raise Invalid("That is this server.", field="host")
