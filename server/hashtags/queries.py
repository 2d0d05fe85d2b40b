"""Reading hashtags. What is counted and found are public posts alone: of others not even the words are told (S30)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from server.db import among, to_milliseconds
from server.instance import Instance
from server.posts.readable import ANYBODY

DAYS = 7
DAY_MILLISECONDS = 86_400_000
COUNTED = 400
"""So many of the newest posts with a hashtag are counted."""
LATEST = 2_000
"""So many of the latest public posts are looked through for what is much used."""
SEARCHED = 60
TRENDING = "hashtags.trending"
TRENDING_FOR = timedelta(minutes=10)
FEWEST_AUTHORS = 2

_PUBLIC = f"post.visibility = 'public' AND {ANYBODY}"


@dataclass(slots=True)
class Tag:
    """A hashtag; `days` are pairs of posts and authors of the last days, today first."""

    name: str
    days: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)] * DAYS)
    is_followed: bool = False
    is_featured: bool = False


@dataclass(frozen=True, slots=True)
class Featured:
    """A hashtag on a profile: how many public posts of that person bear it, and when the last was published."""

    id: str
    tag: str
    posts_count: int
    last_at: int | None


async def named(here: Instance, viewer_id: str | None, names: Iterable[str]) -> dict[str, Tag]:
    """Hashtags with what was made of them lately, and what the viewer chose; two statements at most."""
    found = {name: Tag(name) for name in names}
    if not found:
        return found
    today = to_milliseconds(here.clock.now()) // DAY_MILLISECONDS
    parts, values = [], {"since": (today - DAYS + 1) * DAY_MILLISECONDS}
    wanted = list(found)
    wanted += wanted[-1:] * ((1 << (len(wanted) - 1).bit_length()) - len(wanted))
    for number, _ in enumerate(wanted):
        parts.append(
            "SELECT * FROM (SELECT post_tag.tag AS tag, post_tag.at AS at, post_tag.post_id AS post_id FROM post_tag"
            f" WHERE post_tag.tag = :tag{number} AND post_tag.at >= :since ORDER BY post_tag.at DESC,"
            f" post_tag.post_id DESC LIMIT {COUNTED}) AS latest{number}"
        )
    rows = await here.db.rows(
        f"SELECT used.tag, used.at / {DAY_MILLISECONDS} AS day, count(*) AS posts,"
        f" count(DISTINCT post.author_id) AS authors FROM ({' UNION '.join(parts)}) AS used"
        f" JOIN post ON post.id = used.post_id WHERE {_PUBLIC} GROUP BY used.tag, used.at / {DAY_MILLISECONDS}",
        **values,
        **{f"tag{number}": name for number, name in enumerate(wanted)},
    )
    for row in rows:
        ago = today - int(row["day"])
        if 0 <= ago < DAYS:
            found[row["tag"]].days[ago] = (row["posts"], row["authors"])
    if viewer_id is not None:
        await _chosen(here, viewer_id, found)
    return found


async def _chosen(here: Instance, viewer_id: str, found: dict[str, Tag]) -> None:
    places, values = among(found, "tag")
    for row in await here.db.rows(
        f"SELECT tag, 'followed' AS what FROM followed_tag WHERE person_id = :me AND tag IN ({places})"
        f" UNION ALL SELECT tag, 'featured' FROM featured_tag WHERE person_id = :me AND tag IN ({places})",
        me=viewer_id,
        **values,
    ):
        if row["what"] == "followed":
            found[row["tag"]].is_followed = True
        else:
            found[row["tag"]].is_featured = True


async def beginning_with(here: Instance, text: str, *, limit: int) -> list[str]:
    """Hashtags of public posts that begin so, by the alphabet; from one tag to the next through an index."""
    rows = await here.db.rows(
        "WITH RECURSIVE step(tag, number) AS (SELECT (SELECT min(tag) FROM post_tag WHERE tag >= :text), 1"
        " UNION ALL SELECT (SELECT min(post_tag.tag) FROM post_tag WHERE post_tag.tag > step.tag), step.number + 1"
        f" FROM step WHERE step.tag IS NOT NULL AND substr(step.tag, 1, :length) = :text AND step.number < {SEARCHED})"
        " SELECT step.tag AS tag FROM step WHERE substr(step.tag, 1, :length) = :text AND EXISTS (SELECT 1 FROM"
        " (SELECT post_tag.post_id FROM post_tag WHERE post_tag.tag = step.tag"
        " ORDER BY post_tag.at DESC, post_tag.post_id DESC LIMIT 50) AS used"
        f" JOIN post ON post.id = used.post_id WHERE {_PUBLIC}) ORDER BY step.number LIMIT :limit",
        text=text,
        length=len(text),
        limit=limit,
    )
    return [row["tag"] for row in rows]


async def trending(here: Instance) -> list[str]:
    """What several people used in the latest public posts of two days, the most first; looked up now and then."""
    kept = here.caches.get(TRENDING)
    now = here.clock.now()
    if kept is not None and now - kept[0] < TRENDING_FOR:
        return list(kept[1])
    rows = await here.db.rows(
        "SELECT post_tag.tag, count(DISTINCT latest.author_id) AS authors, count(*) AS posts FROM"
        f" (SELECT post.id, post.author_id FROM post{here.db.by('idx_post_public')} WHERE {_PUBLIC}"
        " AND post.parent_id IS NULL AND post.in_reply_to_uri IS NULL AND post.published_at > :since"
        f" ORDER BY post.published_at DESC, post.id DESC LIMIT {LATEST}) AS latest"
        " JOIN post_tag ON post_tag.post_id = latest.id GROUP BY post_tag.tag"
        f" HAVING count(DISTINCT latest.author_id) >= {FEWEST_AUTHORS}"
        " ORDER BY authors DESC, posts DESC, post_tag.tag LIMIT 40",
        since=now - timedelta(days=2),
    )
    found = [row["tag"] for row in rows]
    here.caches[TRENDING] = (now, found)
    return found


async def featured(here: Instance, person_id: str) -> list[Featured]:
    """What somebody shows on their profile, with figures of their latest posts; one statement."""
    rows = await here.db.rows(
        "SELECT featured_tag.id, featured_tag.tag, count(used.id) AS posts, max(used.published_at) AS last_at"
        f" FROM featured_tag LEFT JOIN ({_latest_of()}) AS used ON used.tag = featured_tag.tag"
        " WHERE featured_tag.person_id = :person GROUP BY featured_tag.id, featured_tag.tag"
        " ORDER BY posts DESC, featured_tag.tag LIMIT 20",
        person=person_id,
    )
    return [Featured(row["id"], row["tag"], row["posts"], row["last_at"]) for row in rows]


async def used_by(here: Instance, person_id: str, *, without: Sequence[str] = (), limit: int = 10) -> list[str]:
    """What somebody used most in their latest public posts."""
    rows = await here.db.rows(
        f"SELECT used.tag, count(*) AS posts FROM ({_latest_of()}) AS used GROUP BY used.tag"
        " ORDER BY posts DESC, used.tag LIMIT :limit",
        person=person_id,
        limit=limit + len(without),
    )
    return [row["tag"] for row in rows if row["tag"] not in without][:limit]


def _latest_of() -> str:
    """SQL: the hashtags of the latest public posts of `:person`."""
    return (
        "SELECT own.id, own.published_at, post_tag.tag FROM (SELECT post.id, post.published_at FROM post"
        f" WHERE post.author_id = :person AND {_PUBLIC} ORDER BY post.published_at DESC, post.id DESC LIMIT 500)"
        " AS own JOIN post_tag ON post_tag.post_id = own.id"
    )
