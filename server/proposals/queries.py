"""Reading proposals: those of a community, and how one stands for somebody who looks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.actors.queries import PersonLabel, labels
from server.actors.viewer import Viewer
from server.communities import guidelines
from server.communities import policy as communities
from server.communities.charter import PartDiff
from server.communities.queries import facts_of
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.posts.addresses import page_path
from server.posts.queries import PostView
from server.posts.readable import readable
from server.proposals import policy
from server.proposals.actions import SETTLING, opinions

LISTED = 20


@dataclass(frozen=True, slots=True)
class Line:
    """A proposal in a list."""

    title: str
    url: str
    about: str
    state: str
    version: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal as one viewer sees it. `counts` are those of now, or of the moment when it was decided.

    `mine` is what the viewer said. `can_adopt_from` is when it can be adopted, None where it can be.
    """

    about: str
    changes: list[PartDiff]
    state: str
    counts: dict[str, int]
    note: str
    decided_by: PersonLabel | None
    decided_at: datetime | None
    version: int | None
    mine: str
    can_answer: bool
    can_decide: bool
    can_withdraw: bool
    can_adopt_from: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided it."""
        return self.state == policy.OPEN


async def listed(here: Instance, viewer: Viewer, community_id: str, about: str) -> list[Line]:
    """The newest proposals of a community that the viewer may read, the open ones first."""
    may_read, values = readable(viewer)
    rows = await here.db.rows(
        "SELECT post.title, post.short, post.kind, post.published_at, proposal.about, proposal.state, proposal.version"
        " FROM proposal JOIN post ON post.id = proposal.id WHERE proposal.community_id = :community"
        f" AND proposal.about = :about AND post.state = 'visible' AND {may_read}"
        " ORDER BY CASE WHEN proposal.state = 'open' THEN 0 ELSE 1 END, proposal.id DESC LIMIT :limit",
        community=community_id,
        about=about,
        limit=LISTED,
        **values,
    )
    return [
        Line(
            title=row["title"],
            url=page_path(row["short"], row["title"], row["kind"]),
            about=row["about"],
            state=row["state"],
            version=row["version"],
            at=from_milliseconds(row["published_at"]),
        )
        for row in rows
    ]


async def proposal(here: Instance, viewer: Viewer, post: PostView) -> ProposalView | None:
    """How a proposal that the viewer was shown stands; None where it lives elsewhere. At most four queries."""
    row = await here.db.row(
        "SELECT proposal.*, opinion.answer FROM proposal LEFT JOIN proposal_opinion AS opinion"
        " ON opinion.proposal_id = proposal.id AND opinion.person_id = :me WHERE proposal.id = :id",
        id=post.id,
        me=viewer.actor_id or "",
    )
    if row is None:
        return None
    facts = await facts_of(here, row["community_id"], viewer)
    is_open = row["state"] == policy.OPEN and post.state == "visible"
    stands = post.published_at + SETTLING
    by = row["decided_by_id"]
    return ProposalView(
        about=row["about"],
        changes=[
            PartDiff(part, guidelines.differences(before, after))
            for part, (before, after) in json.loads(row["changes"]).items()
        ],
        state=row["state"],
        counts=await _counts(here, post.id, row),
        note=row["note"],
        decided_by=(await labels(here, [by])).get(by) if by else None,
        decided_at=None if row["decided_at"] is None else from_milliseconds(row["decided_at"]),
        version=row["version"],
        mine=row["answer"] or "",
        can_answer=is_open and facts is not None and facts.is_member and bool(communities.may_reply(facts)),
        can_decide=is_open and facts is not None and bool(policy.may_decide(facts)),
        can_withdraw=is_open and post.is_mine,
        can_adopt_from=stands if here.clock.now() < stands else None,
    )


async def facts(here: Instance, ids: Sequence[str]) -> dict[str, list[str]]:
    """What the cards of proposals say: whether they are decided."""
    named = {f"id_{number}": post_id for number, post_id in enumerate(ids)}
    rows = await here.db.rows(
        f"SELECT id, state FROM proposal WHERE id IN ({', '.join(':' + name for name in named)}) ORDER BY id", **named
    )
    return {row["id"]: [STATES[row["state"]]] for row in rows}


STATES = {
    policy.OPEN: "Open for opinions",
    policy.ADOPTED: "Adopted",
    policy.DECLINED: "Not adopted",
    policy.WITHDRAWN: "Taken back",
}


async def _counts(here: Instance, post_id: str, row: Row) -> dict[str, int]:
    if row["state"] == policy.OPEN:
        return await opinions(here, post_id)
    return {answer: row[answer] for answer in policy.ANSWERS}
