"""Which practice somebody is to try, and which asks they could answer: by the words that they said of themselves.

What may be suggested is read once for a whole run, and only what everybody may read: titles stand in a mail.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from server.actors.viewer import ANONYMOUS
from server.db import Row
from server.instance import Instance
from server.posts.queries import page_path
from server.posts.readable import ANYBODY, findable
from server.search.words import any_of, words_of
from server.text import plain

LATEST = 300
"""So many of the latest practices, and of the latest asks, are looked through."""
ASKS_SINCE = timedelta(days=60)
CANDIDATES = 4
"""So many are proposed: the person may have muted or blocked the author of the best one."""

# What authors elsewhere do not want found by strangers is suggested to nobody (FEP-5feb).
_WANTS_TO_BE_FOUND = (
    "(post.is_local OR post.community_id IS NOT NULL OR EXISTS (SELECT 1 FROM actor AS author"
    " WHERE author.id = post.author_id AND author.indexable))"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A post that may be named to everybody. `title` is what it is called, or how it begins."""

    post_id: str
    author_id: str
    title: str
    path: str
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """One to propose, and why: ``stuck`` or ``teaches`` (it shares words with what they said there), or ``new``."""

    candidate: Candidate
    why: str


class Pool:
    """Candidates of one kind, the newest first, found by their words."""

    def __init__(self, candidates: list[Candidate]) -> None:
        """Take them in."""
        self.candidates = candidates
        self._with: defaultdict[str, list[int]] = defaultdict(list)
        for place, candidate in enumerate(candidates):
            for word in candidate.words:
                self._with[word].append(place)

    def about(self, text: str) -> list[Candidate]:
        """Those that share telling words with a text, the best first: a rare word tells more than a common one."""
        weights: Counter[int] = Counter()
        for word in any_of(text):
            places = self._with.get(word, [])
            weight = round(1000 * math.log(1 + len(self.candidates) / (1 + len(places))))
            for place in places:
                weights[place] += weight
        return [self.candidates[place] for place in sorted(weights, key=lambda place: (-weights[place], place))]


@dataclass(frozen=True, slots=True)
class Pools:
    """What may be suggested at this moment."""

    practices: Pool
    asks: Pool


async def pools(here: Instance) -> Pools:
    """Read what may be suggested; two statements."""
    practices = " UNION ALL ".join(
        f"SELECT * FROM ({_latest(here, kind, 'TRUE')}) AS latest_{kind}" for kind in ("practice", "tip")
    )
    open_ask = "NOT post.answered AND post.helped_count = 0 AND NOT post.locked AND post.published_at > :since"
    rows = await here.db.rows(f"{practices} ORDER BY published_at DESC, id DESC LIMIT :latest", latest=LATEST)
    asks = await here.db.rows(_latest(here, "ask", open_ask), latest=LATEST, since=here.clock.now() - ASKS_SINCE)
    return Pools(Pool([_candidate(row) for row in rows]), Pool([_candidate(row) for row in asks]))


def practices_for(pools: Pools, row: Row, known: Collection[str]) -> list[Chosen]:
    """Practices that somebody could try, the best first, and none that they were told of lately (O4)."""
    chosen: dict[str, Chosen] = {}
    for why, found in (
        ("stuck", pools.practices.about(row["stuck_with"])),
        ("teaches", pools.practices.about(row["teaches"])),
        ("new", pools.practices.candidates),
    ):
        for candidate in found:
            if candidate.author_id != row["reader_id"] and candidate.post_id not in known:
                chosen.setdefault(candidate.post_id, Chosen(candidate, why))
            if len(chosen) == CANDIDATES:
                return list(chosen.values())
    return list(chosen.values())


def asks_for(pools: Pools, row: Row) -> list[Candidate]:
    """Asks of others that somebody could answer, the best first."""
    found = pools.asks.about(row["ask_me_about"])
    return [candidate for candidate in found if candidate.author_id != row["reader_id"]][: CANDIDATES + 2]


def _latest(here: Instance, kind: str, condition: str) -> str:
    return (
        "SELECT post.id, post.author_id, post.short, post.title, post.kind, post.content_html, post.published_at"
        f" FROM post{here.db.by('idx_post_of_kind')} WHERE post.state = 'visible' AND post.kind IN"
        f" ('ask', 'practice', 'tip') AND post.kind = '{kind}' AND post.content_warning = '' AND NOT post.sensitive"
        f" AND {condition} AND {ANYBODY} AND {findable(ANONYMOUS)} AND {_WANTS_TO_BE_FOUND}"
        " ORDER BY post.published_at DESC, post.id DESC LIMIT :latest"
    )


def _candidate(row: Row) -> Candidate:
    said = plain(row["content_html"])
    return Candidate(
        post_id=row["id"],
        author_id=row["author_id"],
        title=row["title"] or said[:80],
        path=page_path(row["short"], row["title"], row["kind"]),
        words=frozenset(words_of(f"{row['title']} {said}")),
    )
