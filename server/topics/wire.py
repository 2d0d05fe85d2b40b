"""How a community says its topics to other servers, and what is believed of what others say.

Its own document lists them, those of public communities alone; nobody else has a say in which there are.
"""

from federation.vocab import activities
from federation.vocab.base import PUBLIC
from federation.vocab.topics import TOPIC_MARK, topic_document
from server.actors import documents, sending
from server.actors.documents import GROUP_FACTS, GroupHook
from server.actors.events import GroupRead
from server.actors.models import Actor
from server.communities import policy
from server.communities.models import Community
from server.ids import new_id
from server.instance import Instance
from server.text import clean_text
from server.topics.models import Topic
from server.topics.policy import MOST, MOST_RETIRED, NAME
from server.topics.queries import servers_of


def register(here: Instance) -> None:
    """Add the topics to what `communities` says of a community."""
    before: GroupHook = here.caches[GROUP_FACTS]

    async def facts(actor: Actor) -> dict[str, object]:
        return await before(actor) | await _listed(actor)

    here.caches[GROUP_FACTS] = facts


async def tell(here: Instance, community_id: str) -> None:
    """The job: the servers that know topics get a community with those that it has now."""
    group = await Actor.get_or_none(id=community_id, is_local=True, deleted_at=None, suspended_at=None)
    if group is None or group.hidden or await Community.exists(id=community_id, visibility=policy.MEMBERS):
        return
    inboxes = await servers_of(here, community_id)
    if not inboxes:
        return
    async with here.db.transaction():
        group.updated_at = here.clock.now()
        await group.save(update_fields=["updated_at"])
        document = activities.update(
            id=here.url(f"/ap/a/update/{new_id(here.clock.now())}"),
            actor=group.uri,
            object=await documents.build_actor_document(here, group),
            to=[PUBLIC],
            cc=[f"{group.uri}/followers"],
            published=group.updated_at,
        )
        await sending.send(here, group.uri, document, inboxes=inboxes, is_public=True)


async def on_read(here: Instance, event: GroupRead) -> None:
    """The document of a community elsewhere was read: its topics here become what it says; in the transaction.

    What it does not name any more is retired: what is in it stays readable.
    """
    known = {topic.uri: topic for topic in await Topic.filter(community_id=event.actor_id)}
    if not known and not event.topics:
        return
    now, levels = here.clock.now(), {uri: within for uri, _, within in event.topics[:MOST]}
    listed: dict[str, Topic] = {}
    for position, (uri, name, within) in enumerate(event.topics[:MOST]):
        words = " ".join(clean_text(name).split())[:NAME]
        topic = known.get(uri)
        if not words or (topic is None and len(known) >= MOST + MOST_RETIRED):
            continue
        if topic is None:
            topic = Topic(id=new_id(now), uri=uri, community_id=event.actor_id, created_at=now)
        # One in it has to stand before it, on the first level: two levels, and no rings.
        above = listed.get(within) if within and not levels.get(within) else None
        said = (words, position, above.id if above is not None else None, None)
        if (topic.name, topic.position, topic.within_id, topic.retired_at) != said or uri not in known:
            topic.name, topic.position, topic.within_id, topic.retired_at = said
            await topic.save(force_create=uri not in known)
        known[uri] = listed[uri] = topic
    gone = [topic.id for uri, topic in known.items() if uri not in listed and topic.retired_at is None]
    if gone:
        await Topic.filter(id__in=gone).update(retired_at=now)


async def named(here: Instance, community: Actor | None, value: object) -> str | None:
    """The id of the topic that a post names, in use in the community that it is in; None for anything else."""
    if community is None or not isinstance(value, str) or not value.startswith(f"{community.uri}{TOPIC_MARK}"):
        return None
    topic = await Topic.get_or_none(uri=value[:500], community_id=community.id, retired_at=None)
    return None if topic is None else topic.id


async def _listed(actor: Actor) -> dict[str, object]:
    """The term of a public community that has topics; nothing for others."""
    if not await Community.exists(id=actor.id, visibility=policy.PUBLIC):
        return {}
    topics = await Topic.filter(community_id=actor.id, retired_at=None).order_by("position", "id").limit(MOST)
    uris = {topic.id: topic.uri for topic in topics}
    # Each topic before those in it, whatever their positions.
    topics = [one for topic in topics if not topic.within_id for one in (topic, *_inside(topic, topics))]
    terms = [topic_document(topic.uri, topic.name, uris.get(topic.within_id or "")) for topic in topics]
    return {"extra": {"ph:topics": terms}} if terms else {}


def _inside(topic: Topic, topics: list[Topic]) -> list[Topic]:
    return [one for one in topics if one.within_id == topic.id]
