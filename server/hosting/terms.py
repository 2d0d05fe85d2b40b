"""Terms of a community: what was reached is written down, everybody is carried on or asked again, the charter renewed.

The community stays the same, with all that was said in it: nobody has to find a new one (N18).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.communities import charter, queries
from server.communities import policy as communities
from server.communities.events import CommunityChanged
from server.communities.form import MAX_TEXT, is_day
from server.communities.models import Community, Membership
from server.communities.page import Goal, goals_of
from server.communities.policy import Denied
from server.db import from_milliseconds
from server.errors import Invalid, NotAllowed, NotFound
from server.hosting.models import Term
from server.ids import new_id
from server.instance import Instance
from server.posts import actions as posts
from server.posts.actions import NewPost
from server.text import clean_text


@dataclass(frozen=True, slots=True)
class TermForm:
    """What somebody fills in: what was reached, and the parts of the charter as they are from now on.

    `ask_again`: members here say whether they go on; nobody is taken out who does not. `post_title` and `post_text`
    are what everybody is told, also on other servers; ``{reached}`` and ``{until}`` in the text are filled in.
    """

    reached: str
    parts: Mapping[str, str] = field(default_factory=dict)
    ask_again: bool = False
    post_title: str = "A new term"
    post_text: str = "**What we reached:** {reached}\n\nWe go on until {until}. Whoever does not want to can leave."
    language: str = "en"


@dataclass(frozen=True, slots=True)
class PastTerm:
    """A term that is over: when it was, what was reached, and the goals with what was there."""

    number: int
    first_day: str
    last_day: str
    reached: str
    charter_version: int
    members: int
    goals: tuple[Goal, ...]
    ended_at: datetime


async def roll_over(here: Instance, acting: Viewer, community_id: str, form: TermForm) -> int:
    """End the term and begin the next one; returns the number of the one that ended. Raises Invalid."""
    facts = await queries.facts_of(here, community_id, acting)
    if facts is None or communities.view(facts) == communities.CLOSED:
        raise NotFound
    verdict = communities.may_edit(facts)
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)
    reached = clean_text(form.reached).strip()
    needs = ("objectives", "outcomes", "cadence") if facts.kind == communities.FORMAL else ()
    _check(form, reached, here.clock.now().date(), needs)
    now, me = here.clock.now(), str(acting.actor_id)
    handle = f"@{(await Actor.get(id=community_id)).username}"
    async with here.db.transaction():
        await here.db.execute("UPDATE community SET id = id WHERE id = :id", id=community_id)
        community = await Community.get(id=community_id)
        number = 1 + await Term.filter(community_id=community_id).count()
        await Term.create(
            id=new_id(now),
            community_id=community_id,
            number=number,
            first_day=community.term_from or community.created_at.date().isoformat(),
            last_day=community.term_until or now.date().isoformat(),
            reached=reached,
            charter_version=community.charter_version,
            members=community.members_count,
            goals=[list(community.goals or ()), community.deliverables or []],
            ended_at=now,
        )
        parts = charter.parts_of(community) | {name: text.strip() for name, text in form.parts.items()}
        parts["term_from"] = parts["term_from"] or now.date().isoformat()
        await charter.write_version(here, community, parts, by_id=me, why=form.post_title[:500])
        community.deliverables = [item for item in community.deliverables or () if not item["done"]] or None
        await community.save(update_fields=["charter_version", "deliverables", *charter.PARTS])
        if form.ask_again:
            await here.db.execute(
                "UPDATE membership SET asked_again = :yes WHERE community_id = :id AND state = 'active'"
                " AND person_id <> :me AND NOT from_elsewhere",
                yes=True,
                id=community_id,
                me=me,
            )
        await audit.record(here, by=acting.handle, action="community.term", subject=handle, detail={"term": number})
        await here.events.emit(CommunityChanged(community_id))
    text = form.post_text.replace("{reached}", reached).replace("{until}", parts["term_until"])
    new = NewPost(
        kind="discussion",
        title=form.post_title,
        source_md=text,
        language=form.language,
        visibility=community.visibility,
        community_id=community_id,
    )
    await posts.create_post(here, me, new)
    return number


async def go_on(here: Instance, acting: Viewer, community_id: str) -> None:
    """Say that one goes on in the new term."""
    changed = await Membership.filter(community_id=community_id, person_id=acting.actor_id, state="active").update(
        asked_again=False
    )
    if not changed:
        raise NotFound


async def past(here: Instance, community_id: str) -> list[PastTerm]:
    """The terms that are over, the latest first."""
    rows = await here.db.rows(
        "SELECT * FROM community_term WHERE community_id = :id ORDER BY number DESC LIMIT 50", id=community_id
    )
    return [
        PastTerm(
            number=row["number"],
            first_day=row["first_day"],
            last_day=row["last_day"],
            reached=row["reached"],
            charter_version=row["charter_version"],
            members=row["members"],
            goals=goals_of(tuple((goals := json.loads(row["goals"]))[0]), goals[1]),
            ended_at=from_milliseconds(row["ended_at"]),
        )
        for row in rows
    ]


async def unanswered(here: Instance, community_id: str) -> int:
    """How many have not said yet whether they go on."""
    return await Membership.filter(community_id=community_id, state="active", asked_again=True).count()


def _check(form: TermForm, reached: str, today: date, needs: Sequence[str]) -> None:
    errors = []
    if not reached:
        errors.append(Invalid("Say in a sentence what was reached, also if it was little.", field="reached"))
    if len(reached) > MAX_TEXT:
        errors.append(Invalid(f"Use at most {MAX_TEXT} characters.", field="reached"))
    for part in ("term_from", "term_until"):
        day = form.parts.get(part, "")
        if day and not is_day(day):
            errors.append(Invalid("Write a day as year, month and day, such as 2026-09-01.", field=part))
    until = form.parts.get("term_until", "")
    if not until or (is_day(until) and date.fromisoformat(until) <= today):
        errors.append(Invalid("Say until when the new term lasts: a day that is to come.", field="term_until"))
    errors += [
        Invalid("A formal community needs this. Say what should stand here.", field=part)
        for part in needs
        if not form.parts.get(part, "x").strip()
    ]
    errors += [
        Invalid(f"Use at most {MAX_TEXT} characters.", field=part)
        for part, text in form.parts.items()
        if len(text) > (120 if part == "cadence" else MAX_TEXT)
    ]
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))
