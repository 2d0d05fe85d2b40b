"""What a round says beyond its text, for posts to send and receive; and how it stands, on cards."""

from collections.abc import Mapping, Sequence
from html import escape

from federation.vocab.base import id_of, is_web_uri, items_of, timestamp
from federation.vocab.objects import RemotePost
from server.db import among
from server.instance import Instance
from server.posts.details import newest
from server.posts.models import Post
from server.posts.policy import MEMBERS
from server.posts.rendering import ROUND_BEGINS
from server.practices.wire import text
from server.rounds import turning
from server.rounds.activities.turn import CLOCKS_DIFFER
from server.rounds.events import TurnNudged
from server.rounds.models import Round, Turn
from server.rounds.policy import ANSWERED, MOST, PASSED, PASSING_TAG, REASON, WAITING
from server.shelf import MadeFrom

ASKED, HEARD, PASS, NUDGED = "ph:asked", "ph:answered", "ph:passed", "ph:nudged"
HIDDEN, CLOSED, BECAUSE = "ph:hiddenUntilClosed", "ph:closed", "ph:closedBecause"
MADE_FROM = (MadeFrom("heard_round", "t.id = post.id"), MadeFrom("round_turn", "t.round_id = post.id"))
"""What `RoundDetail.document` looks at."""


class RoundDetail:
    """`server.posts.details.KindDetail` over the tables of rounds."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """Who is asked and who was heard, by ids and never what they said; and in words how to answer."""
        found = await Round.get_or_none(id=post_id)
        if found is None:
            return {}
        turns = await Turn.filter(round_id=post_id).order_by("id").limit(MOST)
        said: dict[str, object] = {
            ASKED: [turn.person_uri for turn in turns],
            HEARD: [turn.person_uri for turn in turns if turn.state == ANSWERED],
            PASS: [turn.person_uri for turn in turns if turn.state == PASSED],
            NUDGED: [turn.person_uri for turn in turns if turn.nudged_at is not None],
        }
        if found.is_hidden:
            said[HIDDEN] = True
        if found.closed_at is not None:
            said |= {CLOSED: True, BECAUSE: found.reason}
        post = await Post.get(id=post_id)
        updated = newest(post.edited_at or post.published_at, found.told_at)
        return (
            {term: value for term, value in said.items() if value}
            | {"after": _words(found, len(turns))}
            | ({"updated": timestamp(updated)} if updated is not None else {})
        )

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Keep a round from elsewhere. Who is asked, and whether answers are hidden, is settled when it opens.

        It asks nobody where it is not for the members of a community.
        """
        if not await Round.exists(id=post_id):
            await Round.create(id=post_id, is_hidden=remote.raw.get(HIDDEN) is True)
            asked = _people(remote.raw, ASKED) if await Post.exists(id=post_id, visibility=MEMBERS) else []
            await Turn.bulk_create([Turn(round_id=post_id, person_uri=uri) for uri in asked])
        await tally(here, post_id, remote)

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase it with its post. What waited for it waits on, for its authors alone."""
        await Turn.filter(round_id=post_id).delete()
        await Round.filter(id=post_id).delete()

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """Nothing that versions are compared by."""
        return {}


async def tally(here: Instance, post_id: str, remote: RemotePost) -> bool:
    """Take over how a round elsewhere stands; False for what is older than what we know. In the caller's transaction.

    What people here did is known here best. A round that was closed stays closed.
    """
    found = await turning.locked(here, post_id)
    if found is None or (found.told_at is not None and remote.updated is not None and remote.updated < found.told_at):
        return False
    if (said_at := remote.updated or remote.published) is not None:
        found.told_at = min(said_at, here.clock.now() + CLOCKS_DIFFER)
    heard, passed = set(_people(remote.raw, HEARD)), set(_people(remote.raw, PASS))
    nudged = set(_people(remote.raw, NUDGED))
    for turn in await Turn.filter(round_id=post_id).order_by("id").limit(MOST):
        state = ANSWERED if turn.person_uri in heard else PASSED if turn.person_uri in passed else WAITING
        if here.is_local_uri(turn.person_uri):
            await _remind(here, turn, nudged)
        elif turn.state != state:
            turn.state = state
            await turn.save(update_fields=["state"])
    if remote.raw.get(CLOSED) is True and found.closed_at is None:
        found.closed_at, found.reason = here.clock.now(), text(remote.raw.get(BECAUSE), REASON)
        await turning.ended(here, post_id)
    await found.save()
    return True


async def facts(here: Instance, ids: Sequence[str]) -> dict[str, list[str]]:
    """What the cards of rounds say: how many were heard, and whether it is open."""
    which, parameters = among(ids)
    rows = await here.db.rows(
        "SELECT heard_round.id, heard_round.closed_at, count(round_turn.id) AS asked,"
        " sum(CASE WHEN round_turn.state = 'waiting' THEN 0 ELSE 1 END) AS heard FROM heard_round"
        " LEFT JOIN round_turn ON round_turn.round_id = heard_round.id"
        f" WHERE heard_round.id IN ({which}) GROUP BY heard_round.id, heard_round.closed_at",
        **parameters,
    )
    return {
        row["id"]: [f"{row['heard'] or 0} of {row['asked']} heard", "Open" if row["closed_at"] is None else "Closed"]
        for row in rows
    }


async def _remind(here: Instance, turn: Turn, nudged: set[str]) -> None:
    if turn.nudged_at is None and turn.state == WAITING and turn.person_uri in nudged:
        turn.nudged_at = here.clock.now()
        await turn.save(update_fields=["nudged_at"])
        person_id = await here.db.value("SELECT id FROM actor WHERE uri = :uri", uri=turn.person_uri)
        if person_id is not None:
            await here.events.emit(TurnNudged(turn.round_id, str(person_id)))


def _people(raw: Mapping[str, object], term: str) -> list[str]:
    named = [id_of(item) for item in items_of(raw.get(term), limit=MOST)]
    return list(dict.fromkeys(uri for uri in named if uri and is_web_uri(uri) and len(uri) <= 500))


def _words(found: Round, asked: int) -> str:
    """What stands under a round for those who know no rounds."""
    if found.closed_at is not None:
        reason = f" {escape(found.reason, quote=False)}" if found.reason else ""
        return f"{ROUND_BEGINS} This round is closed.{reason}</p>"
    hidden = (
        " Nobody here sees an answer before the round is closed. Address yours to who asks alone: other software shows"
        " it at once to everybody whom you name. What is addressed to nobody else stays with who asks."
        if found.is_hidden
        else ""
    )
    return (
        f"{ROUND_BEGINS} {asked} people are asked. Reply with your answer, or with #{PASSING_TAG} to pass.{hidden}</p>"
    )
