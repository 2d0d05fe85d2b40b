"""Who gets an activity: which dialect a host speaks, and which inboxes to send to. Pure."""

from collections.abc import Collection, Iterable
from typing import Literal

from federation.errors import InvalidDocument
from federation.vocab.base import host_of, same_origin

Dialect = Literal["threadiverse", "microblog", "unknown"]

GROUP_FEDERATION = frozenset({"https://w3id.org/fep/1b12"})

VERIFIES_ED25519 = frozenset({"peerhall"})
"""Software that is known to verify RFC 9421 with Ed25519, which costs a fifteenth of RSA to sign."""

THREADIVERSE_SOFTWARE = frozenset(
    {"lemmy", "piefed", "mbin", "kbin", "nodebb", "discourse", "lotide", "friendica", "peerhall", "fedibb", "azorius"}
)
MICROBLOG_SOFTWARE = frozenset(
    {
        "mastodon",
        "glitchcafe",
        "hometown",
        "gotosocial",
        "pleroma",
        "akkoma",
        "misskey",
        "sharkey",
        "firefish",
        "iceshrimp",
        "pixelfed",
        "snac",
        "takahe",
        "mitra",
        "wordpress",
        "ghost",
        "writefreely",
        "bookwyrm",
        "honk",
        "threads",
    }
)


def classify(
    implements: Collection[str],
    software: str | None,
    seen_group_behaviour: bool,
    *,
    threadiverse_software: Collection[str] = THREADIVERSE_SOFTWARE,
) -> Dialect:
    """What a host speaks: by what it says, then by what it does, and by its software's name last (FEP-0151)."""
    if not GROUP_FEDERATION.isdisjoint(implements) or seen_group_behaviour:
        return "threadiverse"
    name = (software or "").strip().lower()
    if name in threadiverse_software:
        return "threadiverse"
    return "microblog" if name in MICROBLOG_SOFTWARE else "unknown"


def inboxes(
    recipients: Iterable[tuple[str, str | None]],
    *,
    origin: str,
    skip_hosts: Collection[str] = (),
) -> tuple[str, ...]:
    """The inboxes to send to, each once, in order.

    `recipients` are (inbox, shared inbox or None). A shared inbox is used where there is one; our own addresses
    (`origin`), `skip_hosts`, and whatever is not an address are left out (S16).
    """
    found: dict[str, None] = {}
    for inbox, shared in recipients:
        for address in (shared, inbox):
            if address:
                if _usable(address, origin, skip_hosts):
                    found[address] = None
                break
    return tuple(found)


def _usable(address: str, origin: str, skip_hosts: Collection[str]) -> bool:
    try:
        host = host_of(address)
    except InvalidDocument:
        return False
    return not same_origin(address, origin) and host not in skip_hosts
