"""Reading challenges: the board of a community, what answers one, and what a practice answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.actors.viewer import Viewer
from server.challenges.models import Challenge
from server.challenges.policy import MOST
from server.db import Row
from server.instance import Instance
from server.posts import queries as posts
from server.posts.addresses import page_path
from server.posts.queries import Page, PostView
from server.posts.readable import findable, readable

PAGE_SIZE = 20
CHOICES = 50
MOST_ANSWERS = 50
_NAME = "post.id, post.short, post.title, post.kind, place.name AS community"
_PLACE = "LEFT JOIN actor AS place ON place.id = post.community_id"


@dataclass(frozen=True, slots=True)
class Named:
    """A challenge or an answer by its title, for links and choices."""

    id: str
    short: str
    title: str
    url: str
    kind: str
    community: str = ""


@dataclass(frozen=True, slots=True)
class ChallengeFacts:
    """`reason` is why it was closed, or opened again; `answers` what the viewer may read of what answers it."""

    reason: str
    answers: list[PostView]


async def board(
    here: Instance, viewer: Viewer, community_id: str, *, closed: bool = False, before: str | None = None
) -> Page[PostView]:
    """The challenges of a community: those that nobody answered first, then by date. Or the closed ones by date."""
    may_read, values = readable(viewer)
    conditions = [
        "post.community_id = :community AND post.kind = 'challenge' AND post.state = 'visible'",
        "post.locked = TRUE" if closed else "post.locked = FALSE",
        may_read,
        findable(viewer, in_community=True),
    ]
    cursor = _cursor(before)
    if cursor is not None:
        conditions.append(
            "(post.answered > :answered OR (post.answered = :answered AND (post.published_at < CAST(:at AS BIGINT)"
            " OR (post.published_at = CAST(:at AS BIGINT) AND post.id < :last))))"
        )
        values |= {"answered": cursor[0], "at": cursor[1], "last": cursor[2]}
    rows = await here.db.rows(
        f"SELECT post.id, post.answered, post.published_at FROM post{here.db.by('idx_post_challenge')}"
        f" WHERE {' AND '.join(conditions)} ORDER BY post.answered, post.published_at DESC, post.id DESC LIMIT :limit",
        community=community_id,
        limit=PAGE_SIZE + 1,
        **values,
    )
    ids = [row["id"] for row in rows[:PAGE_SIZE]]
    last = rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
    more = f"{int(last['answered'])}.{last['published_at']}.{last['id']}" if last else None
    return Page(await _in_order(here, viewer, ids), more)


async def challenge(here: Instance, viewer: Viewer, post: PostView) -> ChallengeFacts:
    """What a challenge that the viewer was shown says of itself, and what answers it, the newest first."""
    found = await Challenge.get_or_none(id=post.id)
    may_read, values = readable(viewer)
    rows = await here.db.rows(
        "SELECT post.id FROM challenge_answer JOIN post ON post.id = challenge_answer.post_id"
        f" WHERE challenge_answer.challenge_uri = :uri AND post.state = 'visible' AND {may_read}"
        f" AND {findable(viewer, in_community=True)} ORDER BY challenge_answer.id DESC LIMIT :limit",
        uri=post.uri,
        limit=MOST_ANSWERS,
        **values,
    )
    answers = await _in_order(here, viewer, [row["id"] for row in rows])
    return ChallengeFacts(reason=found.reason if found else "", answers=answers)


async def answers_to(here: Instance, viewer: Viewer, post_id: str) -> list[Named]:
    """The challenges that a post answers, as far as the viewer may read them, in the order it was said. One query."""
    may_read, values = readable(viewer)
    rows = await here.db.rows(answered_in_sql(here, may_read), answering=post_id, most_answered=MOST, **values)
    return in_the_order_said(rows)


def answered_in_sql(here: Instance, may_read: str) -> str:
    """The statement behind `answers_to`, for what reads more with it: of `:answering`, at most `:most_answered`."""
    join = "CROSS JOIN" if here.db.dialect == "sqlite" else "JOIN"  # from the few that it answers
    return (
        f"SELECT {_NAME}, challenge_answer.id AS said FROM challenge_answer"
        f" {join} post ON post.uri = challenge_answer.challenge_uri {_PLACE}"
        f" WHERE challenge_answer.post_id = :answering AND post.kind = 'challenge' AND post.state = 'visible'"
        f" AND {may_read} ORDER BY challenge_answer.post_id, challenge_answer.challenge_uri LIMIT :most_answered"
    )


def in_the_order_said(rows: Sequence[Row]) -> list[Named]:
    """Challenges out of the rows of `answered_in_sql`."""
    return [_named(row) for row in sorted(rows, key=lambda row: str(row["said"]))]


async def choices(
    here: Instance, viewer: Viewer, community_ids: Sequence[str], also: Sequence[str] = ()
) -> list[Named]:
    """The open challenges of these communities, and `also` those with these short ids, the newest first. One query."""
    if viewer.actor_id is None or not (community_ids or also):
        return []
    places = {f"place_{number}": item for number, item in enumerate(community_ids[:50])}
    wanted = {f"also_{number}": item[-8:].lower() for number, item in enumerate(also)}
    some = [f"SELECT id FROM post WHERE short = :{name}" for name in wanted]
    if places:
        some.append(
            f"SELECT id FROM post{here.db.by('idx_post_challenge')} WHERE kind = 'challenge' AND state = 'visible'"
            f" AND locked = FALSE AND community_id IN ({', '.join(f':{name}' for name in places)})"
        )
    may_read, values = readable(viewer)
    rows = await here.db.rows(
        f"SELECT {_NAME} FROM post {_PLACE} WHERE post.id IN ({' UNION ALL '.join(some)})"
        " AND post.kind = 'challenge' AND post.state = 'visible' AND NOT post.locked"
        f" AND {may_read} AND {findable(viewer, in_community=True)}"
        " ORDER BY post.published_at DESC, post.id DESC LIMIT :limit",
        limit=CHOICES,
        **places,
        **wanted,
        **values,
    )
    return [_named(row) for row in rows]


async def challenge_id(here: Instance, viewer: Viewer, short: str) -> str | None:
    """The id of a challenge that the viewer may read, by its short id; None for all else."""
    found = await posts.show(here, viewer, short) if short else None
    return found.id if found is not None and found.kind == "challenge" and found.state == "visible" else None


async def facts(here: Instance, ids: Sequence[str]) -> dict[str, list[str]]:
    """What the cards of challenges say: whether they are closed, and how much answers them."""
    named = {f"id_{number}": post_id for number, post_id in enumerate(ids)}
    rows = await here.db.rows(
        "SELECT post.id, post.locked, challenge.answers FROM post LEFT JOIN challenge ON challenge.id = post.id"
        f" WHERE post.id IN ({', '.join(':' + name for name in named)})",
        **named,
    )
    return {row["id"]: [*(["Closed"] if row["locked"] else []), _count_words(row["answers"] or 0)] for row in rows}


def _named(row: Row) -> Named:
    return Named(
        id=row["id"],
        short=row["short"],
        title=row["title"],
        url=page_path(row["short"], row["title"], row["kind"]),
        kind=row["kind"],
        community=row["community"] or "",
    )


async def _in_order(here: Instance, viewer: Viewer, ids: Sequence[str]) -> list[PostView]:
    if not ids:
        return []
    found = await posts.listing(here, viewer, ids=ids, limit=len(ids))
    by_id = {post.id: post for post in found.items}
    return [by_id[post_id] for post_id in ids if post_id in by_id]


def _count_words(answers: int) -> str:
    return "No answer yet" if not answers else "One answer" if answers == 1 else f"{answers} answers"


def _cursor(text: str | None) -> tuple[bool, int, str] | None:
    answered, _, rest = (text or "").partition(".")
    found = posts.parse_cursor(rest)
    return (answered == "1", *found) if answered in {"0", "1"} and found is not None else None
