"""Topics of communities: which there are, and which one is muted or followed."""

from starlette.responses import Response

from server.api import text_of
from server.automation.calls import Call, answer, missing
from server.automation.shapes import Topic, Topics
from server.communities import policy
from server.communities import queries as communities
from server.communities.queries import CommunityPage
from server.topics import actions
from server.topics.queries import TopicView, topics_of


async def find(call: Call) -> Response:
    """The topics of a community in their order, and those that were retired."""
    page = await _community(call)
    found = await topics_of(call.here, call.viewer, page.id, page.url)
    return answer(Topics([_shown(call, topic) for topic in (*found.to_choose, *found.retired)]))


async def choose(call: Call) -> Response:
    """Mute a topic, follow it, or hear of it as of everything."""
    page, topic_id = await _community(call), call.path("topic")
    known = await topics_of(call.here, call.viewer, page.id, page.url)
    if topic_id not in {topic.id for topic in (*known.to_choose, *known.retired)}:
        raise missing()
    await actions.choose(call.here, call.viewer, topic_id, text_of(call.found, "choice", 20))
    return await find(call)


async def _community(call: Call) -> CommunityPage:
    page = await communities.community_by_slug(call.here, call.path().lstrip("@!"), call.viewer)
    if page is None or not policy.may_see(page.facts):
        raise missing()
    return page


def _shown(call: Call, topic: TopicView) -> Topic:
    return Topic(
        id=topic.id,
        name=topic.name,
        within=topic.above.id if topic.above is not None else None,
        url=call.here.url(topic.url),
        retired=topic.is_retired,
        choice=topic.choice,
        muted=topic.muted,
    )
