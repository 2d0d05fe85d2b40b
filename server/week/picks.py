"""Practices to try, each with the reason why: by what somebody said of themselves and finds hard, by rules alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from server.actors.viewer import Viewer
from server.db import among
from server.instance import Instance
from server.peers.policy import in_sql
from server.posts.policy import COUNTED
from server.posts.queries import PostView
from server.search.words import any_of, words_of
from server.text import plain

MOST = 3
ROTATION_WEEKS = 8
"""A practice is suggested again after so many weeks at the earliest, as long as there are others."""
CANDIDATES = ROTATION_WEEKS * 2


@dataclass(frozen=True, slots=True)
class Said:
    """What decides what is suggested to somebody: their answers, the challenges that they named, what they passed by.

    `wanted`: nothing is suggested to who does not want that.
    """

    teaches: str = ""
    works_with: str = ""
    stuck_with: str = ""
    would_learn: str = ""
    challenges: tuple[str, ...] = ()
    passed: frozenset[str] = frozenset()
    wanted: bool = True

    @property
    def words(self) -> str:
        """All that they said, the most telling first."""
        return " ".join((*self.challenges, self.stuck_with, self.would_learn, self.teaches, self.works_with))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One practice to try. `reason`: it shares words with a ``challenge`` of mine (named in `about`), with what I am
    ``stuck`` with, want to ``learn``, or what I ``teaches``; or it is ``new``. So many `places` tried it.
    """

    post: PostView
    reason: str
    about: str = ""
    places: int = 0


async def choose(here: Instance, viewer: Viewer, said: Said, posts: Sequence[PostView]) -> list[Suggestion]:
    """Up to three of these, others each week; one query where there are any."""
    others = [post for post in posts if post.author.id != viewer.actor_id and post.id not in said.passed]
    found = [_why(post, said) for post in others]
    found = [pick for pick in found if pick.reason != "new"] or found
    if not found:
        return []
    start = here.clock.now().toordinal() // 7 % len(found)
    turn = [*found[start:], *found[:start]][:MOST]
    tried = await _places(here, [pick.post.id for pick in turn])
    return [replace(pick, places=tried.get(pick.post.id, 0)) for pick in turn]


def _why(post: PostView, said: Said) -> Suggestion:
    """The reason that shares the most words with a practice; what somebody finds hard comes first among equals."""
    words = set(words_of(f"{post.title} {plain(post.content_html)}"))
    reasons = [
        *((challenge, "challenge", challenge) for challenge in said.challenges),
        (said.stuck_with, "stuck", ""),
        (said.would_learn, "learn", ""),
        (f"{said.teaches} {said.works_with}", "teaches", ""),
    ]
    shared = [(len(words & set(any_of(mine))), reason, about) for mine, reason, about in reasons]
    most, reason, about = max(shared, key=lambda one: one[0])
    return Suggestion(post, reason, about) if most else Suggestion(post, "new")


async def _places(here: Instance, ids: Sequence[str]) -> dict[str, int]:
    """How many organisations said how it went, of each of these practices."""
    named, which = among(ids)
    rows = await here.db.rows(
        "SELECT report.practice_id AS id, count(DISTINCT who.domain) AS places FROM tried_report AS report"
        " JOIN post ON post.id = report.id JOIN actor AS who ON who.id = report.author_id"
        f" WHERE report.practice_id IN ({named}) AND post.state = 'visible'"
        f" AND post.visibility IN {in_sql(tuple(sorted(COUNTED)))} GROUP BY report.practice_id",
        **which,
    )
    return {row["id"]: row["places"] for row in rows}
