"""Beginning a network with all that it needs, ticking off its plan, and taking the beginnings away again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from server.actors.actions import new_keys
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.blueprints.models import NetworkPlan
from server.communities import actions as communities
from server.communities.form import CommunityForm, slug_for
from server.communities.models import Community
from server.communities.policy import APPLY, MEMBERS
from server.consortium import actions as consortium
from server.consortium.models import Consortium
from server.db import among
from server.errors import Invalid, NotAllowed, NotFound
from server.instance import Instance

MAX_COMMUNITIES = 5
MAX_STEPS = 12
MAX_STEP = 300
TRIED_HANDLES = 20


@dataclass(frozen=True, slots=True)
class Survey:
    """A step at which all members are asked with a poll, in the community of this number among those that are made."""

    text: str
    question: str
    options: Sequence[str]
    community: int = 0


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a network begins with, in the words of the page that offers it: communities as name and purpose."""

    communities: Sequence[tuple[str, str]]
    steps: Sequence[str | Survey]


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step of a plan. One that asks has a question and options, and the handle of the community to ask in."""

    text: str
    done: bool
    question: str = ""
    options: tuple[str, ...] = ()
    community: str = ""


async def begin(
    here: Instance, acting: Viewer, blueprint: Blueprint, *, name: str, purpose: str, guidelines: str
) -> Consortium:
    """Host a network that begins with communities and a plan. Raises Invalid as `consortium.actions.found` does.

    The communities are for members, who ask for a place: whoever looks after them opens them wider. Where one of them
    cannot be made, there is nothing.
    """
    if not acting.is_admin or acting.actor_id is None:
        raise NotAllowed("Only admins found networks.")
    # They take their time, and nobody else could write meanwhile.
    keys = [await new_keys() for _ in blueprint.communities[:MAX_COMMUNITIES]]
    async with here.db.transaction():
        network = await consortium.found(here, acting.handle, name=name, purpose=purpose, guidelines=guidelines)
        made: list[str] = []
        for (title, aim), pair in zip(blueprint.communities, keys, strict=False):
            form = CommunityForm(name=title, purpose=aim, visibility=MEMBERS, join_policy=APPLY)
            community = await communities.create_community(here, acting, await _with_handle(here, form), keys=pair)
            made.append(community.id)
        steps = [_step(step, made) for step in blueprint.steps[:MAX_STEPS]]
        await NetworkPlan.create(id=network.id, steps=steps, communities=made, created_at=here.clock.now())
        await audit.record(here, by=acting.handle, action="consortium.begin", subject=network.name)
    return network


async def tick(here: Instance, acting: Viewer, slug: str, number: int, *, done: bool) -> None:
    """Say that a step of the plan is done, or is not."""
    async with here.db.transaction():
        plan = await _plan(here, acting, slug)
        # Whoever ticks another step at the same moment waits, and neither tick is lost.
        await here.db.execute("UPDATE network_plan SET id = id WHERE id = :id", id=plan.id)
        await plan.refresh_from_db()
        steps = list(plan.steps or ())
        if not 0 <= number < len(steps):
            raise NotFound
        steps[number] = {**steps[number], "done": done}
        plan.steps = steps
        await plan.save(update_fields=["steps"])


async def take_away(here: Instance, acting: Viewer, slug: str) -> int:
    """Take the plan away, and close its communities that nobody else joined and nobody wrote in; returns how many."""
    closed = 0
    plan = await _plan(here, acting, slug)
    for community_id in plan.communities or ():
        if not await _is_unused(here, community_id, str(acting.actor_id)):
            continue
        await communities.archive_community(here, acting, community_id)
        closed += 1
    async with here.db.transaction():
        await NetworkPlan.filter(id=plan.id).delete()
        await audit.record(here, by=acting.handle, action="consortium.unplan", subject=slug)
    return closed


async def steps_of(here: Instance, slug: str) -> list[PlanStep]:
    """The plan of a network hosted here; empty where it has none. At most three queries."""
    row = await here.db.row(
        "SELECT consortium.id FROM consortium JOIN network_plan ON network_plan.id = consortium.id"
        " WHERE consortium.slug = :slug AND consortium.state = 'hosted'",
        slug=slug,
    )
    plan = None if row is None else await NetworkPlan.get_or_none(id=row["id"])
    steps: list[dict[str, Any]] = list(plan.steps or ()) if plan is not None else []
    asks = {str(step["community"]) for step in steps if step.get("community")}
    places = await _places(here, asks) if asks else {}
    return [
        PlanStep(
            step["text"],
            bool(step["done"]),
            step["question"] if step.get("community") in places else "",
            tuple(step.get("options") or ()),
            places.get(str(step.get("community")), ""),
        )
        for step in steps
    ]


def _step(step: str | Survey, made: Sequence[str]) -> dict[str, object]:
    if isinstance(step, str):
        return {"text": step[:MAX_STEP], "done": False}
    asks = {"community": made[step.community], "question": step.question, "options": list(step.options)}
    return {"text": step.text[:MAX_STEP], "done": False, **asks}


async def _places(here: Instance, ids: Collection[str]) -> dict[str, str]:
    """The handles of those of these communities that are still open."""
    named, values = among(ids)
    rows = await here.db.rows(
        "SELECT actor.id, actor.username FROM actor JOIN community ON community.id = actor.id"
        f" WHERE actor.id IN ({named}) AND community.archived_at IS NULL",
        **values,
    )
    return {row["id"]: row["username"] for row in rows}


async def _plan(here: Instance, acting: Viewer, slug: str) -> NetworkPlan:
    if not acting.is_admin:
        raise NotAllowed("Only admins look after networks.")
    network = await Consortium.get_or_none(slug=slug, state="hosted")
    plan = await NetworkPlan.get_or_none(id=network.id) if network is not None else None
    if plan is None:
        raise NotFound
    return plan


async def _with_handle(here: Instance, form: CommunityForm) -> CommunityForm:
    """A handle that nobody has: its name's, or that with a number."""
    base = slug_for(form.name)[:26].strip("-") or "network"
    for number in range(1, TRIED_HANDLES):
        slug = base if number == 1 else f"{base}-{number}"
        if not await Actor.exists(handle_key=f"{slug}@{here.settings.domain}"):
            return CommunityForm(
                name=form.name,
                purpose=form.purpose,
                slug=slug,
                visibility=form.visibility,
                join_policy=form.join_policy,
            )
    raise Invalid("There are many communities of this name already.", field="name")


async def _is_unused(here: Instance, community_id: str, mine: str) -> bool:
    if not await Community.exists(id=community_id, archived_at=None):
        return False
    others = await here.db.value(
        "SELECT count(*) FROM membership WHERE community_id = :id AND person_id <> :mine"
        " AND state IN ('active', 'applied', 'invited')",
        id=community_id,
        mine=mine,
    )
    posts = await here.db.value("SELECT count(*) FROM post WHERE community_id = :id", id=community_id)
    return not others and not posts
