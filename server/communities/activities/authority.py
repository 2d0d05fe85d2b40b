"""Who may act on what belongs to others in a community: those who look after it (S5, FEDERATION.md section 2.4)."""

from federation.errors import FederationError
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab.base import host_of, same_origin
from server.actors.models import Actor
from server.instance import Instance

MAX_MODERATORS = 100


async def looks_after(here: Instance, actor_id: str, community_id: str | None, *, steward: bool = False) -> bool:
    """Whether an actor, local or remote, has a role in a community; `steward`: the highest one."""
    if community_id is None:
        return False
    roles = "'steward'" if steward else "'steward', 'facilitator'"
    return bool(
        await here.db.value(
            "SELECT id FROM membership WHERE community_id = :community AND person_id = :person AND state = 'active'"
            f" AND role IN ({roles})",
            community=community_id,
            person=actor_id,
        )
    )


async def may_moderate(
    here: Instance, received: VerifiedActivity, community: Actor, *, steward: bool = False, about: str | None = None
) -> bool:
    """Whether the activity's actor looks after this community.

    Of one here: somebody with a role in it, and nobody else. Of one elsewhere: whom it passes on, whoever is on its own
    server (which could as well speak as the community), who is on the server of what it is `about`, and whom it lists;
    that list is asked for over the network, and only where nothing else decides.
    """
    actor_uri = received.activity.actor
    if community.is_local:
        actor = await Actor.get_or_none(uri=actor_uri)
        return actor is not None and await looks_after(here, actor.id, community.id, steward=steward)
    if received.via is not None:
        return received.via == community.uri
    if host_of(actor_uri) == community.host or (about is not None and same_origin(about, actor_uri)):
        return True
    if community.moderators_url is None:
        return False
    try:
        moderators = await here.engine.fetch_collection(community.moderators_url, limit=MAX_MODERATORS)
    except FederationError:
        return False
    return actor_uri in [item if isinstance(item, str) else item.get("id") for item in moderators]
