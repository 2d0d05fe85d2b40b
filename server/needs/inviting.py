"""Whom a community could invite: people who let themselves be found, by what nobody in it brings along (L8).

What somebody is suggested for can be read on their pages: what they may be asked about, what they share with everybody,
and where they are. Nobody is told that they were suggested, and nobody is asked by it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from server.actors.queries import LABEL_COLUMNS, PersonLabel, label_of
from server.actors.viewer import Viewer
from server.communities import policy
from server.communities.queries import PROFILE, CommunityPage
from server.db import Row, among
from server.instance import Instance
from server.peers.policy import HIDDEN, QUIET, in_sql
from server.posts.policy import OPEN
from server.posts.readable import apart, readable
from server.search.words import any_of, words_of
from server.text import plain

MOST = 5
REASONS = 3
"""So many are said of one person."""
LOOKED_THROUGH = 500
"""So many of the latest practices, and of the people who said what they may be asked about."""
MEMBERS = 2_000
QUESTIONS = 50
TELLING = 5
"""A word of so many letters tells what somebody may be asked about."""

_OPEN = in_sql(tuple(sorted(OPEN)))
_NOT_LISTED = in_sql(tuple(sorted({*QUIET, *HIDDEN})))
_SHARED = (
    "SELECT post.author_id, practice.subject, practice.level FROM post{by} JOIN practice ON practice.id = post.id"
    f" WHERE post.kind IN ('practice', 'tip') AND post.state = 'visible' AND post.visibility IN {_OPEN}"
)


@dataclass(frozen=True, slots=True)
class Reason:
    """What somebody would bring along: a ``subject``, a ``level``, an ``organisation``, or an answer to a ``question``.

    `what` is it in words, that of a question its title.
    """

    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class Suggested:
    """Somebody to invite, and why."""

    person: PersonLabel
    reasons: tuple[Reason, ...]


async def whom_to_invite(here: Instance, viewer: Viewer, community: CommunityPage) -> list[Suggested]:
    """At most five people, each for another reason where there are several; five statements.

    For who may invite. Nobody who was ever in it, asked or was asked, nobody blocked, banned, suspended or hidden.
    """
    if not community.is_local or not policy.may_invite(community.facts):
        return []
    organisations, known = await _in_it(here, community.id)
    shared: dict[str, list[tuple[str, str]]] = {}
    for row in await _shared(here):
        for kind in ("subject", "level"):
            value = " ".join(row[kind].split())
            if value and (kind, value.casefold()) not in known:
                shared.setdefault(row["author_id"], []).append((kind, value))
    questions = await _questions(here, viewer, community.id)
    found = []
    for row in await _people(here, viewer, community, list(shared)):
        reasons = [Reason(kind, value) for kind, value in dict.fromkeys(shared.get(row["id"], ()))]
        asked = _answers(row["ask_me_about"] or "", questions)
        reasons = [*([Reason("question", asked)] if asked else []), *reasons]
        person = label_of(here, row)
        if row["domain"] not in organisations:
            reasons.append(Reason("organisation", person.organisation))
        if reasons:
            found.append(Suggested(person, tuple(reasons)))
    return _different(found, f"{community.id} {here.clock.now().toordinal() // 7}")


def _different(found: Sequence[Suggested], seed: str) -> list[Suggested]:
    """Those who bring another kind of thing than the others, or else more; of equals other ones each week. Pure."""
    left = sorted(found, key=lambda one: hashlib.sha256(f"{seed} {one.person.id}".encode()).digest())
    chosen: list[Suggested] = []
    covered: set[tuple[str, str]] = set()
    while left and len(chosen) < MOST:
        kinds = {kind for kind, _ in covered}
        best = max(left, key=lambda one: (len(_kinds(one) - kinds), len(_named(one) - covered)))
        fresh = [reason for reason in best.reasons if (reason.kind, reason.what.casefold()) not in covered]
        chosen.append(Suggested(best.person, tuple((fresh or list(best.reasons))[:REASONS])))
        covered |= _named(best)
        left.remove(best)
    return chosen


def _kinds(one: Suggested) -> set[str]:
    return {reason.kind for reason in one.reasons}


def _named(one: Suggested) -> set[tuple[str, str]]:
    return {(reason.kind, reason.what.casefold()) for reason in one.reasons}


def _answers(offered: str, questions: Sequence[tuple[str, frozenset[str]]]) -> str:
    """The title of the open question that shares the most telling words with what somebody may be asked about."""
    # Short words, such as "what", are in everything; scripts without spaces have no others.
    mine = {word for word in any_of(offered) if len(word) >= TELLING or not word.isascii()}
    shared = [(len(mine & said), title) for title, said in questions]
    most, title = max(shared, key=lambda one: one[0], default=(0, ""))
    return title if most else ""


async def _in_it(here: Instance, community_id: str) -> tuple[set[str], set[tuple[str, str]]]:
    """The organisations of its members, and the subjects and levels of what they share with everybody."""
    shared = _SHARED.format(by=here.db.by("idx_post_library_by"))
    inside = "SELECT person_id FROM membership WHERE community_id = :community AND state = 'active' LIMIT :members"
    rows = await here.db.rows(
        "SELECT 'organisation' AS kind, actor.domain AS what FROM actor WHERE actor.id IN"
        f" (SELECT person_id FROM ({inside}) AS those) UNION"
        " SELECT known.kind, lower(known.what) FROM ("
        + " UNION ".join(
            f"SELECT '{kind}' AS kind, shared.{kind} AS what FROM ({shared} AND post.author_id IN"
            f" (SELECT person_id FROM ({inside}) AS those)) AS shared"
            for kind in ("subject", "level")
        )
        + ") AS known",
        community=community_id,
        members=MEMBERS,
    )
    organisations = {row["what"] for row in rows if row["kind"] == "organisation"}
    # Folded again: a database folds ASCII only, or more.
    return organisations, {(row["kind"], " ".join(row["what"].split()).casefold()) for row in rows}


async def _shared(here: Instance) -> list[Row]:
    """Subjects and levels of the latest practices that everybody may read."""
    return await here.db.rows(
        f"{_SHARED.format(by=here.db.by('idx_post_library'))}"
        " ORDER BY post.published_at DESC, post.id DESC LIMIT :most",
        most=LOOKED_THROUGH,
    )


async def _questions(here: Instance, viewer: Viewer, community_id: str) -> list[tuple[str, frozenset[str]]]:
    """Titles and words of the open questions of the community that the viewer may read."""
    may_read, parameters = readable(viewer)
    rows = await here.db.rows(
        f"SELECT post.title, post.content_html FROM post{here.db.by('idx_post_talk')}"
        " WHERE post.community_id = :community AND post.state = 'visible' AND post.parent_id IS NULL"
        " AND post.in_reply_to_uri IS NULL AND post.kind = 'ask' AND NOT post.answered AND post.helped_count = 0"
        f" AND NOT post.locked AND {may_read} ORDER BY post.last_activity_at DESC, post.id DESC LIMIT :most",
        community=community_id,
        most=QUESTIONS,
        **parameters,
    )
    return [(row["title"], frozenset(words_of(f"{row['title']} {plain(row['content_html'])}"))) for row in rows]


async def _people(here: Instance, viewer: Viewer, community: CommunityPage, authors: Sequence[str]) -> list[Row]:
    """Who may be suggested: authors, and people here who said what they may be asked about.

    People elsewhere where their server knows joining, and the community lets anybody there know of it.
    """
    places, names = among(authors or [""], "author")
    elsewhere = policy.federates(community.kind, community.visibility)
    join = "CROSS JOIN" if here.db.dialect == "sqlite" else "JOIN"  # from those who are able, not from everybody
    return await here.db.rows(
        f"SELECT {LABEL_COLUMNS}, account.ask_me_about FROM (SELECT id FROM actor WHERE id IN ({places}) UNION"
        " SELECT actor_id FROM (SELECT actor_id FROM account WHERE ask_me_about <> '' ORDER BY id DESC LIMIT :most)"
        f" AS offering) AS able {join} actor ON actor.id = able.id LEFT JOIN account ON account.actor_id = actor.id"
        " WHERE actor.kind = 'Person' AND actor.discoverable AND NOT actor.hidden AND actor.suspended_at IS NULL"
        f" AND actor.deleted_at IS NULL AND actor.moved_to IS NULL AND actor.grade NOT IN {_NOT_LISTED}"
        " AND ((actor.is_local AND account.state = 'active')"
        " OR (:elsewhere AND NOT actor.is_local AND actor.implements LIKE :profile))"
        " AND NOT EXISTS (SELECT 1 FROM membership WHERE membership.community_id = :community"
        " AND membership.person_id = actor.id)"
        " AND NOT EXISTS (SELECT 1 FROM site_ban WHERE site_ban.person_id = actor.id AND site_ban.host = :host)"
        " AND NOT EXISTS (SELECT 1 FROM actor_mute WHERE actor_mute.muter_id = :me AND actor_mute.muted_id = actor.id)"
        " AND NOT EXISTS (SELECT 1 FROM host_block WHERE host_block.blocker_id = :me AND NOT actor.is_local"
        " AND host_block.host IN (actor.host, actor.domain))"
        f" AND NOT {apart('actor.id', ':me')} ORDER BY actor.handle_key, actor.id LIMIT :most",
        elsewhere=elsewhere,
        profile=f"%{PROFILE}%",
        community=community.id,
        host=community.host,
        me=str(viewer.actor_id),
        most=2 * LOOKED_THROUGH,
        **names,
    )
