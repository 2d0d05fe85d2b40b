"""Looking around: the directory, what is much liked, and what this server says of itself and others.

Some lists are empty for a reason. Who follows whom is nobody else's business here, so that nothing is worked out from
it (`familiar_followers`, `suggestions`); links of posts are not collected (`trends/links`); emoji and announcements of
a server there are none.
"""

from datetime import datetime, timedelta
from hashlib import sha256

from starlette.responses import Response
from starlette.routing import Route

from server.api import text_of, texts_of
from server.db import among
from server.instance import Instance
from server.mastodon.accounts import ACCOUNT_COLUMNS, account_of
from server.mastodon.answers import FamiliarFollowers
from server.mastodon.paging import cut_of, in_order, offset_of
from server.mastodon.people import MOST, actor_ids_of
from server.mastodon.serving import Call, answer, missing, route
from server.mastodon.statuses import STATUS_COLUMNS, statuses_of
from server.peers.policy import BLOCKED, HIDDEN, QUIET, in_sql
from server.posts.readable import ANYBODY, findable, readable
from server.text import LANGUAGES

TRENDING = "mastodon.trending"
TRENDING_FOR = timedelta(minutes=10)
LATEST, FEWEST = 500, 2
MAX_PEERS = 5_000


async def directory(call: Call) -> Response:
    """GET /api/v1/directory: people here who want to be found, by handle whatever order is asked for."""
    here = call.here
    rows = await here.db.rows(
        f"SELECT {ACCOUNT_COLUMNS} FROM actor{here.db.by('idx_actor_people_here')}"
        " WHERE actor.kind = 'Person' AND actor.is_local AND actor.discoverable AND NOT actor.hidden"
        f" AND actor.suspended_at IS NULL AND actor.deleted_at IS NULL AND actor.grade NOT IN {in_sql(QUIET)}"
        " ORDER BY actor.handle_key LIMIT :limit OFFSET :offset",
        limit=cut_of(call.found, usual=40, most=80).limit,
        offset=offset_of(call.found),
    )
    return answer([account_of(here, row) for row in rows])


async def trending_statuses(call: Call) -> Response:
    """GET /api/v1/trends/statuses: of the latest public posts those that several people liked or passed on."""
    here, offset = call.here, offset_of(call.found)
    ids = (await _trending(here))[offset : offset + cut_of(call.found, most=40).limit]
    if not ids:
        return answer([])
    may_read, rights = readable(call.viewer)
    named, values = among(ids, "found")
    rows = await here.db.rows(
        f"SELECT {STATUS_COLUMNS} FROM post WHERE post.id IN ({named}) AND post.state = 'visible' AND {may_read}"
        f" AND {findable(call.viewer)}",
        **values,
        **rights,
    )
    by_id = {row["id"]: row for row in rows}
    return answer(await statuses_of(here, call.viewer, in_order(ids, by_id)))


async def _trending(here: Instance) -> list[str]:
    """Looked up now and then, among the latest of people who want to be found."""
    kept: tuple[datetime, list[str]] | None = here.caches.get(TRENDING)
    now = here.clock.now()
    if kept is not None and now - kept[0] < TRENDING_FOR:
        return kept[1]
    rows = await here.db.rows(
        "SELECT latest.id FROM (SELECT post.id, post.author_id, post.published_at,"
        " post.likes_count + 2 * post.boosts_count AS score"
        f" FROM post{here.db.by('idx_post_public')} WHERE {ANYBODY} AND post.visibility = 'public'"
        " AND post.parent_id IS NULL AND post.in_reply_to_uri IS NULL AND post.published_at > :since"
        f" ORDER BY post.published_at DESC, post.id DESC LIMIT {LATEST}) AS latest"
        " JOIN actor AS author ON author.id = latest.author_id"
        f" WHERE author.discoverable AND latest.score >= {FEWEST}"
        " ORDER BY latest.score DESC, latest.published_at DESC, latest.id DESC LIMIT 80",
        since=now - timedelta(days=3),
    )
    found = [row["id"] for row in rows]
    here.caches[TRENDING] = (now, found)
    return found


async def familiar_followers(call: Call) -> Response:
    """GET /api/v1/accounts/familiar_followers: nobody, for each account that was named."""
    numbers = list(dict.fromkeys(texts_of(call.found, "id", MOST)))
    found = await actor_ids_of(call.here, numbers)
    return answer([FamiliarFollowers(number, []) for number in numbers if number in found])


async def peers(call: Call) -> Response:
    """GET /api/v1/instance/peers: the servers that this one knows, for people here."""
    rows = await call.here.db.rows(
        "SELECT host FROM peer WHERE host > :after ORDER BY host LIMIT :limit",
        after=text_of(call.found, "after", 300),
        limit=MAX_PEERS,
    )
    return answer([row["host"] for row in rows])


async def host_blocks(call: Call) -> Response:
    """GET /api/v1/instance/domain_blocks: what was decided about servers, for those who decide."""
    if not call.viewer.is_steward:
        raise missing()
    rows = await call.here.db.rows(
        f"SELECT host, grade FROM peer WHERE graded_at IS NOT NULL AND grade IN {in_sql((*HIDDEN, *QUIET))}"
        " ORDER BY host LIMIT :limit",
        limit=MAX_PEERS,
    )
    return answer(
        [
            {
                "domain": row["host"],
                "digest": sha256(row["host"].encode()).hexdigest(),
                "severity": "suspend" if row["grade"] == BLOCKED else "silence",
                "comment": "",
            }
            for row in rows
        ]
    )


async def privacy_policy(call: Call) -> Response:
    """GET /api/v1/instance/privacy_policy: where it stands."""
    address = call.here.url("/privacy")
    return answer({"updated_at": None, "content": f'<p><a href="{address}">{address}</a></p>'})


async def languages(call: Call) -> Response:
    """GET /api/v1/instance/languages."""
    return answer([{"code": code, "name": name} for code, name in LANGUAGES.items()])


async def nothing(call: Call) -> Response:
    """A list that is empty here; the beginning of this module says why."""
    return answer([])


async def no_translations(call: Call) -> Response:
    """GET /api/v1/instance/translation_languages: nothing is translated."""
    return answer({})


def routes() -> list[Route]:
    """All of them."""
    return [
        route("/api/v1/directory", directory),
        route("/api/v1/trends/statuses", trending_statuses, scope="read:statuses", anybody=True),
        route("/api/v1/trends/links", nothing),
        route("/api/v1/timelines/link", nothing, scope="read:statuses", anybody=True),
        route("/api/v1/custom_emojis", nothing),
        route("/api/v1/announcements", nothing, scope="read:accounts"),
        route("/api/v1/suggestions", nothing, scope="read:accounts"),
        route("/api/v2/suggestions", nothing, scope="read:accounts"),
        route("/api/v1/accounts/familiar_followers", familiar_followers, scope="read:follows"),
        route("/api/v1/instance/peers", peers, scope="read:accounts"),
        route("/api/v1/instance/domain_blocks", host_blocks, scope="read:accounts"),
        route("/api/v1/instance/privacy_policy", privacy_policy),
        route("/api/v1/instance/languages", languages),
        route("/api/v1/instance/translation_languages", no_translations),
    ]
