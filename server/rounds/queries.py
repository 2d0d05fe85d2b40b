"""Reading rounds: who was heard, and what the viewer may do."""

from dataclasses import dataclass
from datetime import datetime

from server.actors.queries import LABEL_COLUMNS, PersonLabel, label_of
from server.actors.viewer import Viewer
from server.communities import roster
from server.instance import Instance
from server.posts.models import Post
from server.posts.policy import OPEN
from server.posts.queries import PostView
from server.rounds.actions import state_of
from server.rounds.models import Round
from server.rounds.policy import MOST, WAITING, why_not_hosted, why_not_passed


@dataclass(frozen=True, slots=True)
class Entry:
    """One person in a round. `person` is None for somebody who is not known here, and only `host` is.

    `state`: ``waiting``, ``answered``, ``passed``, or ``left`` for who is no member any more and is not waited for.
    """

    person: PersonLabel | None
    host: str
    state: str
    is_me: bool
    nudged: bool
    can_nudge: bool


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """How a round stands. `mine` is the viewer's turn, empty where they are not asked.

    `is_hidden` is what happens here, as `turning.hides` has it, whatever a round from elsewhere says of itself.
    """

    is_open: bool
    is_hidden: bool
    closed_at: datetime | None
    reason: str
    entries: tuple[Entry, ...]
    waiting: int
    answered: int
    passed: int
    mine: str
    can_pass: bool
    can_close: bool


async def round_of(here: Instance, viewer: Viewer, post: PostView) -> RoundFacts | None:
    """How a round stands that the viewer was shown; never what anybody answered."""
    found = await Round.get_or_none(id=post.id)
    if found is None:
        return None
    shown = await Post.get(id=post.id)
    state = await state_of(here, viewer, shown)
    hosts = not why_not_hosted(state) and post.state == "visible"
    rows = await here.db.rows(
        f"SELECT {LABEL_COLUMNS}, round_turn.person_uri, round_turn.state AS turn_state, round_turn.nudged_at,"
        " CASE WHEN membership.id IS NULL THEN 0 ELSE 1 END AS is_member FROM round_turn"
        " LEFT JOIN actor ON actor.uri = round_turn.person_uri AND actor.deleted_at IS NULL"
        " LEFT JOIN membership ON membership.person_id = actor.id AND membership.community_id = :community"
        " AND membership.state = 'active' WHERE round_turn.round_id = :round"
        " ORDER BY CASE round_turn.state WHEN 'waiting' THEN 0 WHEN 'answered' THEN 1 ELSE 2 END, round_turn.id"
        " LIMIT :limit",
        community=post.community.id if post.community else "",
        round=post.id,
        limit=MOST,
    )
    entries = []
    for row in rows:
        left = post.is_local and not row["is_member"] and row["turn_state"] == WAITING
        is_me = row["person_uri"] == viewer.actor_uri
        entries.append(
            Entry(
                person=label_of(here, row) if row["id"] is not None else None,
                host=row["person_uri"].split("/")[2],
                state="left" if left else row["turn_state"],
                is_me=is_me,
                nudged=row["nudged_at"] is not None,
                can_nudge=hosts
                and row["turn_state"] == WAITING
                and not left
                and not is_me
                and row["id"] is not None
                and row["nudged_at"] is None,
            )
        )
    return RoundFacts(
        is_open=found.closed_at is None,
        is_hidden=found.is_hidden and shown.visibility not in OPEN and shown.root_id in {None, shown.id},
        closed_at=found.closed_at,
        reason=found.reason,
        entries=tuple(entries),
        waiting=sum(entry.state == WAITING for entry in entries),
        answered=sum(entry.state == "answered" for entry in entries),
        passed=sum(entry.state == "passed" for entry in entries),
        mine=state.mine or "",
        can_pass=post.state == "visible" and not why_not_passed(state),
        can_close=hosts,
    )


async def members(here: Instance, community_id: str) -> list[PersonLabel]:
    """Whom a round in a community could ask, from A to Z."""
    return [member.person for member in await roster.members(here, community_id, limit=MOST)]
