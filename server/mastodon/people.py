"""Accounts: one's own, those of others, and what they wrote."""

from collections.abc import Sequence
from typing import cast

from starlette.responses import Response
from starlette.routing import Route

from server.accounts import queries as accounts
from server.actors import queries as actors
from server.api import flag_of, text_of, texts_of
from server.db import Row
from server.instance import Instance
from server.mastodon.accounts import ACCOUNT_COLUMNS, account_of, accounts_by_id, moment_or_none
from server.mastodon.entities import Account, Field, Role, Source, Visibility
from server.mastodon.filtering import ACCOUNT, shown_in
from server.mastodon.ids import number_of, range_of
from server.mastodon.paging import cut_of, in_order, link_header, ordered, part_by_id
from server.mastodon.reading import page, within
from server.mastodon.serving import Call, answer, missing, route
from server.mastodon.statuses import STATUS_COLUMNS, statuses_of
from server.mastodon.timelines import MEDIA_ONLY
from server.peers.policy import HIDDEN, in_sql
from server.posts.readable import readable
from server.text import plain

MOST = 100
SEEN = f"NOT actor.hidden AND actor.suspended_at IS NULL AND actor.grade NOT IN {in_sql(HIDDEN)}"
"""A condition on the alias `actor`: those who can be looked at."""


async def verify_credentials(call: Call) -> Response:
    """GET /api/v1/accounts/verify_credentials."""
    return answer(await own_account(call))


async def own_account(call: Call) -> Account:
    """The account of whoever asks, with what only they see."""
    row = await call.here.db.row(
        f"SELECT {ACCOUNT_COLUMNS}, actor.summary_source FROM actor WHERE actor.id = :id", id=call.me
    )
    assert row is not None  # bearer found it
    account = account_of(call.here, row)
    asking = await actors.requests_count(call.here, call.me)
    usual = await accounts.post_defaults(call.here, call.viewer)
    account.source = Source(
        note=row["summary_source"],
        fields=[Field(field.name, plain(field.value)) for field in account.fields],
        privacy=cast(Visibility, usual.visibility),
        sensitive=usual.is_sensitive,
        language=usual.language,
        hide_collections=True,
        follow_requests_count=asking,
        discoverable=bool(row["discoverable"]),
        indexable=bool(row["indexable"]),
    )
    account.role = _role(call.viewer.role)
    return account


def _role(name: str) -> Role:
    number = {"admin": "3", "steward": "2"}.get(name, "-99")
    return Role(number, "" if number == "-99" else name.title(), "", "0", highlighted=number != "-99")


async def actor_id_of(here: Instance, number: str) -> str:
    """Our id of the actor with these digits, for whom one can look at. Raises ApiError 404."""
    return str((await seen_row(here, number))["id"])


async def seen_row(here: Instance, number: str) -> Row:
    """The actor with these digits, as a row with ACCOUNT_COLUMNS, for whom one can look at. Raises ApiError 404."""
    return await _row(here, number, SEEN)


async def known_row(here: Instance, number: str) -> Row:
    """The same, also for somebody who is gone or whose server is blocked: one may still want nothing more of them."""
    return await _row(here, number, "NOT actor.hidden")


async def actor_ids_of(here: Instance, numbers: Sequence[str]) -> dict[str, str]:
    """Our ids of the actors with these digits, as far as one can look at them; one query."""
    bounds = [found for number in numbers if (found := range_of(number)) is not None]
    if not bounds:
        return {}
    bounds += bounds[-1:] * ((1 << (len(bounds) - 1).bit_length()) - len(bounds))
    named = " OR ".join(f"actor.id BETWEEN :low{number} AND :high{number}" for number in range(len(bounds)))
    values = {f"low{number}": low for number, (low, _) in enumerate(bounds)}
    values |= {f"high{number}": high for number, (_, high) in enumerate(bounds)}
    rows = await here.db.rows(f"SELECT actor.id FROM actor WHERE ({named}) AND {SEEN} ORDER BY actor.id", **values)
    return {number_of(row["id"]): row["id"] for row in rows}


async def several(call: Call) -> Response:
    """GET /api/v1/accounts: the accounts in `id`, as far as there are any."""
    numbers = texts_of(call.found, "id", MOST)
    found = await actor_ids_of(call.here, numbers)
    by_id = await accounts_by_id(call.here, found.values())
    return answer(in_order([found[number] for number in dict.fromkeys(numbers) if number in found], by_id))


async def followers(call: Call) -> Response:
    """GET /api/v1/accounts/ID/followers: names for whom they follow, for others there is the number."""
    return await _followed(call, "target_id", "follower_id")


async def following(call: Call) -> Response:
    """GET /api/v1/accounts/ID/following: likewise."""
    return await _followed(call, "follower_id", "target_id")


async def _followed(call: Call, mine: str, theirs: str) -> Response:
    actor_id = await actor_id_of(call.here, call.path())
    if actor_id != call.viewer.actor_id:
        return answer([])
    accepted = " AND follow.state = 'accepted'"
    return await people_page(call, "follow", mine, theirs, condition=accepted, most=80)


async def people_page(
    call: Call,
    table: str,
    mine: str,
    theirs: str,
    *,
    condition: str = "",
    whom: str = SEEN,
    of: str | None = None,
    columns: str = "",
    usual: int = 40,
    most: int = 80,
) -> Response:
    """A page of the accounts in a table of pairs, the newest pair first; ids of pairs are what pages are cut by.

    `of` is whose pairs (of whoever asks without); `columns` may bring `mute_ends_at`.
    """
    here, cut = call.here, cut_of(call.found, usual=usual, most=most)
    part, bounds = part_by_id(cut, f"{table}.id")
    rows = await here.db.rows(
        f"SELECT {table}.id AS place, {ACCOUNT_COLUMNS}{columns} FROM {table} JOIN actor ON actor.id = {table}.{theirs}"
        f" WHERE {table}.{mine} = :me{condition}{part} AND {whom}"
        f" ORDER BY {table}.id {'ASC' if cut.is_upwards else 'DESC'} LIMIT :limit",
        me=of or call.me,
        limit=cut.limit,
        **bounds,
    )
    rows = ordered(cut, rows)
    places = [number_of(row["place"]) for row in rows]
    links = link_header(here, call.request, places, more=len(rows) >= cut.limit)
    found = [account_of(here, row) for row in rows]
    for account, row in zip(found, rows, strict=True):
        if columns:
            account.mute_expires_at = moment_or_none(row["mute_ends_at"])
    return answer(found, links)


async def show(call: Call) -> Response:
    """GET /api/v1/accounts/ID."""
    return answer(account_of(call.here, await seen_row(call.here, call.path())))


async def lookup(call: Call) -> Response:
    """GET /api/v1/accounts/lookup: an account by its handle, as far as it is known here."""
    page = await actors.person_by_handle(call.here, text_of(call.found, "acct", 400))
    if page is None:
        raise missing()
    row = await call.here.db.row(f"SELECT {ACCOUNT_COLUMNS} FROM actor WHERE actor.id = :id AND {SEEN}", id=page.id)
    if row is None:
        raise missing()
    return answer(account_of(call.here, row))


async def statuses(call: Call) -> Response:
    """GET /api/v1/accounts/ID/statuses: what somebody wrote and passed on; of a community, what was said in it."""
    here, cut = call.here, cut_of(call.found)
    actor = await seen_row(here, call.path())
    condition = ""
    if flag_of(call.found, "only_media"):
        condition += MEDIA_ONLY
    if flag_of(call.found, "exclude_replies"):
        condition += " AND post.parent_id IS NULL AND post.in_reply_to_uri IS NULL"
    values: dict[str, str] = {"of": actor["id"]}
    tagged = text_of(call.found, "tagged", 100).lstrip("#").lower()
    if tagged:
        condition += " AND EXISTS (SELECT 1 FROM post_tag AS t WHERE t.post_id = post.id AND t.tag = :tagged)"
        values["tagged"] = tagged
    if actor["kind"] == "Group":
        condition = (
            f" AND post.community_id = :of AND post.parent_id IS NULL AND post.in_reply_to_uri IS NULL{condition}"
        )
        index = "idx_post_begun"
        if flag_of(call.found, "pinned"):
            condition, index = f"{condition} AND post.pinned", "idx_post_pinned"
        source = f"post{here.db.by(index)}"
        found = await page(here, call.viewer, cut, source=source, condition=condition, look_around=False, **values)
    elif flag_of(call.found, "pinned"):
        join = "CROSS JOIN" if here.db.dialect == "sqlite" else "JOIN"  # from the few that are pinned
        source = f"profile_pin AS pin {join} post ON post.id = pin.post_id"
        condition = f" AND pin.actor_id = :of{condition}"
        found = await page(here, call.viewer, cut, source=source, condition=condition, look_around=False, **values)
    else:
        boosts = not (flag_of(call.found, "exclude_reblogs") or tagged or flag_of(call.found, "only_media"))
        part, bounds = await within(here, cut, "post.published_at", "post.id")
        may_read, rights = readable(call.viewer)
        direction = "ASC" if cut.is_upwards else "DESC"
        written = _written(f"{condition}{part} AND {may_read}", direction)
        if boosts:
            passed_on = part.replace("post.published_at", "boost.created_at").replace("post.id", "boost.id")
            written = f"{written} UNION ALL {_passed_on(f'{passed_on} AND {may_read}', direction)}"
        rows = await here.db.rows(
            f"SELECT {STATUS_COLUMNS}, listed.* FROM ({written}) AS listed JOIN post ON post.id = listed.post"
            f" ORDER BY listed.at {direction}, listed.entry {direction} LIMIT :limit",
            limit=cut.limit,
            **values,
            **rights,
            **bounds,
        )
        found = await statuses_of(here, call.viewer, ordered(cut, rows))
    ids = [status.id for status in found]
    return answer(shown_in(ACCOUNT, found), link_header(here, call.request, ids, more=len(found) >= cut.limit))


def _written(condition: str, direction: str) -> str:
    """One page of what somebody wrote."""
    return (
        "SELECT * FROM (SELECT post.id AS post, post.published_at AS at, post.id AS entry, '' AS boost_id,"
        " '' AS boost_uri, CAST(0 AS BIGINT) AS boosted_at, '' AS via_id FROM post"
        f" WHERE post.author_id = :of AND post.state = 'visible'{condition}"
        f" ORDER BY post.published_at {direction}, post.id {direction} LIMIT :limit) AS own"
    )


def _passed_on(condition: str, direction: str) -> str:
    """One page of what somebody passed on."""
    return (
        "SELECT * FROM (SELECT boost.post_id, boost.created_at, boost.id AS entry, boost.id AS boost_id, boost.uri,"
        " boost.created_at AS boosted_at, boost.actor_id FROM boost JOIN post ON post.id = boost.post_id"
        " WHERE boost.actor_id = :of AND boost.undone_at IS NULL AND boost.state = 'done' AND post.state = 'visible'"
        f"{condition} ORDER BY boost.created_at {direction}, boost.id {direction} LIMIT :limit) AS passed"
    )


async def _row(here: Instance, number: str, condition: str) -> Row:
    bounds = range_of(number)
    row = bounds and await here.db.row(
        f"SELECT {ACCOUNT_COLUMNS} FROM actor WHERE actor.id BETWEEN :low AND :high AND {condition}"
        " ORDER BY actor.id LIMIT 1",
        low=bounds[0],
        high=bounds[1],
    )
    if not row:
        raise missing()
    return row


def routes() -> list[Route]:
    """All of them."""
    return [
        route("/api/v1/accounts/verify_credentials", verify_credentials, scope="read:accounts", unfinished=True),
        route("/api/v1/accounts/lookup", lookup, scope="read:accounts", anybody=True),
        route("/api/v1/accounts", several, scope="read:accounts", anybody=True),
        route("/api/v1/accounts/{id}", show, scope="read:accounts", anybody=True),
        route("/api/v1/accounts/{id}/followers", followers, scope="read:accounts", anybody=True),
        route("/api/v1/accounts/{id}/following", following, scope="read:accounts", anybody=True),
        route("/api/v1/accounts/{id}/statuses", statuses, scope="read:statuses", anybody=True),
    ]
