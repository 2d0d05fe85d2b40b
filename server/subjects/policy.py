"""Which practices belong to a subject, what may be passed on, and the words of its profile: pure functions."""

from server.actors.policy import clean_name
from server.communities.policy import PUBLIC as OPEN_TO_ALL
from server.communities.policy import SUPPORT
from server.errors import Invalid
from server.posts.policy import PUBLIC
from server.text import slugify

MAX_SUBJECTS = 200
MAX_WORDS = 120
HANDLE = 30
CAUGHT_UP = 20
"""So many of the latest practices a subject begins with: a flood would help nobody."""


def fits(subject: str, level: str, *, said_subject: str, said_level: str) -> bool:
    """Whether a practice that says this belongs to a subject, however it is spelled in capitals and spaces."""
    return _key(subject) == _key(said_subject) != "" and (not level or _key(level) == _key(said_level))


def same(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two pairs of subject and level are the same."""
    return tuple(map(_key, one)) == tuple(map(_key, other))


def may_pass_on(*, kind: str, is_local: bool, state: str, visibility: str, place: tuple[str, str] | None) -> bool:
    """Whether a subject may pass a post on: practices of ours that everybody reads, and nothing narrower (S15).

    `place` is kind and visibility of the community that it is in.
    """
    return (
        kind in {"practice", "tip"}
        and is_local
        and state == "visible"
        and visibility == PUBLIC
        and (place is None or (place[0] != SUPPORT and place[1] == OPEN_TO_ALL))
    )


def checked(subject: str, level: str, handle: str) -> tuple[str, str, str]:
    """Subject, level and handle, tidied; a handle is made of them where none is given. Raises Invalid."""
    subject, level = clean_name(subject, MAX_WORDS), clean_name(level, MAX_WORDS)
    if not subject:
        raise Invalid("Write the subject as practices say it.", field="subject")
    made = slugify(f"{subject} {level}")[:HANDLE].strip("-")
    return subject, level, handle.strip().removeprefix("@") or made


def name_of(subject: str, level: str) -> str:
    """The name that people see."""
    return clean_name(f"{subject} · {level}" if level else subject)


def _key(text: str) -> str:
    return " ".join(text.casefold().split())
