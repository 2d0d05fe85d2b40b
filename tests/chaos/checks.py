"""What must hold after every round, whatever happened in it."""

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.chaos.load import Load, Written
from tests.chaos.neighbours import Arrival, Host

LOST, DOUBLED, ORDER, PARTIAL, WRONG = "lost", "doubled", "out of order", "partial", "wrong"
ALWAYS = "which is never right"
STEP = re.compile(r"edit (\d+)\.")


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken."""

    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


async def check(load: Load) -> list[Violation]:
    """Everything that was acknowledged so far against what is there, and what other servers were told; what is new."""
    found = [Violation(WRONG, trouble) for trouble in load.trouble]
    load.trouble.clear()
    found += await _notes(load)
    found += await _likes(load)
    found += await _processing(load)
    found += await _forms(load)
    found += await _counts(load)
    found += _order_of_members(load)
    new = [violation for violation in found if violation.what not in load.told]
    load.told |= {violation.what for violation in new}
    return new


async def _notes(load: Load) -> list[Violation]:
    """Replies from elsewhere: there once, as they were last, and told once to whom they answer."""
    found = []
    rows = await load.world.storage.rows("SELECT id, uri, state, content_html FROM post WHERE NOT is_local")
    posts = {row["uri"]: row for row in rows}
    found += [
        Violation(DOUBLED, f"{uri} twice") for uri, times in Counter(row["uri"] for row in rows).items() if times > 1
    ]
    told = await _told(load, "reply")
    for note in load.notes.values():
        row = posts.get(note.uri)
        if row is None:
            if not note.deleted:
                found.append(Violation(LOST, f"{note.uri} is not there"))
            continue
        if (row["state"] == "deleted") != note.deleted or row["state"] not in {"deleted", "visible"}:
            found.append(Violation(LOST, f"{note.uri} is {row['state']}; deleted: {note.deleted}"))
            continue
        times = told[(note.parent.id, row["id"])]
        if note.deleted:
            if times:
                found.append(Violation(PARTIAL, f"{note.uri} is deleted, and {times} still told of it"))
            continue
        if load.words(note) not in row["content_html"]:
            found.append(Violation(LOST, f"{note.uri} says {row['content_html']!r} after {note.edits} edits"))
        if times != 1:
            kind = DOUBLED if times else PARTIAL
            found.append(Violation(kind, f"{note.parent.name} was told of {note.uri} {times} times"))
    return found


async def _told(load: Load, kind: str) -> Counter[tuple[str, str]]:
    rows = await load.world.storage.rows(
        f"SELECT reader_id, post_id, count(*) AS times FROM notification WHERE kind = '{kind}'"
        " GROUP BY reader_id, post_id"
    )
    return Counter({(row["reader_id"], row["post_id"]): row["times"] for row in rows})


async def _likes(load: Load) -> list[Violation]:
    """Each like that stands is there once, and told once; what was taken back is gone."""
    rows = await load.world.storage.rows(
        "SELECT actor.uri AS actor, post.uri AS post, (SELECT count(*) FROM notification WHERE"
        " notification.kind = 'like' AND notification.actor_id = actor.id AND notification.post_id = post.id) AS told"
        " FROM post_like JOIN actor ON actor.id = post_like.actor_id JOIN post ON post.id = post_like.post_id"
        " WHERE NOT actor.is_local AND post_like.kind = 'like'"
    )
    found = []
    there = Counter((row["actor"], row["post"]) for row in rows)
    for key, done in load.likes.items():
        wanted = len(done) % 2
        if there[key] != wanted:
            kind = LOST if there[key] < wanted or not wanted else DOUBLED
            found.append(Violation(kind, f"{key[0]} likes {key[1]} {there[key]} times after {len(done)} activities"))
    found += [
        Violation(DOUBLED if row["told"] else PARTIAL, f"the like of {row['actor']} was told {row['told']} times")
        for row in rows
        if row["told"] != 1
    ]
    return found


async def _processing(load: Load) -> list[Violation]:
    """What was taken is processed, and what is about one thing in the order in which it came."""
    rows = await load.world.storage.rows(
        "SELECT seq, activity_id, outcome, reason, processed_at, attempts, crashes, next_try_at"
        " FROM inbox_receipt ORDER BY seq"
    )
    receipts = {row["activity_id"]: row for row in rows}
    found = []
    for host in load.world.neighbours.hosts.values():
        for sent in host.sent:
            row = receipts.get(str(sent.activity["id"]))
            if sent.activity["id"] in load.processed:
                continue  # after some days it is forgotten
            if row is None:
                found.append(Violation(LOST, f"{sent.activity['id']} was answered with 202, and there is no receipt"))
            elif row["outcome"] not in {"done", "ignored"}:
                found.append(Violation(LOST, f"{sent.activity['id']}: {row['outcome']} ({row['reason']})"))
            else:
                load.processed.add(str(sent.activity["id"]))
    if not load.timed:
        return found
    for chain in [note.activities for note in load.notes.values()] + list(load.likes.values()):
        known = [receipts[activity] for activity in chain if activity in receipts]
        for earlier, later in pairwise(known):
            if (earlier["processed_at"] or 0) > (later["processed_at"] or 0) or earlier["seq"] > later["seq"]:
                words = f"{_receipt_words(earlier)} was processed after {_receipt_words(later)}"
                found.append(Violation(ORDER, words))
    return found


def _receipt_words(row: dict[str, Any]) -> str:
    """A receipt with all that may tell why its turn came when it did."""
    facts = ("seq", "processed_at", "outcome", "reason", "attempts", "crashes", "next_try_at")
    return f"{row['activity_id']} ({', '.join(f'{name} {row[name]}' for name in facts)})"


async def _counts(load: Load) -> list[Violation]:
    """What is counted is what is there; no job gave up."""
    rows = await load.world.storage.rows(
        "SELECT uri, replies_count, likes_count,"
        " (SELECT count(*) FROM post AS reply WHERE reply.root_id = post.id AND reply.id <> post.id"
        "  AND reply.state = 'visible') AS replies,"
        " (SELECT count(*) FROM post_like WHERE post_like.post_id = post.id AND post_like.kind = 'like') AS likes"
        " FROM post WHERE is_local AND parent_id IS NULL"
    )
    found = [
        Violation(PARTIAL, f"{row['uri']} counts {row['replies_count']} replies and {row['likes_count']} likes: {row}")
        for row in rows
        if (row["replies_count"], row["likes_count"]) != (row["replies"], row["likes"])
    ]
    failed = await load.world.storage.rows("SELECT name, last_error FROM job WHERE failed_at IS NOT NULL")
    return found + [Violation(LOST, f"the job {row['name']} gave up: {row['last_error']}") for row in failed]


async def _forms(load: Load) -> list[Violation]:
    """What people here wrote: there as they last saw it, and told to every server, in order (R2, R3)."""
    rows = await load.world.storage.rows(
        "SELECT id, uri, state, version, source_md, (SELECT count(*) FROM sent_activity"
        " WHERE sent_activity.post_id = post.id) AS kept FROM post WHERE is_local AND parent_id IS NOT NULL ORDER BY id"
    )
    found = []
    by_short = {row["id"][-8:]: row for row in rows}
    by_marker: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_marker.setdefault(row["source_md"].partition(":")[0] + ":", []).append(row)
    told = {host.name: _Told(host) for host in load.world.neighbours.hosts.values()}
    for written in load.written:
        same = by_marker.get(written.marker, [])
        if len(same) > 1:
            found.append(Violation(DOUBLED, f"{written.marker} is there {len(same)} times"))
        row = by_short.get(written.short) if written.short else (same[0] if same else None)
        if row is None:
            if written.acts[0].taken:
                found.append(Violation(LOST, f"{written.marker} is not there"))
            continue
        found += _as_written(written, row)
        for name, host in told.items():
            wrong = host.check(name, written, row)
            excused = load.world.neighbours.hosts[name].excused
            found += [each for each in wrong if not excused or each.what.endswith(ALWAYS)]
    return found


def _as_written(written: Written, row: dict[str, Any]) -> list[Violation]:
    ended = [act for act in written.acts if act.kind == "delete"]
    if row["state"] == "deleted":
        return [] if ended else [Violation(WRONG, f"{written.marker} is gone, and nobody deleted it")]
    if any(act.taken for act in ended):
        return [Violation(LOST, f"the deletion of {written.marker}")]
    changes = [act for act in written.acts if act.kind != "delete"]
    last = max((number for number, act in enumerate(changes) if act.taken), default=0)
    may_be = {act.text for act in changes[last:]}
    if row["source_md"] not in may_be:
        return [Violation(LOST, f"{written.marker} says {row['source_md']!r} instead of {sorted(may_be)}")]
    return []


class _Told:
    """What one host was told of each post, without repetitions, in the order of first arrival."""

    def __init__(self, host: Host) -> None:
        self.about: dict[str, list[Arrival]] = {}
        seen = set()
        for arrival in host.arrivals:
            if arrival.id not in seen:
                seen.add(arrival.id)
                self.about.setdefault(arrival.about, []).append(arrival)

    def check(self, name: str, written: Written, row: dict[str, Any]) -> list[Violation]:
        """Whether that is what happened to the post."""
        arrivals = self.about.get(row["uri"], [])
        kinds = [arrival.kind for arrival in arrivals]
        what = f"{name} was told of {written.marker} {kinds}"
        deleted = row["state"] == "deleted"
        edits = row["version"] - 1
        found = []
        if kinds[:1] != ["Create"] and not (deleted and kinds == ["Delete"]):
            found.append(Violation(ORDER if "Create" in kinds else LOST, f"{what}, not first that it is there"))
        if kinds.count("Create") > 1 or kinds.count("Delete") > 1:
            found.append(Violation(DOUBLED, what))
        if ("Delete" in kinds) != deleted:
            found.append(Violation(LOST, f"{what}; it is {row['state']}"))
        elif deleted and kinds[-1] != "Delete":
            found.append(Violation(ORDER, f"{what}, not last that it is gone"))
        steps = [_step(arrival) for arrival in arrivals if arrival.kind == "Update"]
        if steps != sorted(steps):
            found.append(Violation(ORDER, f"{what} with the edits {steps}, {ALWAYS}"))
        if len(steps) != edits and not deleted:
            found.append(Violation(LOST if len(steps) < edits else DOUBLED, f"{what}, and it has {edits} edits"))
        return found


def _step(arrival: Arrival) -> int:
    target = arrival.activity["object"]
    found = STEP.search(str(target.get("content", ""))) if isinstance(target, dict) else None
    return int(found[1]) if found else 0


def _order_of_members(load: Load) -> list[Violation]:
    """Each host got what each person did in the order in which they did it."""
    found = []
    for host in load.world.neighbours.hosts.values():
        places: dict[tuple[str, str, int], int] = {}
        for number, arrival in enumerate(host.arrivals):
            marker = _marker(arrival)
            if marker is not None:
                places.setdefault((marker, arrival.kind, _step(arrival)), number)
        for member in load.world.members:
            acts = sorted(
                (act for written in load.written if written.member is member for act in written.acts if act.taken),
                key=lambda act: act.at,
            )
            last = -1
            for act in acts:
                step = int(STEP.search(act.text)[1]) if act.kind == "edit" else 0  # type: ignore[index]  # it says so
                kind = {"reply": "Create", "edit": "Update"}.get(act.kind)
                place = places.get((act.marker, kind or "", step))
                if place is None:
                    continue
                if place < last:
                    found.append(Violation(ORDER, f"{host.name} got {act.marker} {act.kind} before what came earlier"))
                last = max(last, place)
    return found


def _marker(arrival: Arrival) -> str | None:
    target = arrival.activity["object"]
    if not isinstance(target, dict):
        return None
    found = re.search(r"By \w+ number \d+:", str(target.get("content", "")))
    return found[0] if found else None
