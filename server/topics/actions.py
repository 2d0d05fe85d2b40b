"""What stewards do with the topics of their community, and what each member chooses about them."""

from datetime import timedelta

from federation.vocab.topics import TOPIC_MARK
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.communities import policy
from server.communities import queries as communities
from server.communities.policy import Denied
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.text import clean_text
from server.topics.events import TopicMuted
from server.topics.models import Topic, TopicChoice
from server.topics.policy import CHOICES, MOST, MOST_RETIRED, MUTE, NAME

TELL = "topics.tell"
SOON = timedelta(minutes=1)


async def make_topic(here: Instance, acting: Viewer, community_id: str, name: str, within_id: str = "") -> Topic:
    """Add a topic at the end, on its own or in another one. Raises Invalid."""
    await _steward(here, acting, community_id)
    async with here.db.transaction():
        present = await _present(community_id)
        if len(present) >= MOST or await Topic.filter(community_id=community_id).count() >= MOST + MOST_RETIRED:
            raise Invalid(f"A community has at most {MOST} topics. Retire one first.", field="name")
        within = _within(present, within_id)
        name = _name(present, name, within)
        now = here.clock.now()
        topic_id = new_id(now)
        group = await Actor.get(id=community_id)
        topic = await Topic.create(
            id=topic_id,
            uri=f"{group.uri}{TOPIC_MARK}{topic_id}",
            community_id=community_id,
            within_id=within,
            name=name,
            position=1 + max((topic.position for topic in present), default=0),
            created_at=now,
        )
        await _told(here, acting, topic, "topic.make")
    return topic


async def change_topic(here: Instance, acting: Viewer, topic_id: str, name: str, within_id: str = "") -> None:
    """Call a topic something else, or put it into another one, or out of it. Raises Invalid."""
    topic = await _own(here, acting, topic_id)
    async with here.db.transaction():
        others = [other for other in await _present(topic.community_id) if other.id != topic.id]
        within = _within(others, within_id)
        if within is not None and any(other.within_id == topic.id for other in others):
            raise Invalid("There are topics in this one. Put them elsewhere first.", field="within")
        topic.name, topic.within_id = _name(others, name, within), within
        await topic.save(update_fields=["name", "within_id"])
        await _told(here, acting, topic, "topic.change")


async def shift_topic(here: Instance, acting: Viewer, topic_id: str, *, up: bool) -> None:
    """Let a topic change places with the one before or after it."""
    topic = await _own(here, acting, topic_id)
    async with here.db.transaction():
        beside = [other for other in await _present(topic.community_id) if other.within_id == topic.within_id]
        place = [other.id for other in beside].index(topic.id) if topic.retired_at is None else 0
        other = place - 1 if up else place + 1
        if topic.retired_at is not None or not 0 <= other < len(beside):
            return
        beside[place], beside[other] = beside[other], beside[place]
        for position, one in enumerate(beside):
            await Topic.filter(id=one.id).update(position=position)
        await _told(here, acting, topic)


async def retire_topic(here: Instance, acting: Viewer, topic_id: str) -> None:
    """Nothing is put into a topic any more, nor into those in it; what is there can be read."""
    topic = await _own(here, acting, topic_id)
    async with here.db.transaction():
        inside = [topic.id, *[one.id for one in await _present(topic.community_id) if one.within_id == topic.id]]
        if await Topic.filter(id__in=inside, retired_at=None).update(retired_at=here.clock.now()):
            await _told(here, acting, topic, "topic.retire")


async def bring_back_topic(here: Instance, acting: Viewer, topic_id: str) -> None:
    """Take that back. Raises Invalid where there is no room, or another one has its name by now."""
    topic = await _own(here, acting, topic_id)
    if topic.retired_at is None:
        return
    async with here.db.transaction():
        present = await _present(topic.community_id)
        if len(present) >= MOST:
            raise Invalid(f"A community has at most {MOST} topics. Retire one first.")
        if topic.within_id is not None and topic.within_id not in {one.id for one in present}:
            raise Invalid("Bring the topic back first that this one is in.")
        _name(present, topic.name, topic.within_id)
        await Topic.filter(id=topic.id).update(retired_at=None)
        await _told(here, acting, topic, "topic.bring_back")


async def choose(here: Instance, acting: Viewer, topic_id: str, choice: str) -> None:
    """Hear of all that begins in a topic (``follow``), of nothing but what concerns oneself (``mute``), or as usual."""
    topic, facts = await _seen(here, acting, topic_id)
    if not facts.is_member and not await _follows(here, acting, topic.community_id):
        raise NotAllowed("Join this community first.")
    if choice not in {"", *CHOICES}:
        raise Invalid("Choose what you want to hear of.", field="choice")
    async with here.db.transaction():
        await TopicChoice.filter(person_id=acting.actor_id, topic_id=topic.id).delete()
        if choice:
            now = here.clock.now()
            await TopicChoice.create(id=new_id(now), person_id=str(acting.actor_id), topic_id=topic.id, choice=choice)
        if choice == MUTE:
            await here.events.emit(TopicMuted(str(acting.actor_id), topic.id))


async def forget(here: Instance, person_id: str, community_id: str) -> None:
    """Somebody left a community; in the caller's transaction."""
    await TopicChoice.filter(person_id=person_id, topic__community_id=community_id).delete()


async def forget_person(here: Instance, person_id: str) -> None:
    """Somebody is gone; in the caller's transaction."""
    await TopicChoice.filter(person_id=person_id).delete()


async def in_use(community_id: str, topic_id: str) -> Topic | None:
    """A topic of this community that something may be put into; None for an empty id. Raises Invalid for others."""
    if not topic_id:
        return None
    topic = await Topic.get_or_none(id=topic_id, community_id=community_id, retired_at=None)
    if topic is None:
        raise Invalid("Choose one of the topics.", field="topic")
    return topic


async def _present(community_id: str) -> list[Topic]:
    """Those that were not retired, in their order."""
    return await Topic.filter(community_id=community_id, retired_at=None).order_by("position", "id")


def _within(present: list[Topic], within_id: str) -> str | None:
    """The id of a topic that another may be put into; there are two levels."""
    if not within_id:
        return None
    found = next((topic for topic in present if topic.id == within_id), None)
    if found is None or found.within_id is not None:
        raise Invalid("Choose one of the topics of the first level.", field="within")
    return str(found.id)


def _name(present: list[Topic], name: str, within: str | None) -> str:
    name = " ".join(clean_text(name).split())
    if not name:
        raise Invalid("Give it a name.", field="name")
    if len(name) > NAME:
        raise Invalid(f"Use at most {NAME} characters.", field="name")
    if any(one.name.casefold() == name.casefold() and one.within_id == within for one in present):
        raise Invalid("There is a topic of this name already.", field="name")
    return name


async def _told(here: Instance, acting: Viewer, topic: Topic, action: str = "") -> None:
    """Note what was done, and have other servers told of it, once for several changes within a minute."""
    if action:
        group = await Actor.get(id=topic.community_id)
        # In words, as other decisions of a community are noted: the id of one that is not public opens nothing.
        subject = f"{topic.name} (@{group.username})"
        by, detail = acting.handle or acting.actor_uri, {"uri": topic.uri, "name": topic.name}
        await audit.record(here, by=by, action=action, subject=subject, detail={**detail})
    in_a_minute = here.clock.now() + SOON
    await here.jobs.enqueue(TELL, topic.community_id, run_at=in_a_minute, unique=f"{TELL}:{topic.community_id}")


async def _own(here: Instance, acting: Viewer, topic_id: str) -> Topic:
    topic, _ = await _seen(here, acting, topic_id)
    await _steward(here, acting, topic.community_id)
    return topic


async def _seen(here: Instance, acting: Viewer, topic_id: str) -> tuple[Topic, policy.MembershipFacts]:
    topic = await Topic.get_or_none(id=topic_id)
    facts = None if topic is None else await communities.facts_of(here, topic.community_id, acting)
    if topic is None or facts is None or not policy.may_see(facts) or not acting.is_signed_in:
        raise NotFound
    return topic, facts


async def _steward(here: Instance, acting: Viewer, community_id: str) -> None:
    facts = await communities.facts_of(here, community_id, acting)
    if facts is None or policy.view(facts) == policy.CLOSED:
        raise NotFound
    verdict = policy.may_set_topics(facts)
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)


async def _follows(here: Instance, acting: Viewer, community_id: str) -> bool:
    return bool(
        await here.db.value(
            "SELECT id FROM follow WHERE follower_id = :me AND target_id = :community AND state = 'accepted'",
            me=acting.actor_id,
            community=community_id,
        )
    )
