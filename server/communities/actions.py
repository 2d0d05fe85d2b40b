"""What people do with communities: make, change and close them. Membership is in `members`."""

import asyncio
from dataclasses import replace

from server.actors import actions as actors
from server.actors import queries as actor_queries
from server.actors.events import ActorChanged
from server.actors.keys import NewKeys
from server.actors.models import Actor
from server.actors.relations import is_blocked
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.communities import charter, memberships, policy, queries
from server.communities.events import CommunityChanged, CommunityCreated
from server.communities.form import CommunityForm, checked, slug_for, without_charter
from server.communities.guidelines import accept_guidelines, set_guidelines, write_version
from server.communities.members import (
    apply,
    decide_application,
    invite_member,
    join,
    leave,
    readmit,
    remove_member,
    set_role,
)
from server.communities.models import Community, Membership
from server.communities.policy import Denied
from server.errors import Invalid, NotAllowed, NotFound
from server.instance import Instance
from server.text import render_markdown

__all__ = [
    "CommunityForm",
    "accept_guidelines",
    "apply",
    "archive_community",
    "create_community",
    "create_from_command",
    "decide_application",
    "edit_community",
    "invite_member",
    "join",
    "leave",
    "readmit",
    "remove_member",
    "reopen_community",
    "set_guidelines",
    "set_role",
]

_PLAIN = [
    "kind",
    "visibility",
    "join_policy",
    "posting",
    "guests",
    "confidential",
    "purpose",
    "time_per_week",
    "gives",
    "gets",
    "digest_day",
    "language",
]


async def create_community(
    here: Instance, acting: Viewer, form: CommunityForm, *, keys: NewKeys | None = None
) -> Actor:
    """Make a community; who makes it is its first steward. Raises Invalid that names all that is missing (A2).

    Pass `keys` from `new_keys()` when calling from inside a transaction.
    """
    if acting.actor_id is None:
        raise NotAllowed("Sign in to make a community.")
    return await _create(here, acting.actor_id, checked(form, is_new=True), keys)


async def create_from_command(
    here: Instance, *, owner_id: str, slug: str, name: str, kind: str, visibility: str, purpose: str = ""
) -> Actor:
    """Make a community from the command line, which asks for little; its pages ask its steward for the rest."""
    form = without_charter(CommunityForm(name=name, purpose=purpose, slug=slug, visibility=visibility))
    form = replace(checked(replace(form, kind=policy.INFORMAL), is_new=True), kind=kind)
    return await _create(here, owner_id, without_charter(form))


async def edit_community(here: Instance, acting: Viewer, community_id: str, form: CommunityForm) -> None:
    """Change what a community says of itself and who may join. Its handle stays, and so do its guidelines.

    Raises Invalid, also where people on other servers would lose it.
    """
    await _refuse_unless(here, acting, community_id, policy.may_edit)
    form = checked(form, is_new=False)
    community, actor = await Community.get(id=community_id), await Actor.get(id=community_id)
    if community.charter_version and charter.parts_of(community) != charter.parts_of(form) and not form.charter_why:
        raise Invalid("Say in a sentence why the charter changes.", field="charter_why")
    leaves = policy.federates(form.kind, form.visibility)
    if not leaves and not actor.hidden and await _is_known_elsewhere(here, community_id):
        raise Invalid(
            "People on other servers take part. Choose “members”, or end those memberships first.", field="visibility"
        )
    was_hidden = actor.hidden
    rendered = await _rendered(here, form.purpose)
    async with here.db.transaction():
        _fill(community, form)
        await charter.write_version(
            here, community, charter.parts_of(form), by_id=str(acting.actor_id), why=form.charter_why
        )
        await community.save()
        actor.name, actor.summary_source, actor.summary_html = form.name, form.purpose, rendered
        actor.hidden, actor.is_locked, actor.discoverable = not leaves, *_doors(form)
        actor.updated_at = here.clock.now()
        await actor.save()
        await here.events.emit(ActorChanged(actor.id))
        await here.events.emit(CommunityChanged(actor.id))
        if leaves and not was_hidden:
            await actors.send_update(here, actor)


async def archive_community(here: Instance, acting: Viewer, community_id: str) -> None:
    """Close a community for writing; what is in it stays."""
    await _set_archived(here, acting, community_id, archived=True)


async def reopen_community(here: Instance, acting: Viewer, community_id: str) -> None:
    """Open an archived community again."""
    await _set_archived(here, acting, community_id, archived=False)


async def _create(here: Instance, owner_id: str, form: CommunityForm, keys: NewKeys | None = None) -> Actor:
    slug = form.slug or slug_for(form.name)
    if not slug:
        raise Invalid("Choose a handle in the letters a to z.", field="slug")
    facilitators = await _facilitators(here, owner_id, form)
    keys = keys or await actors.new_keys()
    is_locked, discoverable = _doors(form)
    now = here.clock.now()
    try:
        async with here.db.transaction():
            actor = await actors.create_local(
                here,
                kind="Group",
                username=slug,
                name=form.name,
                summary_source=form.purpose,
                discoverable=discoverable,
                is_locked=is_locked,
                hidden=not policy.federates(form.kind, form.visibility),
                keys=keys,
            )
            community = Community(id=actor.id, created_at=now)
            _fill(community, form)
            await community.save(force_create=True)
            await memberships.admit(here, actor.id, owner_id, role=policy.STEWARD)
            if await charter.write_version(here, community, charter.parts_of(form), by_id=owner_id, why=""):
                await community.save(update_fields=["charter_version", *charter.PARTS])
            for person_id in facilitators:
                await memberships.offer(here, actor.id, person_id, owner_id, role=policy.FACILITATOR)
            if form.guidelines:
                await write_version(here, actor.id, owner_id, form.guidelines, "")
            await here.events.emit(ActorChanged(actor.id))
            await here.events.emit(CommunityCreated(actor.id, owner_id))
    except Invalid as error:
        if error.field != "username":
            raise
        raise Invalid(error.message, field="slug") from error
    return actor


async def _facilitators(here: Instance, owner_id: str, form: CommunityForm) -> list[str]:
    """Who is offered the role, besides the one who makes the community. Raises Invalid for somebody unknown."""
    found = []
    for handle in form.facilitators:
        person = await actor_queries.actor_by_handle(here, handle)
        if (
            person is None
            or person.kind != "Person"
            or person.deleted_at is not None
            or person.suspended_at is not None
        ):
            raise Invalid(f"Nobody called {handle} is known here. Check the spelling.", field="facilitators")
        if not person.is_local:
            raise Invalid(
                f"{handle} is on another server: invite them when the community is there.", field="facilitators"
            )
        if await is_blocked(here, owner_id, person.id):
            raise Invalid(f"You cannot ask {handle} to look after it. Choose somebody else.", field="facilitators")
        if person.id != owner_id:
            found.append(person.id)
    return found


def _fill(community: Community, form: CommunityForm) -> None:
    for name in _PLAIN:
        setattr(community, name, getattr(form, name))
    community.goals = list(form.goals) or None
    community.questions = list(form.questions) or None


def _doors(form: CommunityForm) -> tuple[bool, bool]:
    """Whether followers have to be let in, and whether others find it."""
    is_public = form.visibility == policy.PUBLIC
    return not is_public, is_public


async def _rendered(here: Instance, source: str) -> str:
    return (await asyncio.to_thread(render_markdown, source, base_url=here.settings.origin)).html


async def _is_known_elsewhere(here: Instance, community_id: str) -> bool:
    return bool(
        await here.db.value(
            "SELECT actor.id FROM actor WHERE NOT actor.is_local AND (actor.id IN (SELECT person_id FROM membership"
            " WHERE community_id = :id AND state IN ('active', 'applied', 'invited'))"
            " OR actor.id IN (SELECT follower_id FROM follow WHERE target_id = :id)) LIMIT 1",
            id=community_id,
        )
    )


async def _set_archived(here: Instance, acting: Viewer, community_id: str, *, archived: bool) -> None:
    await _refuse_unless(here, acting, community_id, policy.may_archive)
    now = here.clock.now()
    async with here.db.transaction():
        community = await Community.get(id=community_id)
        if (community.archived_at is not None) == archived:
            return
        await Community.filter(id=community_id).update(archived_at=now if archived else None)
        if archived:
            await Membership.filter(community_id=community_id, state="applied").update(
                state="declined", answers=None, shortlisted=False, marks=None
            )
        await audit.record(
            here,
            by=acting.handle,
            action="community.archive" if archived else "community.reopen",
            subject=f"@{(await Actor.get(id=community_id)).username}",
        )
        await here.events.emit(CommunityChanged(community_id))


async def _refuse_unless(here: Instance, acting: Viewer, community_id: str, rule: policy.Rule) -> None:
    facts = await queries.facts_of(here, community_id, acting)
    if facts is None or policy.view(facts) == policy.CLOSED:
        raise NotFound
    verdict = rule(facts)
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)
