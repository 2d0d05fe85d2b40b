"""Reading one's own card, and what a community needs as a whole: numbers of five people or more, and nothing else."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.instance import Instance
from server.needs.actions import CardForm
from server.search.words import any_of

FEWEST = 5
"""Nothing is told of fewer people."""
TERM = timedelta(days=120)
MEMBERS = 2_000
TOPICS = 10
QUESTIONS = ("stuck_with", "would_learn", "ask_me_about")


@dataclass(frozen=True, slots=True)
class Topic:
    """A word, and how many people used it."""

    word: str
    people: int


async def card(here: Instance, viewer: Viewer) -> tuple[CardForm, datetime | None]:
    """One's own answers, and when they were looked at last; one query."""
    row = await here.db.row(
        "SELECT account.teaches, account.stuck_with, account.ask_me_about, card.would_learn, card.works_with,"
        " card.may_be_asked, card.no_picks, card.answered_at FROM account"
        " LEFT JOIN needs_card AS card ON card.id = account.actor_id WHERE account.id = :id",
        id=viewer.account_id,
    )
    if row is None:
        return CardForm(), None
    form = CardForm(
        teaches=row["teaches"],
        works_with=row["works_with"] or "",
        stuck_with=row["stuck_with"],
        would_learn=row["would_learn"] or "",
        ask_me_about=row["ask_me_about"],
        may_be_asked=bool(row["may_be_asked"]),
        wants_picks=not row["no_picks"],
    )
    return form, None if row["answered_at"] is None else from_milliseconds(row["answered_at"])


async def needs_of(here: Instance, community_id: str) -> dict[str, list[Topic]]:
    """By question, the words that five members of this server or more used in their answers; one query."""
    rows = await here.db.rows(
        "SELECT account.stuck_with, account.ask_me_about, card.would_learn FROM membership"
        " JOIN account ON account.actor_id = membership.person_id AND account.state = 'active'"
        " LEFT JOIN needs_card AS card ON card.id = account.actor_id"
        " WHERE membership.community_id = :community AND membership.state = 'active'"
        " ORDER BY membership.id LIMIT :most",
        community=community_id,
        most=MEMBERS,
    )
    found = {}
    for question in QUESTIONS:
        people = Counter(word for row in rows for word in set(any_of(row[question] or "")))
        told = [Topic(word, count) for word, count in people.items() if count >= FEWEST]
        found[question] = sorted(told, key=lambda topic: (-topic.people, topic.word))[:TOPICS]
    return found
