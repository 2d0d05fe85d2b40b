"""Names: which ones people may choose, and how those from elsewhere are made safe to show."""

import re
import unicodedata
from datetime import timedelta

from server.errors import Invalid

USERNAME = re.compile(r"[a-z0-9_]+([.-]+[a-z0-9_]+)*")
USERNAME_LIMITS = (2, 30)
NAME_LIMIT = 100

MOVE_COOLDOWN = timedelta(days=7)
"""How long followers stay put after they were carried over (S14); Mastodon waits as long."""

RESERVED = frozenset(
    """
    about accessibility account accounts actor admin administrator ap api app assets auth c communities community
    everyone feed feeds filters former-member health help here home host inbox info instance invite invitation
    invitations mail media me metrics moderator my network new nobody nodeinfo notifications oauth outbox owner p
    peerhall people postmaster practice practices privacy public relay reports resource resources root search security
    server service settings sign-in sign-out sign-up signin signout signup static status steward support system team
    theme u user users webmaster week well-known www
    """.split()  # noqa: SIM905  # a list of 90 lines would say no more
)

REPORTS = "reports"
"""The service that sends reports to other servers."""

_SPACES = re.compile(r"\s+")
# Directional overrides and isolates, zero-width and other invisible letters: they let a name pretend to be another.
_DANGEROUS = {"Cc", "Cf", "Cs", "Co", "Cn"}


def is_part_of_server(kind: str, username: str) -> bool:
    """Whether an actor of ours is the server itself or its sender of reports, which nobody follows."""
    return kind == "Application" or (kind == "Service" and username == REPORTS)


def check_username(username: str, *, reserved_allowed: bool = False) -> str:
    """The user name in its one spelling; raises Invalid with what to do."""
    name = username.strip().removeprefix("@").lower()
    least, most = USERNAME_LIMITS
    if not least <= len(name) <= most:
        raise Invalid(f"Choose a name of {least} to {most} letters.", field="username")
    if USERNAME.fullmatch(name) is None:
        raise Invalid("Use the letters a to z, digits and _ ; dots and dashes only between them.", field="username")
    if name in RESERVED and not reserved_allowed:
        raise Invalid("This name is kept free. Choose another one.", field="username")
    return name


def clean_name(text: str, limit: int = NAME_LIMIT) -> str:
    """A display name in one line, without letters that nobody can see or that turn the direction of the line."""
    visible = "".join(
        " " if character in "\t\r\n" else character
        for character in text
        if character in "\t\r\n\u200c\u200d" or unicodedata.category(character) not in _DANGEROUS
    )
    kept = _SPACES.sub(" ", visible).strip(" \u200c\u200d")
    return _bounded_marks(kept)[:limit].strip()


def check_display_name(text: str, *, field: str = "name") -> str:
    """The name people see; raises Invalid where nothing is left of it."""
    name = clean_name(text)
    if not name:
        raise Invalid("Write the name that people see.", field=field)
    return name


def _bounded_marks(text: str, most: int = 3) -> str:
    """Stacked combining marks reach into the lines above and below; languages need three at most."""
    result: list[str] = []
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= most:
            result.append(character)
    return "".join(result)
