"""This week: what waits for somebody, what became of their practices, one thing to try, and first steps.

It reads what other features wrote and owns nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.actors.queries import PersonLabel, labels
from server.actors.viewer import Viewer
from server.communities.queries import CommunityLabel
from server.communities.queries import labels as community_labels
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.posts.queries import PostView, listing, page_path, readable
from server.posts.readable import findable
from server.search.queries import ids_about
from server.week.picks import CANDIDATES, Said, Suggestion, choose

MAX_WAITING = 20
MAX_ASKS = 3
MAX_TRAVELLED = 5
TALKED_ABOUT = 50
"""So many of mine, those with the latest answers, are looked through for what travelled."""
TRAVELLED_SINCE = timedelta(days=14)
ASKS_SINCE = timedelta(days=60)
FIRST_STEPS_FOR = timedelta(days=30)
TERM = timedelta(days=120)
"""After so long somebody is asked whether their answers still hold."""
MY_CHALLENGES = 5

PRACTICES = ("practice", "tip")

MINUTES = {"application": 2, "held": 1, "follow_request": 1, "ask": 3, "practice": 5}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for one tap: ``application``, ``held`` (`url` is the post's) or ``follow_request``."""

    kind: str
    person: PersonLabel
    community: CommunityLabel | None
    url: str
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Travelled:
    """Something of mine that people answered lately; `tried` of the answers say how it went."""

    post: PostView
    replies: int
    people: int
    newest_at: datetime
    tried: int = 0


@dataclass(frozen=True, slots=True)
class PostsOfTheWeek:
    """The posts on the page, but for the timeline."""

    asks: list[PostView]
    travelled: list[Travelled]
    suggestions: list[Suggestion]


@dataclass(frozen=True, slots=True)
class About:
    """What somebody said of themselves, and what is suggested by it; `asks_again`: that was a term ago."""

    said: Said
    ask_me_about: str
    created_at: datetime
    away_since: datetime | None = None
    back_at: datetime | None = None
    facilitates: bool = False
    asks_again: bool = False


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What somebody new has done already."""

    has_profile: bool
    has_community: bool
    follows_somebody: bool
    has_shared: bool
    has_answered: bool

    @property
    def done(self) -> int:
        """How many steps are done."""
        return sum((self.has_profile, self.has_community, self.follows_somebody, self.has_shared, self.has_answered))


async def about(here: Instance, viewer: Viewer) -> About:
    """What the viewer said of themselves, the challenges they named, and what they passed by; one query."""
    joined = "group_concat" if here.db.dialect == "sqlite" else "string_agg"
    row = await here.db.row(
        "SELECT account.teaches, account.stuck_with, account.ask_me_about, account.created_at, card.works_with,"
        " card.would_learn, card.no_picks, card.answered_at, account.away_since, account.back_at,"
        " EXISTS (SELECT 1 FROM membership WHERE person_id = account.actor_id AND state = 'active'"
        " AND role IN ('steward', 'facilitator')) AS facilitates,"
        f" (SELECT {joined}(passed.post_id, ' ') FROM passed_pick AS passed"
        " WHERE passed.person_id = account.actor_id) AS passed,"
        f" (SELECT {joined}(mine.title, '|') FROM (SELECT post.title FROM post"
        " WHERE post.author_id = account.actor_id AND post.kind = 'challenge' AND post.state = 'visible'"
        " AND NOT post.locked ORDER BY post.published_at DESC, post.id DESC LIMIT :challenges) AS mine) AS challenges"
        " FROM account LEFT JOIN needs_card AS card ON card.id = account.actor_id WHERE account.id = :id",
        id=viewer.account_id,
        challenges=MY_CHALLENGES,
    )
    if row is None:
        return About(Said(), "", here.clock.now())
    said = Said(
        teaches=row["teaches"],
        works_with=row["works_with"] or "",
        stuck_with=row["stuck_with"],
        would_learn=row["would_learn"] or "",
        challenges=tuple(title for title in (row["challenges"] or "").split("|") if title.strip()),
        passed=frozenset((row["passed"] or "").split()),
        wanted=not row["no_picks"],
    )
    since = from_milliseconds(row["answered_at"] or row["created_at"])
    return About(
        said=said,
        ask_me_about=row["ask_me_about"],
        created_at=from_milliseconds(row["created_at"]),
        away_since=None if row["away_since"] is None else from_milliseconds(row["away_since"]),
        back_at=None if row["back_at"] is None else from_milliseconds(row["back_at"]),
        facilitates=bool(row["facilitates"]),
        asks_again=here.clock.now() - since > TERM,
    )


async def waiting(here: Instance, viewer: Viewer) -> list[Waiting]:
    """Applications and held posts where the viewer decides, and requests to follow them; the oldest first."""
    held_elsewhere = " OR post.community_id IS NULL" if viewer.is_steward else ""
    decides = (
        "EXISTS (SELECT 1 FROM membership AS mine WHERE mine.community_id = {community} AND mine.person_id = :me"
        " AND mine.state = 'active' AND mine.role IN ('steward', 'facilitator'))"
    )
    rows = await here.db.rows(
        "SELECT 'application' AS kind, membership.person_id AS person_id, membership.community_id AS community_id,"
        " '' AS short, '' AS title, '' AS post_kind, membership.updated_at AS at FROM membership"
        f" WHERE membership.state = 'applied' AND {decides.format(community='membership.community_id')}"
        " UNION ALL SELECT 'held', post.author_id, post.community_id, post.short, post.title, post.kind,"
        " post.created_at FROM post WHERE post.state = 'held' AND post.author_id <> :me AND post.visibility <> 'direct'"
        f" AND ({decides.format(community='post.community_id')}{held_elsewhere})"
        " UNION ALL SELECT 'follow_request', follow.follower_id, NULL, '', '', '', follow.created_at FROM follow"
        " WHERE follow.target_id = :me AND follow.state = 'requested'"
        " ORDER BY at, kind, person_id LIMIT :limit",
        me=viewer.actor_id,
        limit=MAX_WAITING,
    )
    people = await labels(here, {row["person_id"] for row in rows})
    communities = await community_labels(here, {row["community_id"] for row in rows if row["community_id"]})
    return [
        Waiting(
            kind=row["kind"],
            person=people[row["person_id"]],
            community=communities.get(row["community_id"]),
            url=page_path(row["short"], row["title"], row["post_kind"]) if row["short"] else "",
            title=row["title"],
            at=from_milliseconds(row["at"]),
        )
        for row in rows
        if row["person_id"] in people
    ]


async def posts_of_the_week(here: Instance, viewer: Viewer, me: About) -> PostsOfTheWeek:
    """Asks, answers to what I shared, and one practice; eleven queries, or one more where nothing fits what I said."""
    ask_ids = await ids_about(here, viewer, me.ask_me_about, kinds=("ask",), limit=MAX_ASKS * 6)
    answered = await _answered(here, viewer)
    fitting = await _fitting(here, viewer, me.said)
    newest = [] if fitting or not me.said.wanted else await _newest_practices(here, viewer)
    wanted = list(dict.fromkeys([*ask_ids, *(row["id"] for row in answered), *fitting, *newest]))
    found = await listing(here, viewer, ids=wanted, limit=len(wanted)) if wanted else None
    posts = {post.id: post for post in found.items} if found else {}
    return PostsOfTheWeek(
        asks=_asks(here, viewer, [posts[post_id] for post_id in ask_ids if post_id in posts]),
        travelled=[
            Travelled(posts[row["id"]], row["replies"], row["people"], from_milliseconds(row["newest"]), row["tried"])
            for row in answered
            if row["id"] in posts
        ],
        suggestions=await choose(
            here, viewer, me.said, [posts[post_id] for post_id in fitting or newest if post_id in posts]
        ),
    )


async def first_steps(here: Instance, viewer: Viewer, me: About) -> FirstSteps | None:
    """What somebody new could do; None for those who are here for a month, or have done it all."""
    if here.clock.now() - me.created_at > FIRST_STEPS_FOR:
        return None
    # Of somebody who is new here: two hundred say enough.
    written = "SELECT kind FROM post WHERE author_id = :me AND state = 'visible' ORDER BY published_at LIMIT 200"
    row = await here.db.row(
        "SELECT (SELECT count(*) FROM actor"
        " WHERE id = :me AND (summary_source <> '' OR avatar_url IS NOT NULL)) AS profile,"
        " (SELECT count(*) FROM membership WHERE person_id = :me AND state IN ('active', 'applied')) AS communities,"
        " (SELECT count(*) FROM follow JOIN actor ON actor.id = follow.target_id"
        " WHERE follow.follower_id = :me AND actor.kind = 'Person') AS follows,"
        f" (SELECT count(*) FROM ({written}) AS mine"
        " WHERE kind IN ('practice', 'tip', 'resource', 'discussion', 'ask', 'poll', 'session')) AS shared,"
        f" (SELECT count(*) FROM ({written}) AS mine WHERE kind IN ('reply', 'tried')) AS answered",
        me=viewer.actor_id,
    )
    if row is None:
        return None
    steps = FirstSteps(
        has_profile=bool(row["profile"]),
        has_community=bool(row["communities"]),
        follows_somebody=bool(row["follows"]),
        has_shared=bool(row["shared"]),
        has_answered=bool(row["answered"]),
    )
    return None if steps.done == 5 else steps


async def newest_person(here: Instance, viewer: Viewer) -> PersonLabel | None:
    """Who joined this server last, within a month: somebody to greet."""
    row = await here.db.row(
        "SELECT actor.id FROM account JOIN actor ON actor.id = account.actor_id"
        " WHERE account.state = 'active' AND account.created_at > :since AND actor.id <> :me"
        " AND actor.discoverable AND NOT actor.hidden AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL"
        " ORDER BY account.created_at DESC, account.id DESC LIMIT 1",
        me=viewer.actor_id,
        since=here.clock.now() - FIRST_STEPS_FOR,
    )
    if row is None:
        return None
    return (await labels(here, [row["id"]])).get(row["id"])


def minutes(waiting: list[Waiting], posts: PostsOfTheWeek) -> int:
    """About how long all of it takes."""
    total = sum(MINUTES[item.kind] for item in waiting) + len(posts.asks) * MINUTES["ask"]
    return total + len(posts.suggestions) * MINUTES["practice"]


def _asks(here: Instance, viewer: Viewer, posts: list[PostView]) -> list[PostView]:
    since = here.clock.now() - ASKS_SINCE
    return [
        post
        for post in posts
        if post.author.id != viewer.actor_id
        and not post.answered
        and not post.helped_count
        and post.published_at > since
    ][:MAX_ASKS]


async def _fitting(here: Instance, viewer: Viewer, said: Said) -> list[str]:
    if not said.wanted:
        return []
    found = await ids_about(here, viewer, said.words, kinds=PRACTICES, limit=CANDIDATES + len(said.passed))
    return [post_id for post_id in found if post_id not in said.passed][:CANDIDATES]


async def _answered(here: Instance, viewer: Viewer) -> list[Row]:
    """What the viewer shared and others answered lately, as far as the viewer may read the answers."""
    may_read, parameters = readable(viewer)
    return await here.db.rows(
        "SELECT talked.id, count(*) AS replies, count(DISTINCT post.author_id) AS people,"
        " sum(CASE WHEN post.kind = 'tried' THEN 1 ELSE 0 END) AS tried,"
        f" max(post.published_at) AS newest FROM (SELECT shared.id FROM post AS shared{here.db.by('idx_post_travels')}"
        " WHERE shared.author_id = :week_me AND shared.state = 'visible'"
        " AND shared.kind IN ('practice', 'tip', 'resource') AND shared.last_activity_at > :week_since"
        " ORDER BY shared.last_activity_at DESC LIMIT :week_talked_about) AS talked"
        " JOIN post ON post.root_id = talked.id AND post.id <> talked.id"
        " WHERE post.author_id <> :week_me AND post.state = 'visible' AND post.published_at > :week_since"
        f" AND {may_read} GROUP BY talked.id ORDER BY max(post.published_at) DESC, talked.id LIMIT :week_limit",
        week_me=viewer.actor_id,
        week_since=here.clock.now() - TRAVELLED_SINCE,
        week_talked_about=TALKED_ABOUT,
        week_limit=MAX_TRAVELLED,
        **parameters,
    )


async def _newest_practices(here: Instance, viewer: Viewer) -> list[str]:
    may_read, parameters = readable(viewer)
    rows = await here.db.rows(
        f"SELECT post.id FROM post{here.db.by('idx_post_library')}"
        " WHERE post.kind IN ('practice', 'tip') AND post.state = 'visible'"
        f" AND post.author_id <> :week_me AND {may_read} AND {findable(viewer)}"
        " ORDER BY post.published_at DESC, post.id DESC LIMIT :week_limit",
        week_me=viewer.actor_id,
        week_limit=CANDIDATES,
        **parameters,
    )
    return [row["id"] for row in rows]
