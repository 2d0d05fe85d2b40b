"""The newest matches of a question, and the best among them: a word in every post costs no more than a rare one.

Counting all matches, or weighing them against each other, costs as much as there are. So only the newest are weighed,
and who looks further goes on before the oldest of those. A first look is short: on SQLite over so many matches, which
its index finds from the newest on; on PostgreSQL, whose index knows no order, over so many things that were indexed
last. Only where that finds too little is there a second, longer look.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.db import Row, to_milliseconds
from server.instance import Instance
from server.search.words import Query, Term, fts5, tsquery

WEIGHED = 200
"""So many of what somebody may find are weighed, and make up the pages until one looks among older ones."""
NEAR, FAR = 1_000, 8_000
ENOUGH = 21
"""With so many the first look is enough: one more than a page shows."""
COMMON = 40
"""What so many of the newest things say is not worth asking PostgreSQL's index for."""
STEM = 3
"""Beginnings of words that SQLite keeps an index of; longer ones it would put together from every word there is."""

# As BM25: a word that comes again counts less and less, and less in a long text.
_SATURATION, _LENGTH_COUNTS, _USUAL_LENGTH = 1.2, 0.75, 600.0
_IN_TITLE = 6.0
# A post of today counts double, one of three months ago one and a half.
_RECENT_MILLISECONDS = 7_776_000_000.0
_FARTHEST = 2**62
_QUESTION = "(SELECT to_tsquery('simple', :search_match))"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody may find: tables to join to the alias `thing`, each with its condition, and what must hold."""

    joins: tuple[tuple[str, str], ...]
    condition: str
    parameters: dict[str, Any]
    kind: str = "post"


@dataclass(frozen=True, slots=True)
class Matches:
    """Ids, the best first. `older` goes on with what was not looked at; None where everything was."""

    ids: list[str]
    older: int | None = None


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the index: the candidates as SQL, how many at most, and what they are asked with."""

    candidates: str
    counted: str
    size: int
    match: str
    beginning: str = ""


async def newest(here: Instance, query: Query, wanted: Wanted, until: int | None = None) -> Matches:
    """The best of the newest that match, of those before the number `until`; two to five statements."""
    parts = _Parts(here.db.dialect, wanted.kind, until)
    rows, edge = await _look(here, query, wanted, parts, parts.first(query))
    if len(rows) < ENOUGH and edge is not None:
        rows, edge = await _look(here, query, wanted, parts, await parts.second(here, query))
    return Matches(_best_first(here, rows, len(query.wanted)), edge)


async def fitting(here: Instance, words: Sequence[str], posts: str, wanted: Wanted) -> list[str]:
    """Which of some posts (SQL that gives their `id`) have any of these words, the best first; one statement."""
    scores, terms = _scores([Term((word,)) for word in words], "said")
    rows = await _of_posts(here, posts, scores, _any_of(terms, "said"), wanted, terms)
    return _best_first(here, rows, len(words))


async def among_few(here: Instance, query: Query, posts: str, wanted: Wanted) -> Matches:
    """The best of a few posts (SQL that gives their `id`), each looked at; one statement."""
    scores, terms = _scores(query.wanted, "said")
    _, unwanted = _scores(query.unwanted, "said", "search_unwanted")
    fits = " AND ".join(
        [f"({_any_of([name], 'said')})" for name in terms] + [f"NOT ({_any_of([name], 'said')})" for name in unwanted]
    )
    rows = await _of_posts(here, posts, scores, fits, wanted, terms | unwanted)
    return Matches(_best_first(here, rows, len(query.wanted)))


async def _of_posts(
    here: Instance, posts: str, scores: str, fits: str, wanted: Wanted, values: Mapping[str, str]
) -> list[Row]:
    texts = "search_text AS said", "said.rowid = thing.seq"
    if here.db.dialect == "postgres":
        texts = "search_thing AS said", "said.seq = thing.seq"
    first = ("search_thing AS thing", "thing.kind = 'post' AND thing.thing_id = latest.id"), texts
    return await here.db.rows(
        f"SELECT latest.id AS id, thing.at AS at, length(said.body) AS size, {scores}"
        f" FROM ({posts}) AS latest{_joined(here, wanted, *first)} WHERE ({fits}) AND ({wanted.condition})",
        **values,
        **wanted.parameters,
    )


async def _look(
    here: Instance, query: Query, wanted: Wanted, parts: "_Parts", look: _Look
) -> tuple[list[Row], int | None]:
    """What was found, the newest first, and the number to go on before; None where there is no more."""
    begins = "(instr(' ' || hit.title, :search_begins) > 0 OR instr(' ' || hit.body, :search_begins) > 0) AND "
    scores, terms = _scores(query.wanted, "hit")
    rows = await here.db.rows(
        f"SELECT thing.thing_id AS id, hit.seq AS seq, thing.at AS at, length(hit.body) AS size, {scores}"
        f" FROM {look.candidates} AS hit{_joined(here, wanted, ('search_thing AS thing', 'thing.seq = hit.seq'))}"
        f" WHERE {begins if look.beginning else ''}({wanted.condition}) {parts.lazily}LIMIT :search_weighed",
        search_match=look.match,
        search_begins=look.beginning,
        search_size=look.size,
        search_until=parts.until,
        search_weighed=WEIGHED,
        **terms,
        **wanted.parameters,
    )
    if len(rows) == WEIGHED:
        return rows, rows[-1]["seq"]
    seen = await here.db.row(
        f"SELECT count(*) AS things, {parts.last}(seq) AS last FROM {look.counted} AS seen",
        search_match=look.match,
        search_size=look.size,
        search_until=parts.until,
    )
    return rows, seen["last"] if seen is not None and seen["things"] == look.size else None


def _joined(here: Instance, wanted: Wanted, *first: tuple[str, str]) -> str:
    how = "CROSS JOIN" if here.db.dialect == "sqlite" else "JOIN"  # SQLite keeps the order of what is joined so
    return "".join(f" {how} {table} ON {condition}" for table, condition in (*first, *wanted.joins))


def _scores(terms: Sequence[Term], texts: str, called: str = "search_term") -> tuple[str, dict[str, str]]:
    """How often each term is in the title and in the body, as columns, and the parameters of these."""
    columns, values = [], {}
    for number, term in enumerate(terms):
        values[f"{called}_{number}"] = text = f" {' '.join(term.words)}{'' if term.is_prefix else ' '}"
        columns += [
            f"(length({name}) - length(replace({name}, :{called}_{number}, ''))) / {len(text)} AS {part}_{number}"
            for part in ("title", "body")
            for name in [f"(' ' || {texts}.{part} || ' ')"]
        ]
    return ", ".join(columns), values


def _any_of(terms: Iterable[str], texts: str) -> str:
    """Whether one of the terms is there: in title or text, as what is left of them without it says."""
    whole = f"(' ' || {texts}.title || ' ' || {texts}.body || ' ')"
    return " OR ".join(f"length(replace({whole}, :{name}, '')) < length({whole})" for name in terms)


def _best_first(here: Instance, rows: Sequence[Row], terms: int) -> list[str]:
    """Ids by weight: rarer terms tell more, titles more than texts, and new things a little more than old ones."""
    if not rows:
        return []
    now = to_milliseconds(here.clock.now())
    tells = [
        math.log(1 + len(rows) / (1 + sum(1 for row in rows if row[f"title_{n}"] or row[f"body_{n}"])))
        for n in range(terms)
    ]

    def weight(row: Row) -> float:
        long = _SATURATION * (1 - _LENGTH_COUNTS + _LENGTH_COUNTS * row["size"] / _USUAL_LENGTH)
        found = 0.0
        for number, telling in enumerate(tells):
            times = _IN_TITLE * row[f"title_{number}"] + row[f"body_{number}"]
            found += telling * times * (1 + _SATURATION) / (times + long)
        return float(found * (1 + 1 / (1 + max(0, now - row["at"]) / _RECENT_MILLISECONDS)))

    place = {row["id"]: number for number, row in enumerate(rows)}
    return sorted(place, key=lambda each: (-weight(rows[place[each]]), -rows[place[each]]["at"], place[each]))


class _Parts:
    """The statements of one database, for one kind of thing. People and communities are numbered below zero."""

    def __init__(self, dialect: str, kind: str, until: int | None) -> None:
        self.is_sqlite = dialect == "sqlite"
        self.kind = kind
        is_post = kind == "post"
        # The newest have the highest numbers; of those below zero the lowest.
        self.until = until if until is not None else _FARTHEST if is_post else -_FARTHEST
        self.order, self.last = ("DESC", "min") if is_post else ("ASC", "max")
        self.range = "{0} > 0 AND {0} < :search_until" if is_post else "{0} < 0 AND {0} > :search_until"
        # SQLite takes what it joins in the order of the candidates, and would sort all of them if it were told to.
        # PostgreSQL stops as early where the candidates have this order already, and have it by name.
        self.lazily = "" if self.is_sqlite else f"ORDER BY hit.turn {self.order} "

    def first(self, query: Query) -> _Look:
        """A short look."""
        if not self.is_sqlite:
            return self._latest(query, NEAR)
        *others, last = query.wanted
        if not last.is_prefix or len(last.words[-1]) <= STEM:
            return self._matching(query, NEAR)
        *before, word = last.words
        shorter = Term((*before, word[:STEM]), is_prefix=True)
        look = self._matching(Query((*others, shorter), query.unwanted), NEAR)
        return _Look(look.candidates, look.counted, look.size, look.match, " " + " ".join(last.words))

    async def second(self, here: Instance, query: Query) -> _Look:
        """A longer one, where that was not enough."""
        if self.is_sqlite:
            return self._matching(query, FAR)
        look = self._latest(query, NEAR)
        fitting = await here.db.value(
            f"SELECT count(*) AS n FROM (SELECT 1 FROM {look.candidates} AS hit LIMIT :search_common) AS few",
            search_match=look.match,
            search_size=look.size,
            search_until=self.until,
            search_common=COMMON,
        )
        return self._latest(query, FAR) if fitting == COMMON else self._matching(query, FAR)

    def _matching(self, query: Query, size: int) -> _Look:
        """So many of the newest that match, by the index of words."""
        if self.is_sqlite:
            found = (
                "FROM search_text WHERE search_text MATCH :search_match"
                f" AND {self.range.format('rowid')} ORDER BY rowid {self.order} LIMIT :search_size"
            )
            texts = f"(SELECT rowid AS seq, title, body {found})"
            return _Look(texts, f"(SELECT rowid AS seq {found})", size, fts5(query))
        # With a sum instead of the number, no index has their order: not one of millions is looked at for it.
        found = (
            f"(SELECT *, seq + 0 AS turn FROM search_thing WHERE words @@ {_QUESTION}"
            f" AND {self.range.format('(seq + 0)')} AND kind = '{self.kind}'"
            f" ORDER BY seq + 0 {self.order} LIMIT :search_size)"
        )
        return _Look(found, found, size, tsquery(query))

    def _latest(self, query: Query, size: int) -> _Look:
        """What matches among so many of the newest things; the index of words is not asked."""
        some = f"FROM search_thing WHERE {self.range.format('seq')} ORDER BY seq {self.order} LIMIT :search_size"
        found = f"(SELECT *, seq AS turn FROM (SELECT * {some}) AS latest WHERE words @@ {_QUESTION})"
        return _Look(found, f"(SELECT seq {some})", size, tsquery(query))
