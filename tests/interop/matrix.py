"""What was tried with which other software: the matrix in FEDERATION.md and the lists in docs/peers.md, from facts.

Facts are the recorded documents (their index and KNOWN.md), the `scenario` marks of the live tests, and what became of
those when they were run. `make peers` and `make documents` write; tests/project/test_matrix.py says when it is due.
"""

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INTEROP = ROOT / "tests" / "interop"
INDEX = ROOT.parent / "shared" / "fixtures" / "activities" / "index.json"
KNOWN = INTEROP / "KNOWN.md"
FEDERATION = ROOT / "FEDERATION.md"
PEERS = ROOT / "docs" / "peers.md"
BEGIN, END = "<!-- matrix -->", "<!-- end of matrix -->"

CAPABILITIES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "actor": ("people, communities, servers are read", ("store_actor",)),
    "webfinger": ("WebFinger and NodeInfo", ("webfinger_read", "nodeinfo_read")),
    "follow": (
        "follow, answer, undo",
        (
            "follow_request",
            "accept_follow",
            "reject_follow",
            "undo_follow",
            "accept_by_id",
            "reject_by_id",
            "undo_by_id",
            "accept_other",
            "reject_other",
        ),
    ),
    "post": ("posts of every type", ("create_post", "post_object")),
    "reply": ("replies", ("create_reply", "reply_object")),
    "edit": ("edits", ("update_post", "update_reply")),
    "delete": ("deletions", ("delete_object", "delete_actor", "tombstone_object", "undo_delete")),
    "like": ("likes and reactions", ("vote_up", "vote_down", "undo_like", "reaction")),
    "boost": ("boosts", ("boost", "boost_object", "undo_announce")),
    "community": (
        "communities pass activities on",
        (
            "group_announce_create",
            "group_announce_update",
            "group_announce_delete",
            "group_announce_like",
            "group_announce_remove",
            "group_announce_undo",
            "invite_group",
        ),
    ),
    "collection": ("collections", ("collection_read",)),
    "poll": ("polls and votes", ("create_poll", "poll_object", "poll_vote")),
    "event": ("events", ("create_event", "event_object", "join_event")),
    "report": ("reports", ("report_in", "resolve_report", "warn")),
    "block": ("blocks and bans", ("ban_or_block", "undo_ban_or_block")),
    "moderation": (
        "locks, pins, moderators",
        ("lock", "unlock", "mod_add", "mod_remove", "pin_add", "pin_remove", "add_other"),
    ),
    "policy": ("quotes, approvals", ("quote_request", "approval_object")),
    "move": ("moves", ("move",)),
    "privacy": ("what is for members stays theirs", ()),
    "signatures": ("both ways of signing", ()),
    "proofs": ("integrity proofs", ()),
    "inspect": ("`peerhall inspect`", ()),
}
"""What a peer can do with us, and the effects in the index of recorded documents that show it."""

SOFTWARE = {
    "mastodon": "Mastodon",
    "gotosocial": "GoToSocial",
    "pleroma": "Pleroma",
    "misskey": "Misskey",
    "lemmy": "Lemmy",
    "piefed": "PieFed",
    "mbin": "Mbin",
    "nodebb": "NodeBB",
    "discourse": "Discourse",
    "friendica": "Friendica",
    "mobilizon": "Mobilizon",
    "peertube": "PeerTube",
    "bookwyrm": "BookWyrm",
    "wordpress": "WordPress",
    "fedify": "Fedify",
}
"""The columns; what else was recorded stands in docs/peers.md."""


@dataclass(frozen=True, slots=True, order=True)
class Scenario:
    """One thing that a live test shows."""

    peer: str
    capability: str
    what: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded document. `differs`: it has another effect than expected, for a reason that KNOWN.md gives."""

    system: str
    name: str
    capability: str
    differs: bool


def scenarios() -> list[Scenario]:
    """What the live tests show, by their marks, in the order of the files."""
    found: dict[Scenario, None] = {}
    for path in sorted(INTEROP.glob("*/test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "scenario":
                found[Scenario(*[str(ast.literal_eval(argument)) for argument in node.args])] = None
    return list(found)


def recorded() -> list[Recorded]:
    """The recorded documents that the replay plays."""
    differing = set(re.findall(r"^\| `([^`]+)` \|", KNOWN.read_text(encoding="utf-8"), flags=re.MULTILINE))
    by_effect = {effect: key for key, (_, effects) in CAPABILITIES.items() for effect in effects}
    found = []
    for entry in json.loads(INDEX.read_text(encoding="utf-8")):
        name = entry["file"].removeprefix("visible/")
        found.append(
            Recorded(entry["system"], name, by_effect.get(entry["expect"], entry["expect"]), name in differing)
        )
    return found


def matrix() -> str:
    """The matrix of FEDERATION.md: how many recorded documents do what they should, and where a live peer was tried."""
    live = {(scenario.peer.lower(), scenario.capability) for scenario in scenarios()}
    documents: dict[tuple[str, str], list[Recorded]] = defaultdict(list)
    for each in recorded():
        documents[each.system, each.capability].append(each)
    lines = [
        f"| | {' | '.join(SOFTWARE.values())} |",
        f"|---|{'---|' * len(SOFTWARE)}",
    ]
    for key, (words, _) in CAPABILITIES.items():
        cells = [_cell(documents[system, key], (system, key) in live) for system in SOFTWARE]
        if any(cell != "–" for cell in cells):
            lines.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(documents: list[Recorded], is_live: bool) -> str:
    good = sum(not each.differs for each in documents)
    count = "" if not documents else str(good) if good == len(documents) else f"{good} of {len(documents)}"
    return " ".join(part for part in (count, "**live**" if is_live else "") if part) or "–"


def peers(results: Mapping[Scenario, str]) -> str:
    """docs/peers.md."""
    return "\n".join([_HEAD, *_live(results), _MIDDLE, *_lists()]) + "\n"


def _live(results: Mapping[Scenario, str]) -> Iterator[str]:
    yield "| Peer | Shows | Result |"
    yield "|---|---|---|"
    for each in scenarios():
        yield f"| {each.peer} | {each.what} | {results.get(each, 'not run')} |"


def _lists() -> Iterator[str]:
    documents: dict[tuple[str, str], list[Recorded]] = defaultdict(list)
    for each in recorded():
        documents[each.system, each.capability].append(each)
    yield "| Software | What | Documents |"
    yield "|---|---|---|"
    for (system, capability), those in sorted(documents.items()):
        words = CAPABILITIES[capability][0] if capability in CAPABILITIES else _OUTSIDE.get(capability, capability)
        names = ", ".join(f"`{each.name.partition('/')[2]}`" + ("\\*" if each.differs else "") for each in those)
        yield f"| {SOFTWARE.get(system, system)} | {words} | {names} |"
    total, differing = _sums()
    yield ""
    yield f"{total} in all, {total - differing} as expected."


def _sums() -> tuple[int, int]:
    documents = recorded()
    return len(documents), sum(each.differs for each in documents)


def results() -> dict[Scenario, str]:
    """What became of the live tests when they were last run, as docs/peers.md says."""
    if not PEERS.is_file():
        return {}
    rows = re.findall(r"^\| ([^|]+) \| (.+) \| ([^|]+) \|$", PEERS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    by_words = {(each.peer, each.what): each for each in scenarios()}
    return {by_words[peer, what]: result for peer, what, result in rows if (peer, what) in by_words}


def write(new: Mapping[Scenario, str] | None = None) -> None:
    """Write both documents, with results of a run where there was one."""
    PEERS.write_text(peers({**results(), **(new or {})}), encoding="utf-8")
    text = FEDERATION.read_text(encoding="utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    FEDERATION.write_text(f"{before}{BEGIN}\n\n{matrix()}\n\n{END}{after}", encoding="utf-8")


_OUTSIDE = {"accept_and_ignore": "outside of what we do: read and ignored", "reject": "attacks: refused"}

_HEAD = """# What was tried with whom

Written by `make peers` and `make documents`; a test fails when this list and the tests differ. The summary is in
[FEDERATION.md](../FEDERATION.md#who-was-tried).

## Live, on loopback
Our server as it really runs, beside another implementation: `tests/interop/` has a folder and a README for each.
"""

_MIDDLE = """
## Recorded documents
Played against a running instance by `tests/interop/test_fixture_replay.py`, on both databases. A star: the effect
differs from what the collection expects, for a reason that `tests/interop/KNOWN.md` gives.
"""

if __name__ == "__main__":
    write()
