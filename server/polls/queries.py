"""Reading polls: what can be chosen, how it stands, and what the viewer chose; never who chose what."""

from dataclasses import dataclass
from datetime import datetime

from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.instance import Instance
from server.polls.policy import is_over
from server.posts.queries import PostView


@dataclass(frozen=True, slots=True)
class OptionView:
    """One answer: how many chose it, how much of all that is, and whether the viewer did."""

    position: int
    name: str
    votes: int
    percent: int
    is_mine: bool


@dataclass(frozen=True, slots=True)
class PollView:
    """A poll as one viewer sees it. `voters` None: its server does not say how many people voted.

    `shows_result`: what they see first; before they have voted they have to ask for it, so as not to be led by others.
    `hides_result`: who asks wants nobody to see how it stands before it is over, so every number is 0.
    """

    options: tuple[OptionView, ...]
    is_multiple: bool
    ends_at: datetime | None
    is_over: bool
    has_voted: bool
    can_vote: bool
    shows_result: bool
    voters: int | None
    total: int
    hides_result: bool = False


async def poll(here: Instance, viewer: Viewer, post: PostView) -> PollView | None:
    """The poll of a post that the viewer was shown, in two queries; None where it came without."""
    found = None
    if post.kind == "poll":
        found = await here.db.row(
            "SELECT is_multiple, ends_at, closed_at, voters_count, hides_totals FROM poll WHERE id = :id", id=post.id
        )
    if found is None:
        return None
    rows = await here.db.rows(
        "SELECT poll_option.position, poll_option.name, poll_option.votes, mine.position AS chosen FROM poll_option"
        " LEFT JOIN poll_vote AS mine ON mine.poll_id = poll_option.poll_id AND mine.position = poll_option.position"
        " AND mine.actor_id = :me WHERE poll_option.poll_id = :id ORDER BY poll_option.position LIMIT 50",
        id=post.id,
        me=viewer.actor_id or "",
    )
    ends_at, closed_at = (
        None if found[name] is None else from_milliseconds(found[name]) for name in ("ends_at", "closed_at")
    )
    over = is_over(ends_at=ends_at, closed_at=closed_at, now=here.clock.now())
    hidden = bool(found["hides_totals"]) and not over
    if hidden:
        rows = [{**row, "votes": 0} for row in rows]
    total = sum(row["votes"] for row in rows)
    # Of several choices each, shares are of the people, as far as they are known.
    whole = (found["voters_count"] if found["is_multiple"] else None) or total
    options = tuple(
        OptionView(
            position=row["position"],
            name=row["name"],
            votes=row["votes"],
            percent=min(100, round(100 * row["votes"] / whole)) if whole else 0,
            is_mine=row["chosen"] is not None,
        )
        for row in rows
    )
    has_voted = any(option.is_mine for option in options)
    can_vote = viewer.actor_id is not None and not over and not has_voted and post.state == "visible"
    return PollView(
        options=options,
        is_multiple=bool(found["is_multiple"]),
        ends_at=ends_at,
        is_over=over,
        has_voted=has_voted,
        can_vote=can_vote,
        shows_result=not can_vote,
        voters=found["voters_count"],
        total=total,
        hides_result=hidden,
    )
