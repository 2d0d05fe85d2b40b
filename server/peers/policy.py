"""Whom we talk to: pure functions of the federation mode and a server's grade (product/safety.md 5.7)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from federation.errors import InvalidDocument
from federation.vocab.base import host_of
from server.errors import Invalid

TRUSTED, NORMAL, HELD, LIMITED, NO_MEDIA, BLOCKED = GRADES = (
    "trusted",
    "normal",
    "held",
    "limited",
    "no_media",
    "blocked",
)

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_\-.]*[a-z0-9_])?)(:[0-9]{1,5})?")


def host_named(text: str) -> str:
    """The host in what a person typed: a domain, an address or a handle. Raises Invalid."""
    text = text.strip()
    if "://" not in text:
        text = "https://" + text.lstrip("@").rpartition("@")[2].rstrip(".")
    try:
        host = canonical(host_of(text))
    except InvalidDocument:
        host = ""
    if not _HOST.fullmatch(host) or ("." not in host and ":" not in host and host != "localhost"):
        raise Invalid("Write a domain, such as riverside.example.", field="host")
    return host


def canonical(host: str) -> str:
    """One spelling per host: lower-case, without a final dot."""
    name, colon, port = host.lower().partition(":") if not host.startswith("[") else (host.lower(), "", "")
    return name.rstrip(".") + colon + port


def candidates(host: str) -> list[str]:
    """The names under which a grade may stand for this host: itself, without its port, and its parent domains."""
    host = canonical(host)
    found = [host]
    bare = host if host.startswith("[") else host.partition(":")[0]
    if bare != host:
        found.append(bare)
    labels = bare.split(".")
    if not bare.startswith("[") and not labels[-1].isdigit():
        found.extend(".".join(labels[start:]) for start in range(1, len(labels) - 1))
    return found


def grade_among(chosen: Mapping[str, str], host: str) -> str:
    """The grade of a host. A restriction of a domain covers its subdomains and ports; trust does not spread."""
    exact, *wider = candidates(host)
    own = chosen.get(exact, NORMAL)
    if own == BLOCKED:
        return own
    for name in wider:
        found = chosen.get(name, NORMAL)
        if found == BLOCKED or (exact not in chosen and found not in {NORMAL, TRUSTED}):
            return found
    return own


@dataclass(frozen=True, slots=True)
class Effects:
    """What may pass between us and a server, and how its people are shown here.

    `holds`: what waits for a steward before it has any effect: ``nothing``, the ``first`` post of a stranger, or
    ``everything``. `found`: in directories, search, lists, and timelines of people who do not follow them.
    `is_network`: what is for the network (V1) goes there and is taken from there. `letters`: strangers there may
    write to one person alone. `window`: we are only looked at from there (`WINDOWS`); empty where more may pass.
    """

    receives: bool = True
    sends: bool = True
    holds: str = "nothing"
    shown: bool = True
    found: bool = True
    strangers_notify: bool = True
    media: bool = True
    is_network: bool = False
    letters: bool = True
    window: str = ""


OF_GRADE = {
    TRUSTED: Effects(is_network=True),
    NORMAL: Effects(),
    HELD: Effects(holds="everything"),
    LIMITED: Effects(holds="first", found=False, strangers_notify=False, letters=False),
    NO_MEDIA: Effects(media=False),
    BLOCKED: Effects(
        receives=False,
        sends=False,
        holds="everything",
        shown=False,
        found=False,
        strangers_notify=False,
        media=False,
        letters=False,
    ),
}
"""The one table of what a grade does; `effects` adds what follows from the mode of this server."""

CLOSED, CONSORTIUM, CAREFUL, OPEN = MODES = ("closed", "consortium", "careful", "open")
SHUT, FOLLOWS, REPLIES = WINDOWS = ("", "follows", "replies")
"""What the servers that a consortium did not choose may do: nothing; follow and read what is public; answer it as well,
which then waits for a steward."""
IN_A_WINDOW = frozenset(
    {"Accept", "Block", "Delete", "Flag", "Follow", "Leave", "Reject", "TentativeReject", "Undo", "Update"}
)
"""What comes in through a window, beside answers: follows and their ends, what takes something away, a cry for help."""
WINDOW = Effects(holds="everything", media=False, letters=False, window=FOLLOWS)

APART = "apart"
"""What stands with actors in place of a grade while their server is out of the network that had let it in."""
QUIET = (*(grade for grade, line in OF_GRADE.items() if not line.found), APART)
HIDDEN = (*(grade for grade, line in OF_GRADE.items() if not line.shown), APART)

PASSES_THOUGH_HELD = frozenset(
    {"Accept", "Block", "Delete", "Flag", "Ignore", "Leave", "Reject", "Remove", "Resolve", "TentativeReject", "Undo"}
)
"""What takes something away, answers us, or asks for help: making that wait would hurt somebody."""
HELD_AS_POSTS = frozenset({"Create"})
"""Posts are taken in and wait as such, so that a steward reads them as they will look."""


MEMBER, MET, PARTED = VOUCHES = ("member", "met", "parted")
"""What a network says of a server: it is a member, it has to be talked to before it can be one, or it was one.

Of what several networks say, the first of these counts.
"""


def shown_as(mode: str, grade: str, *, chosen: bool, vouch: str) -> str:
    """How the people of a server are shown: by its grade, or not at all while it is out of its network.

    Where we talk only with those we chose, what a former member wrote can be neither changed nor deleted any more: so
    nobody reads it until the server is back, or an admin decided otherwise.
    """
    apart = vouch == PARTED and mode == "consortium" and not chosen and grade == NORMAL
    return APART if apart else grade


def effects(mode: str, grade: str, *, chosen: bool, vouch: str = "", window: str = SHUT) -> Effects:
    """What a grade does in a federation mode. `chosen`: an admin graded this very host; consortium mode asks for that.

    `window` is what a consortium lets everybody else do.

    In a consortium everybody who was chosen and is not held back is of the network; else those who are trusted.
    `vouch` is what a network says of the host: it lets in, makes it one of the network and no stranger, unless an
    admin decided otherwise. Who is only met can ask and be answered, where nothing else passes without being chosen.
    """
    is_own_choice = chosen or grade != NORMAL
    if vouch == MET and not is_own_choice and mode == "consortium":
        return OF_GRADE[LIMITED]
    line = OF_GRADE[grade]
    chosen = chosen or (vouch == MEMBER and not is_own_choice)
    talks = line.receives and mode != "closed" and (mode != "consortium" or chosen)
    if not talks and window and mode == "consortium" and vouch != PARTED and grade in {NORMAL, TRUSTED}:
        return replace(WINDOW, window=window)
    if not talks:
        return replace(line, receives=False, sends=False, media=False, is_network=False)
    if grade not in {NORMAL, NO_MEDIA}:
        return line
    is_known = vouch == MEMBER and not is_own_choice
    return replace(
        line,
        is_network=mode == "consortium" or vouch == MEMBER,
        holds="first" if mode == "careful" and not is_known else line.holds,
        letters=mode != "careful" or is_known,
    )


def holds(line: Effects, activity_type: str) -> bool:
    """Whether an activity of this type waits for a steward as a whole, before it has any effect."""
    passes = PASSES_THOUGH_HELD | HELD_AS_POSTS | (IN_A_WINDOW if line.window else frozenset())
    return line.holds == "everything" and activity_type not in passes


def takes(line: Effects, activity_type: str) -> bool:
    """Whether an activity of this type may come in at all."""
    if not line.window:
        return line.receives
    return activity_type in IN_A_WINDOW or (line.window == REPLIES and activity_type == "Create")


def in_sql(grades: tuple[str, ...]) -> str:
    """Grades as a list in SQL."""
    return "(" + ", ".join(f"'{grade}'" for grade in grades) + ")"
