"""Hashtags for apps: following them, showing them on profiles, and what is much used."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from starlette.responses import Response
from starlette.routing import Route

from server.api import text_of
from server.db import from_milliseconds, to_milliseconds
from server.hashtags import actions, queries
from server.instance import Instance
from server.mastodon.answers import FeaturedTag, Tag
from server.mastodon.ids import number_of
from server.mastodon.paging import cut_of, in_order, link_header, offset_of, ordered, part_by_id
from server.mastodon.people import actor_id_of
from server.mastodon.serving import Call, answer, missing, route
from server.text.markdown import hashtag_url

FOLLOWS, ACCOUNTS = "write:follows", "write:accounts"


async def tags_of(here: Instance, viewer_id: str | None, names: Sequence[str]) -> list[Tag]:
    """Hashtags as apps read them, in this order; two statements at most."""
    found = await queries.named(here, viewer_id, names)
    return in_order(names, {name: _tag(here, tag, viewer_id is not None) for name, tag in found.items()})


def _tag(here: Instance, tag: queries.Tag, is_signed_in: bool) -> Tag:
    today = here.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    history = [
        {"day": _seconds(today - timedelta(days=ago)), "uses": str(posts), "accounts": str(authors)}
        for ago, (posts, authors) in enumerate(tag.days)
    ]
    found = Tag(name=tag.name, url=hashtag_url(here.settings.origin, tag.name), history=history)
    if is_signed_in:
        found.following, found.featuring = tag.is_followed, tag.is_featured
    return found


def _seconds(day: datetime) -> str:
    return str(to_milliseconds(day) // 1000)


async def show(call: Call) -> Response:
    """GET /api/v1/tags/NAME, also where nobody used it yet."""
    return await _one(call, actions.tidy(call.path("name")))


async def follow(call: Call) -> Response:
    """POST /api/v1/tags/NAME/follow."""
    return await _one(call, await actions.follow_tag(call.here, call.me, call.path("name")))


async def unfollow(call: Call) -> Response:
    """POST /api/v1/tags/NAME/unfollow."""
    return await _one(call, await actions.unfollow_tag(call.here, call.me, call.path("name")))


async def feature(call: Call) -> Response:
    """POST /api/v1/tags/NAME/feature."""
    return await _one(call, (await actions.feature_tag(call.here, call.me, call.path("name"))).tag)


async def unfeature(call: Call) -> Response:
    """POST /api/v1/tags/NAME/unfeature."""
    tag = actions.tidy(call.path("name"))
    for shown in await queries.featured(call.here, call.me):
        if shown.tag == tag:
            await actions.unfeature_tag(call.here, call.me, shown.id)
    return await _one(call, tag)


async def _one(call: Call, name: str) -> Response:
    return answer((await tags_of(call.here, call.viewer.actor_id, [name]))[0])


async def followed(call: Call) -> Response:
    """GET /api/v1/followed_tags, the newest first."""
    here, cut = call.here, cut_of(call.found, usual=100, most=200)
    part, bounds = part_by_id(cut, "id")
    rows = await here.db.rows(
        f"SELECT id, tag FROM followed_tag WHERE person_id = :me{part}"
        f" ORDER BY id {'ASC' if cut.is_upwards else 'DESC'} LIMIT :limit",
        me=call.me,
        limit=cut.limit,
        **bounds,
    )
    rows = ordered(cut, rows)
    links = link_header(here, call.request, [number_of(row["id"]) for row in rows], more=len(rows) >= cut.limit)
    return answer(await tags_of(here, call.me, [row["tag"] for row in rows]), links)


async def featured(call: Call) -> Response:
    """GET /api/v1/featured_tags: what one shows oneself."""
    return answer(await _featured(call, call.me))


async def featured_of(call: Call) -> Response:
    """GET /api/v1/accounts/ID/featured_tags."""
    return answer(await _featured(call, await actor_id_of(call.here, call.path())))


async def _featured(call: Call, person_id: str) -> list[FeaturedTag]:
    return [_featured_tag(call.here, shown) for shown in await queries.featured(call.here, person_id)]


def _featured_tag(here: Instance, shown: queries.Featured) -> FeaturedTag:
    last = None if shown.last_at is None else f"{from_milliseconds(shown.last_at):%Y-%m-%d}"
    url = hashtag_url(here.settings.origin, shown.tag)
    return FeaturedTag(number_of(shown.id), shown.tag, url, str(shown.posts_count), last)


async def add_featured(call: Call) -> Response:
    """POST /api/v1/featured_tags."""
    made = await actions.feature_tag(call.here, call.me, text_of(call.found, "name", 200))
    shown = next(each for each in await queries.featured(call.here, call.me) if each.id == made.id)
    return answer(_featured_tag(call.here, shown))


async def remove_featured(call: Call) -> Response:
    """DELETE /api/v1/featured_tags/ID."""
    number = call.path()
    for shown in await queries.featured(call.here, call.me):
        if number_of(shown.id) == number:
            await actions.unfeature_tag(call.here, call.me, shown.id)
            return answer({})
    raise missing()


async def suggested(call: Call) -> Response:
    """GET /api/v1/featured_tags/suggestions: what one used most and does not show."""
    shown = [each.tag for each in await queries.featured(call.here, call.me)]
    names = await queries.used_by(call.here, call.me, without=shown)
    return answer(await tags_of(call.here, call.me, names))


async def trending(call: Call) -> Response:
    """GET /api/v1/trends/tags, and /api/v1/trends: what several people used in the last days."""
    offset, limit = offset_of(call.found), cut_of(call.found, usual=10, most=20).limit
    names = (await queries.trending(call.here))[offset : offset + limit]
    return answer(await tags_of(call.here, call.viewer.actor_id, names))


def routes() -> list[Route]:
    """All of them."""
    return [
        route("/api/v1/tags/{name}", show, scope="read:follows", anybody=True),
        route("/api/v1/tags/{name}/follow", follow, "POST", scope=FOLLOWS),
        route("/api/v1/tags/{name}/unfollow", unfollow, "POST", scope=FOLLOWS),
        route("/api/v1/tags/{name}/feature", feature, "POST", scope=ACCOUNTS),
        route("/api/v1/tags/{name}/unfeature", unfeature, "POST", scope=ACCOUNTS),
        route("/api/v1/followed_tags", followed, scope="read:follows"),
        route("/api/v1/featured_tags", featured, scope="read:accounts"),
        route("/api/v1/featured_tags", add_featured, "POST", scope=ACCOUNTS),
        route("/api/v1/featured_tags/suggestions", suggested, scope="read:accounts"),
        route("/api/v1/featured_tags/{id}", remove_featured, "DELETE", scope=ACCOUNTS),
        route("/api/v1/accounts/{id}/featured_tags", featured_of, scope="read:accounts", anybody=True),
        route("/api/v1/trends/tags", trending, scope="read:statuses", anybody=True),
        route("/api/v1/trends", trending, scope="read:statuses", anybody=True),
    ]
