"""A private word for whoever says much more than the others (B8): to them alone, and nobody else is told.

Words of two weeks are counted where four or more wrote, never in support groups, and nothing of the count is kept.
"""

from collections import defaultdict
from datetime import timedelta

from server.instance import Instance
from server.notifications.actions import News, about_community, notify

KIND = "step_back"
SINCE = timedelta(days=14)
FEWEST_WRITERS = 4
FEWEST_WORDS = 300
SHARE = 0.4
_TEXT = "CASE WHEN post.source_md <> '' THEN post.source_md ELSE post.content_html END"
_WORDS = f"length({_TEXT}) - length(replace({_TEXT}, ' ', '')) + 1"


async def nudge(here: Instance) -> None:
    """Tell those who wrote more than two fifths of the words of a community; a job, once in two weeks for each."""
    now = here.clock.now()
    rows = await here.db.rows(
        f"SELECT post.community_id, post.author_id, sum({_WORDS}) AS words FROM post"
        " JOIN community ON community.id = post.community_id JOIN actor ON actor.id = post.author_id"
        " WHERE post.state = 'visible' AND post.published_at > :since AND community.kind <> 'support'"
        " AND community.archived_at IS NULL AND actor.kind = 'Person' AND post.kind <> 'vent'"
        " GROUP BY post.community_id, post.author_id ORDER BY post.community_id, post.author_id",
        since=now - SINCE,
    )
    said: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        said[row["community_id"]][row["author_id"]] = int(row["words"])
    for community_id, words in said.items():
        total = sum(words.values())
        if len(words) < FEWEST_WRITERS or total < FEWEST_WORDS:
            continue
        for person_id, count in words.items():
            if count > SHARE * total:
                key = f"{community_id}:{now.date().toordinal() // SINCE.days}"
                news = News(kind=KIND, thing=about_community(community_id), key=key, community_id=community_id)
                async with here.db.transaction():
                    await notify(here, [person_id], news)
