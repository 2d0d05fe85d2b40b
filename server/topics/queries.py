"""Reading topics: those of a community with what the viewer chose, and how a page of one is found."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from server.actors.viewer import Viewer
from server.communities.queries import PROFILE
from server.instance import Instance
from server.topics.policy import MOST, MOST_RETIRED

MOST_SERVERS = 500


@dataclass(slots=True)
class TopicView:
    """A topic as its page shows it. `choice` is the viewer's own, `muted` whether nothing of it comes to them.

    `inside` are the topics in it, `above` the one that it is in.
    """

    id: str
    short: str
    name: str
    url: str
    is_retired: bool
    choice: str
    muted: bool
    above: "TopicView | None" = None
    inside: list["TopicView"] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        """With the topic that it is in."""
        return f"{self.above.name} · {self.name}" if self.above is not None else self.name

    @property
    def ids(self) -> list[str]:
        """Its id, and those of the topics in it."""
        return [self.id, *(one.id for one in self.inside)]


@dataclass(frozen=True, slots=True)
class Topics:
    """All topics of a community: those in use, of the first level, in their order; and those that were retired."""

    present: list[TopicView]
    retired: list[TopicView]

    @property
    def to_choose(self) -> list[TopicView]:
        """Where something may be put, each topic before those in it."""
        return [one for topic in self.present for one in (topic, *topic.inside)]

    def find(self, short: str) -> TopicView | None:
        """The one of this address."""
        everywhere: Sequence[TopicView] = [*self.to_choose, *self.retired]
        return next((topic for topic in everywhere if topic.short == short.lower()), None)


def path_of(community_url: str, topic_id: str) -> str:
    """The page of a topic; it stays when the topic is called something else."""
    return f"{community_url}/topics/{topic_id[-8:]}"


async def topics_of(here: Instance, viewer: Viewer, community_id: str, community_url: str) -> Topics:
    """The topics of a community that the viewer sees into; one query."""
    rows = await here.db.rows(
        "SELECT topic.id, topic.name, topic.within_id, topic.retired_at, mine.choice FROM topic"
        " LEFT JOIN topic_choice AS mine ON mine.topic_id = topic.id AND mine.person_id = :me"
        " WHERE topic.community_id = :community ORDER BY topic.position, topic.id LIMIT :most",
        me=viewer.actor_id or "",
        community=community_id,
        most=MOST + MOST_RETIRED,
    )
    found = {
        row["id"]: TopicView(
            id=row["id"],
            short=row["id"][-8:],
            name=row["name"],
            url=path_of(community_url, row["id"]),
            is_retired=row["retired_at"] is not None,
            choice=row["choice"] or "",
            muted=row["choice"] == "mute",
        )
        for row in rows
    }
    present = []
    for row in rows:
        topic, above = found[row["id"]], found.get(row["within_id"] or "")
        if above is not None:
            topic.above, topic.muted = above, topic.muted or (above.muted and not topic.choice)
            above.inside.append(topic)
        elif not topic.is_retired:
            present.append(topic)
    retired = [topic for topic in found.values() if topic.is_retired]
    for topic in found.values():
        topic.inside = [one for one in topic.inside if topic.is_retired or not one.is_retired]
    return Topics(present, retired)


async def servers_of(here: Instance, community_id: str) -> list[str]:
    """Inboxes of the servers that know topics, of everybody who follows a community or is in it."""
    rows = await here.db.rows(
        "SELECT DISTINCT COALESCE(actor.shared_inbox_url, actor.inbox_url) AS inbox FROM actor WHERE NOT actor.is_local"
        " AND actor.deleted_at IS NULL AND actor.implements LIKE :profile AND actor.id IN"
        " (SELECT follower_id FROM follow WHERE target_id = :community AND state = 'accepted'"
        " UNION SELECT person_id FROM membership WHERE community_id = :community AND state = 'active')"
        " ORDER BY 1 LIMIT :most",
        community=community_id,
        profile=f"%{PROFILE}%",
        most=MOST_SERVERS,
    )
    return [row["inbox"] for row in rows]
