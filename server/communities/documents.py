"""What the document of a community says beyond that of any actor, and its collection of moderators."""

import hashlib
import json
from functools import partial

from federation.ports import Reader, Served
from federation.vocab.collections import ordered_collection
from server.actors.documents import GROUP_FACTS, MODERATORS, Listed
from server.actors.models import Actor
from server.actors.sending import ALSO_TOLD
from server.communities import policy, queries
from server.communities.activities import announce
from server.communities.models import Community
from server.instance import Instance
from server.text import LANGUAGES

MAX_MODERATORS = 200
MAX_LISTED = 500


def register(here: Instance) -> None:
    """Answer the questions that `actors` has about groups: what they say of themselves, and who hears of changes."""

    async def facts(actor: Actor) -> dict[str, object]:
        return await group_facts(actor)

    async def moderators(actor: Actor, page: str | None, reader: Reader) -> Listed | None:
        found = await moderators_of(here, actor, page, reader)
        return None if found is None else Listed(found)

    here.caches[GROUP_FACTS] = facts
    here.caches[MODERATORS] = moderators
    here.caches[ALSO_TOLD] = partial(announce.inboxes_of_members, here)
    here.documents["communities"] = partial(provide_directory, here)


async def provide_directory(here: Instance, uri: str, page: str | None, reader: Reader) -> Served | None:
    """The public communities of this server by name: what the instance actor's `communities` points at."""
    if uri != here.url("/ap/communities") or page:
        return None
    rows = await here.db.rows(
        "SELECT actor.uri FROM actor JOIN community ON community.id = actor.id WHERE community.visibility = 'public'"
        " AND NOT actor.hidden AND actor.discoverable AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL"
        " AND community.archived_at IS NULL ORDER BY actor.username LIMIT :limit",
        limit=MAX_LISTED,
    )
    uris = [row["uri"] for row in rows]
    body = json.dumps(ordered_collection(uri, len(uris), items=uris), separators=(",", ":")).encode()
    return Served(body, etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"')


async def group_facts(actor: Actor) -> dict[str, object]:
    """Further keywords of `actor_document`; see fixtures ``actor-group.json`` and ``actor-group-private.json``."""
    community = await Community.get_or_none(id=actor.id)
    if community is None:
        return {}
    found: dict[str, object] = {
        "posting_restricted": community.posting == policy.FACILITATORS,
        "federation_mode": policy.federation_mode(community.kind, community.visibility),
    }
    if community.visibility == policy.PUBLIC:
        found["sensitive"] = False
        found["language"] = [(community.language, LANGUAGES.get(community.language, community.language))]
    return found


async def moderators_of(here: Instance, actor: Actor, page: str | None, reader: Reader) -> dict[str, object] | None:
    """Who looks after a community. Who is in a members' community is told to servers of its members alone (S15)."""
    if actor.kind != "Group" or page:
        return None
    community = await Community.get_or_none(id=actor.id)
    if community is None:
        return None
    if community.visibility != policy.PUBLIC and not (
        reader.host is not None and await queries.host_has_member(here, actor.id, reader.host)
    ):
        return None
    rows = await here.db.rows(
        "SELECT actor.uri FROM membership JOIN actor ON actor.id = membership.person_id"
        " WHERE membership.community_id = :id AND membership.state = 'active' AND membership.role <> 'member'"
        " AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL ORDER BY actor.uri LIMIT :limit",
        id=actor.id,
        limit=MAX_MODERATORS,
    )
    uris = [row["uri"] for row in rows]
    return ordered_collection(f"{actor.uri}/moderators", len(uris), items=uris, attributed_to=actor.uri)
