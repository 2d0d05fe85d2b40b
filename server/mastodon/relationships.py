"""What stands between whoever asks and others: following, and what one chose about somebody."""

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Route

from server.actors import actions as actors
from server.actors import muting, relations
from server.actors.relations import Standing
from server.api import flag_of, text_of, texts_of
from server.communities import following as communities
from server.communities.roster import states_among
from server.instance import Instance
from server.mastodon.answers import Relationship
from server.mastodon.ids import number_of
from server.mastodon.people import actor_id_of, actor_ids_of, known_row, people_page, seen_row
from server.mastodon.serving import Call, answer, missing, route

MOST = 100
FOLLOWS, ACCOUNTS = "write:follows", "write:accounts"


async def relationships(call: Call) -> Response:
    """GET /api/v1/accounts/relationships: of the accounts in `id`, in the order in which they were asked for."""
    numbers = dict.fromkeys(texts_of(call.found, "id", MOST))
    found = await actor_ids_of(call.here, list(numbers))
    ids = [found[number] for number in numbers if number in found]
    about = await relationships_of(call.here, call.me, ids)
    return answer([about[actor_id] for actor_id in ids])


async def relationships_of(here: Instance, me: str, ids: Sequence[str]) -> dict[str, Relationship]:
    """By our ids of actors; two statements however many there are."""
    standings = await relations.standings(here, me, ids)
    memberships = await states_among(here, me, ids)
    return {
        actor_id: _relationship(actor_id, standing, memberships.get(actor_id, ""))
        for actor_id, standing in standings.items()
    }


async def relationship_with(call: Call, actor_id: str) -> Response:
    """The answer of everything that changes what stands between the two."""
    return answer((await relationships_of(call.here, call.me, [actor_id]))[actor_id])


def _relationship(actor_id: str, standing: Standing, membership: str) -> Relationship:
    """A member of a community follows it, as far as apps know; who asked for a place has requested that."""
    follows = standing.following == "accepted" or membership == "active"
    return Relationship(
        id=number_of(actor_id),
        following=follows,
        showing_reblogs=follows and (standing.shows_boosts or standing.following == ""),
        notifying=follows and standing.notifies,
        languages=list(standing.languages) if standing.languages else None,
        followed_by=standing.followed_by == "accepted",
        blocking=standing.i_blocked,
        blocked_by=standing.blocked_me,
        muting=standing.is_muted,
        muting_notifications=standing.is_muted and standing.mutes_notifications,
        requested=not follows and (standing.following in {"requested", "paused"} or membership == "applied"),
        requested_by=standing.followed_by == "requested",
        domain_blocking=standing.blocks_host,
        endorsed=standing.is_endorsed,
        note=standing.note,
    )


async def follow(call: Call) -> Response:
    """POST /api/v1/accounts/ID/follow: people are followed; communities here, and those for members, are joined."""
    here, row = call.here, await seen_row(call.here, call.path())
    shows_boosts = flag_of(call.found, "reblogs") if "reblogs" in call.found else None
    notifies = flag_of(call.found, "notify") if "notify" in call.found else None
    languages = texts_of(call.found, "languages") if "languages" in call.found else None
    if row["kind"] == "Group":
        await communities.follow_or_join(here, call.viewer, row["id"])
    else:
        await actors.request_follow(here, call.me, row["id"])
    chosen = shows_boosts is not None or notifies is not None or languages is not None
    if chosen and (await relations.relationship(here, call.me, row["id"])).following:
        await actors.tune_follow(
            here, call.me, row["id"], shows_boosts=shows_boosts, notifies=notifies, languages=languages
        )
    return await relationship_with(call, row["id"])


async def unfollow(call: Call) -> Response:
    """POST /api/v1/accounts/ID/unfollow, which also takes back a request; a community is left."""
    row = await known_row(call.here, call.path())
    if row["kind"] == "Group":
        await communities.unfollow_and_leave(call.here, call.viewer, row["id"])
    else:
        await actors.unfollow(call.here, call.me, row["id"])
    return await relationship_with(call, row["id"])


async def remove_from_followers(call: Call) -> Response:
    """POST /api/v1/accounts/ID/remove_from_followers."""
    row = await known_row(call.here, call.path())
    if (await relations.relationship(call.here, call.me, row["id"])).followed_by:
        await actors.remove_follower(call.here, call.me, row["id"])
    return await relationship_with(call, row["id"])


async def follow_requests(call: Call) -> Response:
    """GET /api/v1/follow_requests: who waits for an answer."""
    asking = " AND follow.state = 'requested'"
    return await people_page(call, "follow", "target_id", "follower_id", condition=asking)


async def authorize(call: Call) -> Response:
    """POST /api/v1/follow_requests/ID/authorize."""
    row = await known_row(call.here, call.path())
    await actors.accept_follow(call.here, call.me, row["id"])
    return await relationship_with(call, row["id"])


async def reject(call: Call) -> Response:
    """POST /api/v1/follow_requests/ID/reject."""
    row = await known_row(call.here, call.path())
    if not (await relations.relationship(call.here, call.me, row["id"])).asks_me:
        raise missing()
    await actors.reject_follow(call.here, call.me, row["id"])
    return await relationship_with(call, row["id"])


async def note(call: Call) -> Response:
    """POST /api/v1/accounts/ID/note: for one's own eyes."""
    row = await known_row(call.here, call.path())
    await muting.note(call.here, call.me, row["id"], text_of(call.found, "comment"))
    return await relationship_with(call, row["id"])


async def endorse(call: Call) -> Response:
    """POST /api/v1/accounts/ID/pin, and /endorse."""
    row = await seen_row(call.here, call.path())
    await muting.endorse(call.here, call.me, row["id"])
    return await relationship_with(call, row["id"])


async def stop_endorsing(call: Call) -> Response:
    """POST /api/v1/accounts/ID/unpin, and /unendorse."""
    row = await known_row(call.here, call.path())
    await muting.stop_endorsing(call.here, call.me, row["id"])
    return await relationship_with(call, row["id"])


async def endorsements(call: Call) -> Response:
    """GET /api/v1/endorsements: whom one shows on one's profile."""
    return await people_page(call, "endorsement", "endorser_id", "endorsed_id")


async def endorsements_of(call: Call) -> Response:
    """GET /api/v1/accounts/ID/endorsements: whom somebody here shows."""
    actor_id = await actor_id_of(call.here, call.path())
    return await people_page(call, "endorsement", "endorser_id", "endorsed_id", of=actor_id)


def routes() -> list[Route]:
    """All of them."""
    return [
        route("/api/v1/follow_requests", follow_requests, scope="read:follows"),
        route("/api/v1/follow_requests/{id}/authorize", authorize, "POST", scope=FOLLOWS),
        route("/api/v1/follow_requests/{id}/reject", reject, "POST", scope=FOLLOWS),
        route("/api/v1/accounts/{id}/remove_from_followers", remove_from_followers, "POST", scope=FOLLOWS),
        route("/api/v1/accounts/{id}/note", note, "POST", scope=ACCOUNTS),
        route("/api/v1/accounts/{id}/pin", endorse, "POST", scope=ACCOUNTS),
        route("/api/v1/accounts/{id}/endorse", endorse, "POST", scope=ACCOUNTS),
        route("/api/v1/accounts/{id}/unpin", stop_endorsing, "POST", scope=ACCOUNTS),
        route("/api/v1/accounts/{id}/unendorse", stop_endorsing, "POST", scope=ACCOUNTS),
        route("/api/v1/accounts/{id}/endorsements", endorsements_of, scope="read:accounts", anybody=True),
        route("/api/v1/endorsements", endorsements, scope="read:accounts"),
        route("/api/v1/accounts/relationships", relationships, scope="read:follows"),
        route("/api/v1/accounts/{id}/follow", follow, "POST", scope=FOLLOWS),
        route("/api/v1/accounts/{id}/unfollow", unfollow, "POST", scope=FOLLOWS),
    ]
