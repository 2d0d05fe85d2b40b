"""Polls: reading a Question of anybody's and the votes of others; writing a Question and votes of ours.

There is no type for a vote: it is a Note with a name and nothing else, in answer to the Question (Mastodon and most
others), or a PollVote (PieFed).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from federation.vocab import activities
from federation.vocab.base import dicts_of, id_of, items_of, non_negative, text_of, timestamp, timestamp_of, types_of

MAX_OPTIONS = 50
MAX_OPTION = 500


@dataclass(frozen=True, slots=True)
class PollOption:
    """One answer of a poll and how many have chosen it."""

    name: str
    votes: int


@dataclass(frozen=True, slots=True)
class RemotePoll:
    """What a Question says besides its text. `ends_at` None: it has no end; `voters` None: nobody says how many."""

    options: tuple[PollOption, ...]
    is_multiple: bool
    voters: int | None
    ends_at: datetime | None
    is_closed: bool


@dataclass(frozen=True, slots=True)
class RemoteVote:
    """One choice: the id of the Question, and the name of the option."""

    question: str
    option: str


def options_of(document: Mapping[str, object]) -> tuple[PollOption, ...]:
    """The options of a Question, each name once."""
    listed = document.get("oneOf") if document.get("oneOf") else document.get("anyOf")
    options: dict[str, PollOption] = {}
    for item in dicts_of(listed, limit=MAX_OPTIONS):
        name = text_of(item.get("name")).strip()[:MAX_OPTION]
        if name:
            options.setdefault(name, PollOption(name=name, votes=_votes(item)))
    return tuple(options.values())


def poll_of(document: Mapping[str, object]) -> RemotePoll | None:
    """The poll in a Question; None where it has no options."""
    options = options_of(document)
    if not options:
        return None
    closed = document.get("closed")
    # Pleroma's `closed` is the time of the end, also before that comes.
    ends_at = timestamp_of(document.get("endTime")) or timestamp_of(closed)
    return RemotePoll(
        options=options,
        is_multiple=not document.get("oneOf"),
        voters=non_negative(document.get("votersCount")),
        ends_at=ends_at,
        is_closed=closed is True,
    )


def vote_of(document: object) -> RemoteVote | None:
    """The vote that the object of a Create is; None for anything else. GoToSocial's have no id."""
    if not isinstance(document, dict) or not {"Note", "Answer"} & set(types_of(document)):
        return None
    question = next((uri for item in items_of(document.get("inReplyTo"), limit=2) if (uri := id_of(item))), None)
    option = text_of(document.get("name")).strip()[:MAX_OPTION]
    wrote = any(text_of(document.get(key)).strip() for key in ("content", "contentMap", "summary", "source"))
    if question is None or not option or wrote or document.get("attachment"):
        return None
    return RemoteVote(question=question, option=option)


def poll_keys(
    options: Sequence[tuple[str, int]],
    *,
    is_multiple: bool,
    voters: int,
    ends_at: datetime,
    closed_at: datetime | None = None,
) -> dict[str, object]:
    """The keys of a Question of ours. PieFed needs `endTime`."""
    keys: dict[str, object] = {"endTime": timestamp(ends_at)}
    if closed_at is not None:
        keys["closed"] = timestamp(closed_at)
    keys["votersCount"] = voters
    keys["anyOf" if is_multiple else "oneOf"] = [
        {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": votes}}
        for name, votes in options
    ]
    return keys


def vote(*, id: str, note_id: str, actor: str, author: str, question: str, option: str) -> activities.Json:
    """A vote of ours: for the poll's author alone, and without a proof, so that nobody can pass it on."""
    note: dict[str, object] = {
        "id": note_id,
        "type": "Note",
        "attributedTo": actor,
        "to": [author],
        "cc": [],
        "inReplyTo": question,
        "name": option,
    }
    return activities.create(id=id, actor=actor, object=note, to=[author])


def _votes(option: Mapping[str, object]) -> int:
    replies = option.get("replies")
    told = non_negative(replies.get("totalItems")) if isinstance(replies, dict) else None
    # Misskey says it in a key of its own.
    return told if told is not None else non_negative(option.get("_misskey_votes")) or 0
