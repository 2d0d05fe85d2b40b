"""This week: what waits, what became of what I shared, one thing to try, and what people I follow share."""

from dataclasses import dataclass
from datetime import UTC, datetime, time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.accounts.sessions import caught_up
from server.actors.viewer import Viewer
from server.instance import Instance
from server.posts.queries import PostView
from server.timelines.queries import home
from server.week import queries
from server.week.meanwhile import meanwhile, silent
from web.i18n import gettext
from web.live.line import line
from web.render import redirect, render
from web.request import here_of, signed_in
from web.week import digest, offline
from web.week.offline import pages_to_keep
from web.week.steps import steps_of

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class Item:
    """Something that waits, with where it is done and how long it takes."""

    waiting: queries.Waiting
    sentence: str
    href: str
    button: str


async def week_page(request: Request) -> Response:
    """`/week`; with `before` only older entries of the timeline."""
    viewer = signed_in(request)
    here = here_of(request)
    before = request.query_params.get("before") or None
    live = line(here, "week", "section[aria-labelledby=shared]")
    timeline = await home(here, viewer, before=before, limit=PAGE_SIZE)
    if before is not None:
        return render(request, "week/older.html", nav="week", timeline=timeline)
    me = await queries.about(here, viewer)
    waiting = await queries.waiting(here, viewer)
    posts = await queries.posts_of_the_week(here, viewer, me)
    steps = await queries.first_steps(here, viewer, me)
    return render(
        request,
        "week/week.html",
        nav="week",
        items=[_item(request, item) for item in waiting],
        asks=posts.asks,
        travelled=posts.travelled,
        suggestions=posts.suggestions,
        minutes=queries.minutes(waiting, posts),
        steps=steps_of(request, steps) if steps else None,
        greet=await queries.newest_person(here, viewer),
        me=me,
        keep=_keep(viewer, posts, timeline.items),
        meanwhile=await meanwhile(here, viewer, me.away_since, me.back_at),
        silent=await silent(here, viewer) if me.facilitates else [],
        break_until=_break_until(here),
        timeline=timeline,
        live=live,
    )


async def done(request: Request) -> Response:
    """Put the card away that says what happened meanwhile."""
    await caught_up(here_of(request), signed_in(request))
    return redirect(request, "/week")


def _keep(viewer: Viewer, posts: queries.PostsOfTheWeek, shared: list[PostView]) -> list[str]:
    """What is kept on the device: first what is suggested, and what became of one's own."""
    return pages_to_keep(
        [*(pick.post for pick in posts.suggestions), *(item.post for item in posts.travelled), *shared], viewer.actor_id
    )


def _break_until(here: Instance) -> datetime | None:
    day = here.site.break_until
    return datetime.combine(day, time(0), UTC) if day and here.site.on_break(here.clock.now()) else None


def _item(request: Request, item: queries.Waiting) -> Item:
    name = item.person.display_name
    community = item.community.name if item.community else ""
    if item.kind == "application" and item.community:
        sentence = gettext(request, "%(name)s would like to join %(community)s.", name=name, community=community)
        return Item(item, sentence, f"{item.community.url}/applications", gettext(request, "Read and decide"))
    if item.kind == "held":
        sentence = gettext(request, "What %(name)s wrote waits for you to approve it.", name=name)
        return Item(item, sentence, item.url, gettext(request, "Read and decide"))
    sentence = gettext(request, "%(name)s asks to follow you.", name=name)
    return Item(item, sentence, "/me/requests", gettext(request, "Answer"))


routes = [
    Route("/week", week_page, methods=["GET"]),
    Route("/week/caught-up", done, methods=["POST"]),
    *digest.routes,
    *offline.routes,
]
