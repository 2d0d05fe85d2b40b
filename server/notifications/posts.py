"""What happens to posts, as news for the people it concerns."""

from collections.abc import Sequence

from server.db import Row, among
from server.instance import Instance
from server.notifications.actions import News, about_community, about_post, forget_post, notify, notify_all, withdraw
from server.peers.policy import in_sql
from server.posts.events import (
    PostBoosted,
    PostDeleted,
    PostHeld,
    PostLiked,
    PostPublished,
    PostRefused,
    PostRemoved,
    PostUnboosted,
    PostUnliked,
    QuoteAllowed,
    ReplyHelped,
    ReplyUnhelped,
)
from server.posts.policy import FOLLOWERS, INSTANCE, IS_NO_PLACE, MEMBERS, NETWORK, OPEN
from server.posts.readable import topic_muted_by
from server.remixes.events import ChangeOffered, OfferAnswered, OfferWithdrawn, PracticeRemixed

MAX_MENTIONS = 50
MAX_FOLLOWERS = 1_000
_FOR_FOLLOWERS = (*sorted(OPEN), NETWORK, INSTANCE, FOLLOWERS)
"""What whoever follows somebody may read, wherever it was said."""
_FOR_MEMBERS = (*sorted(OPEN), NETWORK, INSTANCE, MEMBERS)


# A remix names the authors of its source and of the first of all; it tells the former in its own words.
_REMIXED = (
    "EXISTS (SELECT 1 FROM remix JOIN post AS source ON source.uri IN (remix.source_uri, remix.root_uri)"
    " WHERE remix.id = post_mention.post_id AND source.author_id = post_mention.actor_id)"
)

# Whoever proposed to try it together gets the reports of those who take part, and is told when it is over.
_TOGETHER = (
    "EXISTS (SELECT 1 FROM tried_report AS report JOIN post AS whole ON whole.id = report.practice_id"
    " JOIN together ON together.practice_uri = whole.uri JOIN post AS event ON event.id = together.id"
    " WHERE report.id = post_mention.post_id AND event.author_id = post_mention.actor_id)"
)


# What somebody asked without their name is the community's in every other place; of answers only they hear.
_ANSWERED = (
    "COALESCE((SELECT NULLIF(asked.person_id, COALESCE((SELECT said.person_id FROM nameless_post AS said"
    " WHERE said.id = post.id), '')) FROM nameless_post AS asked WHERE asked.id = parent.id), parent.author_id)"
)


async def on_published(here: Instance, events: Sequence[PostPublished]) -> None:
    """Tell whom posts answer, and whom they name."""
    places, parameters = among(event.post_id for event in events)
    rows = await here.db.rows(
        f"SELECT post.id, post.kind, post.root_id, {_ANSWERED} AS answered_id FROM post"
        f" LEFT JOIN post AS parent ON parent.id = post.parent_id WHERE post.id IN ({places})"
        " AND post.state = 'visible'",
        **parameters,
    )
    named = await here.db.rows(
        "SELECT named.post_id, named.actor_id, named.wrote FROM ("
        "SELECT post_mention.post_id, post_mention.actor_id, 0 AS wrote, post_mention.id AS n FROM post_mention"
        " JOIN actor ON actor.id = post_mention.actor_id"
        f" WHERE post_mention.post_id IN ({places}) AND actor.is_local AND NOT {_REMIXED}"
        f" AND NOT {_TOGETHER} UNION ALL SELECT post.id, coauthor.person_id, 1, 0 FROM post"
        " JOIN coauthor ON coauthor.post_id = post.parent_id AND coauthor.state = 'active'"
        f" WHERE post.id IN ({places})) AS named ORDER BY named.n LIMIT :limit",
        limit=MAX_MENTIONS * len(events),
        **parameters,
    )
    found = {row["id"]: row for row in rows}
    told: list[tuple[str, News]] = []
    for event in events:
        row = found.get(event.post_id)
        if row is None:
            continue
        thing, answered = about_post(row["root_id"] or row["id"]), row["answered_id"]
        if answered:
            kind = "tried" if row["kind"] == "tried" else "reply"
            news = _news(kind, thing, event.author_id, event.post_id)
            writers = {each["actor_id"] for each in named if each["post_id"] == event.post_id and each["wrote"]}
            told += [(writer_id, news) for writer_id in (answered, *sorted(writers - {answered}))]
            answered_ids = {answered, *writers}
        else:
            answered_ids = set()
        others = [each["actor_id"] for each in named if each["post_id"] == event.post_id and not each["wrote"]]
        news = _news("mention", thing, event.author_id, event.post_id)
        told += [(actor_id, news) for actor_id in others[:MAX_MENTIONS] if actor_id not in answered_ids]
    await notify_all(here, [*told, *await _for_followers(here, events, told)])


async def _for_followers(
    here: Instance, events: Sequence[PostPublished], told: Sequence[tuple[str, News]]
) -> list[tuple[str, News]]:
    """Who asked to be told whatever somebody publishes, or what begins in a community; not of answers.

    Of a community, members hear so who chose to hear by mail at once or once a day; of a topic, who follows it. Nobody
    hears so of a topic that they muted.
    """
    places, parameters = among(event.post_id for event in events)
    begun = (
        f"post.id IN ({places}) AND post.state = 'visible' AND post.visibility IN {in_sql(_FOR_MEMBERS)}"
        " AND post.parent_id IS NULL AND post.in_reply_to_uri IS NULL"
    )
    rows = await here.db.rows(
        "SELECT wanted.* FROM (SELECT post.id AS id, post.author_id, follow.follower_id AS follower_id FROM post"
        f" JOIN follow{here.db.by('idx_follow_notifies')}"
        f" ON follow.target_id = post.author_id AND follow.notifies WHERE post.id IN ({places})"
        f" AND follow.state = 'accepted' AND post.state = 'visible' AND post.visibility IN {in_sql(_FOR_FOLLOWERS)}"
        " AND post.parent_id IS NULL AND post.in_reply_to_uri IS NULL"
        " UNION SELECT post.id, post.author_id, space.reader_id FROM post JOIN space_tier AS space"
        " ON space.community_id = post.community_id AND space.tier IN ('now', 'today') JOIN membership AS inside"
        " ON inside.community_id = post.community_id AND inside.person_id = space.reader_id AND inside.state = 'active'"
        f" WHERE {begun}"
        " UNION SELECT post.id, post.author_id, tuned.person_id FROM post JOIN topic ON topic.id = post.topic_id"
        " JOIN topic_choice AS tuned ON tuned.topic_id IN (topic.id, topic.within_id) AND tuned.choice = 'follow'"
        f" WHERE {begun} AND (EXISTS (SELECT 1 FROM membership AS inside WHERE"
        " inside.community_id = post.community_id AND inside.person_id = tuned.person_id AND inside.state = 'active')"
        " OR EXISTS (SELECT 1 FROM follow WHERE follow.target_id = post.community_id"
        " AND follow.follower_id = tuned.person_id AND follow.state = 'accepted'))) AS wanted"
        " JOIN post ON post.id = wanted.id"
        f" WHERE NOT {topic_muted_by('wanted.follower_id')} ORDER BY wanted.id, wanted.follower_id LIMIT :limit",
        limit=MAX_FOLLOWERS,
        **parameters,
    )
    already = {(reader_id, news.post_id) for reader_id, news in told}
    return [
        (row["follower_id"], _news("published", about_post(row["id"]), row["author_id"], row["id"]))
        for row in rows
        if (row["follower_id"], row["id"]) not in already
    ]


async def on_held(here: Instance, event: PostHeld) -> None:
    """Tell those who may let it through: the stewards of its community, else those of this server."""
    row = await here.db.row("SELECT community_id, author_id FROM post WHERE id = :id", id=event.post_id)
    if row is None:
        return
    community_id = row["community_id"]
    readers = await stewards_of(here, community_id) if community_id else await stewards_here(here)
    news = News(
        kind="held",
        thing=about_community(community_id) if community_id else about_post(event.post_id),
        key=event.post_id,
        actor_id=row["author_id"],
        post_id=event.post_id,
        community_id=community_id,
    )
    await notify(here, readers, news)


async def on_removed(here: Instance, event: PostRemoved) -> None:
    """Tell its author, and forget what others were told about it."""
    row = await here.db.row(
        "SELECT COALESCE((SELECT person_id FROM nameless_post WHERE nameless_post.id = post.id), author_id)"
        " AS author_id, community_id FROM post WHERE id = :id",
        id=event.post_id,
    )
    await forget_post(here, event.post_id)
    if row is None:
        return
    news = News(kind="removed", thing=about_post(event.post_id), key=event.post_id, community_id=row["community_id"])
    if row["author_id"] != event.by_id:
        await notify(here, [row["author_id"]], news)


async def on_quoted(here: Instance, event: QuoteAllowed) -> None:
    """Tell the author whose post is quoted (FEP-044f: what is agreed to automatically is told)."""
    await _tell_author(here, "quote", event.post_id, event.actor_id)


async def on_remixed(here: Instance, event: PracticeRemixed) -> None:
    """Tell whose practice somebody made another one of, here or elsewhere."""
    news = _news("remix", about_post(event.source_id), event.by_id, event.remix_id)
    await notify(here, [event.source_author_id], news)


async def on_offered(here: Instance, event: ChangeOffered) -> None:
    """Tell whose practice somebody offers a change to."""
    row = await _offer(here, event.offer_id)
    if row is not None:
        news = _news("offer", about_post(row["source_id"]), row["by_id"], row["remix_id"])
        await notify(here, [row["source_author_id"]], news)


async def on_offer_withdrawn(here: Instance, event: OfferWithdrawn) -> None:
    """Take that back."""
    row = await _offer(here, event.offer_id)
    if row is not None:
        await withdraw(here, row["source_author_id"], "offer", f"{row['remix_id']}:{row['by_id']}")


async def on_offer_answered(here: Instance, event: OfferAnswered) -> None:
    """Tell who offered a change that it was taken; that it was not stands on its page."""
    row = await _offer(here, event.offer_id)
    if row is not None:
        await withdraw(here, row["source_author_id"], "offer", f"{row['remix_id']}:{row['by_id']}")
        if event.taken:
            thing = about_post(row["source_id"])
            await notify(here, [row["by_id"]], _news("offer_taken", thing, row["source_author_id"], row["source_id"]))


async def on_refused(here: Instance, event: PostRefused) -> None:
    """Tell who wrote it that whoever they answered or quoted does not want it, and forget what others were told."""
    row = await here.db.row("SELECT author_id, root_id FROM post WHERE id = :id", id=event.post_id)
    await forget_post(here, event.post_id)
    if row is not None:
        news = _news("refused", about_post(row["root_id"] or event.post_id), event.by_id, event.post_id)
        await notify(here, [row["author_id"]], news)


async def on_deleted(here: Instance, event: PostDeleted) -> None:
    """Forget it."""
    await forget_post(here, event.post_id)


async def on_liked(here: Instance, event: PostLiked) -> None:
    """Tell its author."""
    await _tell_author(here, "like", event.post_id, event.actor_id)


async def on_unliked(here: Instance, event: PostUnliked) -> None:
    """Take that back."""
    await _untell_author(here, "like", event.post_id, event.actor_id)


async def on_boosted(here: Instance, event: PostBoosted) -> None:
    """Tell its author, unless it was a community that passed on what was posted to it, or a subject of ours."""
    if await here.db.value(f"SELECT id FROM actor WHERE id = :id AND {IS_NO_PLACE}", id=event.actor_id):
        await _tell_author(here, "boost", event.post_id, event.actor_id)


async def on_unboosted(here: Instance, event: PostUnboosted) -> None:
    """Take that back."""
    await _untell_author(here, "boost", event.post_id, event.actor_id)


async def on_helped(here: Instance, event: ReplyHelped) -> None:
    """Tell who wrote the reply that it helped."""
    await _tell_author(here, "helped", event.post_id, event.by_id)


async def on_unhelped(here: Instance, event: ReplyUnhelped) -> None:
    """Take that back."""
    await _untell_author(here, "helped", event.post_id, event.by_id)


async def stewards_of(here: Instance, community_id: str) -> list[str]:
    """Who looks after a community."""
    rows = await here.db.rows(
        "SELECT person_id FROM membership WHERE community_id = :id AND state = 'active'"
        " AND role IN ('steward', 'facilitator') ORDER BY id LIMIT 50",
        id=community_id,
    )
    return [row["person_id"] for row in rows]


async def stewards_here(here: Instance) -> list[str]:
    """Who looks after this server."""
    rows = await here.db.rows(
        "SELECT actor_id FROM account WHERE role IN ('steward', 'admin') AND state = 'active' ORDER BY id LIMIT 50"
    )
    return [row["actor_id"] for row in rows]


def _news(kind: str, thing: str, actor_id: str, post_id: str) -> News:
    return News(kind=kind, thing=thing, key=f"{post_id}:{actor_id}", actor_id=actor_id, post_id=post_id)


async def _tell_author(here: Instance, kind: str, post_id: str, actor_id: str) -> None:
    row = await here.db.row("SELECT author_id, root_id FROM post WHERE id = :id", id=post_id)
    if row is not None:
        thing = about_post(row["root_id"] or post_id)
        await notify(here, [row["author_id"]], _news(kind, thing, actor_id, post_id))


async def _untell_author(here: Instance, kind: str, post_id: str, actor_id: str) -> None:
    author_id = await here.db.value("SELECT author_id FROM post WHERE id = :id", id=post_id)
    if author_id is not None:
        await withdraw(here, author_id, kind, f"{post_id}:{actor_id}")


async def _offer(here: Instance, offer_id: str) -> Row | None:
    return await here.db.row(
        "SELECT remix_offer.remix_id, remix_offer.source_id, remix_offer.by_id, post.author_id AS source_author_id"
        " FROM remix_offer JOIN post ON post.id = remix_offer.source_id WHERE remix_offer.id = :id",
        id=offer_id,
    )
