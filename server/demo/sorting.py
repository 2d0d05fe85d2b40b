"""The topics of the demo's communities."""

from server.actors.viewer import Viewer
from server.instance import Instance
from server.topics import actions as topics


async def make_topics(here: Instance, owner: Viewer, community_id: str, names: tuple[str, ...]) -> None:
    """Make topics in their order; one that is in another is named after it, as in ``Practicals / Equipment``."""
    made: dict[str, str] = {}
    for name in names:
        above, _, inner = name.rpartition(" / ")
        topic = await here.run(topics.make_topic, here, owner, community_id, inner or name, made.get(above, ""))
        made[name] = topic.id


async def topic_of(here: Instance, community_id: str, name: str) -> str:
    """The id of a topic by its name; empty for an empty name."""
    found = await here.run(
        here.db.value,
        "SELECT id FROM topic WHERE community_id = :community AND name = :name",
        community=community_id,
        name=name,
    )
    return str(found or "")
