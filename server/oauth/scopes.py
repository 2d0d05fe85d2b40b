"""What a token may do: the scopes of Mastodon's client API, from whole areas down to single rights."""

from collections.abc import Iterable

from server.errors import Refused

READ = (
    "accounts", "blocks", "bookmarks", "favourites", "filters", "follows", "lists", "mutes", "notifications", "search",
    "statuses",
)  # fmt: skip
WRITE = (
    "accounts", "blocks", "bookmarks", "conversations", "favourites", "filters", "follows", "lists", "media", "mutes",
    "notifications", "reports", "statuses",
)  # fmt: skip
WHOLE = ("read", "write", "follow", "push", "profile")
KNOWN = (*WHOLE, *(f"read:{area}" for area in READ), *(f"write:{area}" for area in WRITE))
DEFAULT = ("read",)
MAX_LETTERS = 2000

_FOLLOW = frozenset(f"{kind}:{area}" for kind in ("read", "write") for area in ("follows", "blocks", "mutes"))


class UnknownScope(Refused):
    """A scope that there is not, or that the app did not say it would ask for."""


def parse(text: str) -> tuple[str, ...]:
    """The scopes in a text, each once; ``read`` for none. Raises UnknownScope."""
    wanted = tuple(dict.fromkeys(text[:MAX_LETTERS].replace("+", " ").split())) or DEFAULT
    unknown = [scope for scope in wanted if scope not in KNOWN]
    if unknown:
        raise UnknownScope(f"There is no scope {unknown[0][:60]}.")
    return wanted


def covers(granted: Iterable[str], needed: str) -> bool:
    """Whether these scopes include another: ``read`` includes ``read:statuses``."""
    have = set(granted)
    return needed in have or needed.partition(":")[0] in have or ("follow" in have and needed in _FOLLOW)


def check_within(wanted: Iterable[str], registered: Iterable[str]) -> None:
    """Raise UnknownScope where an app asks for more than it said it would."""
    limits = tuple(registered)
    for scope in wanted:
        if not covers(limits, scope):
            raise UnknownScope(f"This app did not say that it would ask for {scope}.")
