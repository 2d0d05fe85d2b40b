"""Topics of a community: all of them, one with what is in it, and into which one something goes."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.communities import policy
from server.communities.queries import CommunityPage
from server.errors import Invalid, NotAllowed, NotFound
from server.posts import queries as posts
from server.posts.queries import PostView
from server.posts.sorting import put_into_topic
from server.topics import actions
from server.topics.queries import Topics, TopicView, topics_of
from web.communities.common import inside, local, show
from web.discussions.showing import post_of
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, viewer_of
from web.topics.choosing import options

LATEST = 20


async def all_page(request: Request) -> Response:
    """The topics of a community, and those that were retired."""
    return await _all(request, await inside(request))


async def change(request: Request) -> Response:
    """Make a topic, or change one."""
    here, viewer, page, sent = here_of(request), signed_in(request), await local(request), await form_of(request)
    name, within, topic_id = text(sent, "name", 200), text(sent, "within", 40), text(sent, "topic", 40)
    if topic_id and (await _topics(request, page)).find(topic_id[-8:]) is None:
        raise NotFound
    said = gettext(request, "Changed.")
    try:
        match text(sent, "act", 20):
            case "make":
                await actions.make_topic(here, viewer, page.id, name, within)
                said = gettext(request, "It is there. People can choose it when they write.")
            case "change":
                await actions.change_topic(here, viewer, topic_id, name, within)
            case "up":
                await actions.shift_topic(here, viewer, topic_id, up=True)
            case "down":
                await actions.shift_topic(here, viewer, topic_id, up=False)
            case "retire":
                await actions.retire_topic(here, viewer, topic_id)
                said = gettext(request, "Retired. What is in it can be read as before.")
            case "bring-back":
                await actions.bring_back_topic(here, viewer, topic_id)
            case _:
                raise NotFound
    except Invalid as error:
        typed = {"name": name, "within": within, "topic": topic_id}
        return await _all(request, page, errors=error.errors, typed=typed, status=422)
    return redirect(request, f"{page.url}/topics", toast=said)


async def one_page(request: Request) -> Response:
    """What is in a topic, what was talked about last first."""
    here, viewer, page = here_of(request), viewer_of(request), await inside(request)
    topics = await _topics(request, page)
    topic = _one(request, topics)
    found = await posts.listing(
        here,
        viewer,
        community_id=page.id,
        topics=topic.ids,
        before=request.query_params.get("before"),
        limit=LATEST,
        order="active",
        top_level=True,
    )
    hears = page.facts.is_member or page.following == "accepted"
    return show(
        request,
        "topics/one.html",
        page,
        "latest",
        topics=topics,
        topic=topic,
        posts=found.items,
        older=found.next,
        hears=hears,
    )


async def choose(request: Request) -> Response:
    """Hear of everything that begins in a topic, of nothing of it, or as usual."""
    here, viewer, page = here_of(request), signed_in(request), await inside(request)
    topic, choice = _one(request, await _topics(request, page)), text(await form_of(request), "choice", 10)
    await actions.choose(here, viewer, topic.id, choice)
    said = {
        "follow": gettext(request, "You are told of whatever begins in it."),
        "mute": gettext(request, "Muted. You are told only of what names you or answers you."),
    }
    return redirect(request, topic.url, toast=said.get(choice, gettext(request, "You hear of it as of everything.")))


async def move_page(request: Request) -> Response:
    """Into which topic something goes."""
    return await _move(request, await _sortable(request))


async def move(request: Request) -> Response:
    """Put it there."""
    here, viewer, post = here_of(request), signed_in(request), await _sortable(request)
    try:
        await put_into_topic(here, viewer, post.id, text(await form_of(request), "topic", 40))
    except Invalid as error:
        return await _move(request, post, errors=error.errors, status=422)
    return redirect(request, post.url, toast=gettext(request, "Moved."))


async def _all(
    request: Request,
    page: CommunityPage,
    *,
    errors: list[dict[str, str]] | None = None,
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    topics = await _topics(request, page)
    return show(
        request,
        "topics/all.html",
        page,
        "",
        status_code=status,
        topics=topics,
        first_level=[{"value": topic.id, "label": topic.name} for topic in topics.present],
        changes=page.is_local and bool(policy.may_set_topics(page.facts)),
        typed=typed or {},
        errors=errors or [],
    )


async def _topics(request: Request, page: CommunityPage) -> Topics:
    return await topics_of(here_of(request), viewer_of(request), page.id, page.url)


def _one(request: Request, topics: Topics) -> TopicView:
    topic = topics.find(request.path_params["topic"])
    if topic is None:
        raise NotFound
    return topic


async def _sortable(request: Request) -> PostView:
    signed_in(request)
    post = await post_of(request)
    if not post.can_sort:
        raise NotAllowed("Only who wrote this, and who looks after the community, can say which topic it is in.")
    return post


async def _move(
    request: Request, post: PostView, *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    return render(
        request,
        "topics/move.html",
        status,
        nav="communities",
        post=post,
        topics=await options(request, post.community),
        errors=errors or [],
    )


routes = [
    Route("/c/{slug}/topics", all_page),
    Route("/c/{slug}/topics", change, methods=["POST"]),
    Route("/c/{slug}/topics/{topic}", one_page),
    Route("/c/{slug}/topics/{topic}", choose, methods=["POST"]),
    Route("/p/{name}/topic", move_page),
    Route("/p/{name}/topic", move, methods=["POST"]),
]
