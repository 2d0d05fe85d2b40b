"""What becomes of polls, rounds, events and practices, as news for those whom it concerns."""

from collections.abc import Sequence

from server.db import among
from server.hosting.events import RoleGiven
from server.instance import Instance
from server.notifications.actions import MAX_READERS, News, about_post, notify, withdraw
from server.polls.events import PollEnded
from server.posts.events import PostEdited, PostPublished
from server.posts.readable import readable_by
from server.rounds.events import RoundClosed, TurnNudged
from server.sessions.events import DiscussantAsked, ParticipationAnswered
from server.together.events import TogetherOver
from server.tries.events import TriedOften

MAX_TOLD = 5_000


async def on_poll_ended(here: Instance, event: PollEnded) -> None:
    """Tell its author, and everybody here who voted, that they may look at the result."""
    row = await here.db.row("SELECT author_id, root_id FROM post WHERE id = :id", id=event.post_id)
    if row is None:
        return
    voters = await here.db.rows(
        "SELECT DISTINCT poll_vote.actor_id FROM poll_vote JOIN actor ON actor.id = poll_vote.actor_id"
        " WHERE poll_vote.poll_id = :id AND actor.is_local ORDER BY poll_vote.actor_id LIMIT :limit",
        id=event.post_id,
        limit=MAX_TOLD,
    )
    thing = about_post(row["root_id"] or event.post_id)
    await _tell(here, [row["author_id"], *(voter["actor_id"] for voter in voters)], "poll_ended", thing, event.post_id)


async def on_participation(here: Instance, event: ParticipationAnswered) -> None:
    """Tell who asked whether they can take part."""
    kind, opposite = ("event_yes", "event_no") if event.accepted else ("event_no", "event_yes")
    await withdraw(here, event.actor_id, opposite, event.post_id)
    await _tell(here, [event.actor_id], kind, about_post(event.post_id), event.post_id)


async def on_discussant(here: Instance, event: DiscussantAsked) -> None:
    """Tell somebody that they are asked to discuss in a seminar."""
    author_id = await here.db.value("SELECT author_id FROM post WHERE id = :id", id=event.post_id)
    thing = about_post(event.post_id)
    news = News("discussant", thing, event.post_id, actor_id=author_id, post_id=event.post_id)
    await notify(here, [event.person_id], news)


async def on_role(here: Instance, event: RoleGiven) -> None:
    """Tell somebody that they have a role in an event."""
    author_id = await here.db.value("SELECT author_id FROM post WHERE id = :id", id=event.event_id)
    news = News("role", about_post(event.event_id), event.event_id, actor_id=author_id, post_id=event.event_id)
    await notify(here, [event.person_id], news)


async def on_together_over(here: Instance, event: TogetherOver) -> None:
    """Tell everybody here who takes part, whoever proposed it included, once."""
    rows = await here.db.rows(
        "SELECT mine.actor_id FROM event_participation AS mine JOIN actor ON actor.id = mine.actor_id"
        " WHERE mine.event_id = :id AND mine.state = 'going' AND actor.is_local ORDER BY mine.id LIMIT :limit",
        id=event.post_id,
        limit=MAX_TOLD,
    )
    author = await here.db.value("SELECT author_id FROM post WHERE id = :id AND is_local", id=event.post_id)
    readers = list(dict.fromkeys([*([str(author)] if author else []), *(row["actor_id"] for row in rows)]))
    await _tell(here, readers, "together", about_post(event.post_id), event.post_id)


async def on_rounds(here: Instance, events: Sequence[PostPublished]) -> None:
    """Tell whom a new round asks, and who may read it: anybody can be named in one that comes from elsewhere.

    One query for all that came together, and none where no round is among them.
    """
    ids = [event.post_id for event in events if event.kind == "round"]
    if not ids:
        return
    places, parameters = among(ids)
    rows = await here.db.rows(
        "SELECT post.id, post.author_id, actor.id AS reader_id FROM post JOIN round_turn"
        " ON round_turn.round_id = post.id JOIN actor ON actor.uri = round_turn.person_uri AND actor.is_local"
        f" WHERE post.id IN ({places}) AND {readable_by('actor.id')}"
        " AND actor.id <> post.author_id ORDER BY round_turn.id LIMIT :limit",
        limit=MAX_TOLD,
        **parameters,
    )
    for row in rows:
        await _ask(here, row["reader_id"], row["id"], row["author_id"], row["id"])


async def on_nudged(here: Instance, event: TurnNudged) -> None:
    """Tell somebody once more that a round waits for them."""
    author_id = await here.db.value(
        f"SELECT author_id FROM post WHERE id = :id AND {readable_by(':reader')}",
        id=event.post_id,
        reader=event.person_id,
    )
    if author_id is not None:
        await _ask(here, event.person_id, event.post_id, str(author_id), f"{event.post_id}:again")


async def on_round_closed(here: Instance, event: RoundClosed) -> None:
    """Tell whom it asked that answers stand together now."""
    rows = await here.db.rows(
        "SELECT actor.id FROM round_turn JOIN actor ON actor.uri = round_turn.person_uri AND actor.is_local"
        " JOIN post ON post.id = round_turn.round_id"
        f" WHERE round_turn.round_id = :id AND {readable_by('actor.id')} ORDER BY round_turn.id LIMIT :limit",
        id=event.post_id,
        limit=MAX_TOLD,
    )
    readers = [row["id"] for row in rows]
    await _tell(here, readers, "round_closed", about_post(event.post_id), event.post_id)


async def on_tried_often(here: Instance, event: TriedOften) -> None:
    """Ask the author what they would change now, once for each version."""
    author_id = await here.db.value("SELECT author_id FROM post WHERE id = :id", id=event.practice_id)
    key = f"{event.practice_id}:{event.version}"
    news = News(kind="revise", thing=about_post(event.practice_id), key=key, post_id=event.practice_id)
    await notify(here, [author_id] if author_id else [], news)


async def on_edited(here: Instance, event: PostEdited) -> None:
    """Tell who tried an earlier version of a practice that there is a new one; not again before they have seen that."""
    thing = about_post(event.post_id)
    rows = await here.db.rows(
        "SELECT DISTINCT report.author_id AS reader_id, practice.author_id, practice.version FROM (SELECT post.id,"
        " post.author_id, CASE WHEN post.is_local THEN post.version ELSE tried_tally.version END AS version FROM post"
        " LEFT JOIN tried_tally ON tried_tally.id = post.id WHERE post.id = :id AND post.kind = 'practice') AS practice"
        " JOIN tried_report AS report ON report.practice_id = practice.id AND report.version < practice.version"
        " JOIN post AS said ON said.id = report.id AND said.state = 'visible'"
        " JOIN actor ON actor.id = report.author_id AND actor.is_local"
        " WHERE NOT EXISTS (SELECT 1 FROM notification AS told WHERE told.reader_id = report.author_id"
        " AND told.thing = :thing AND told.kind = 'revised' AND told.read_at IS NULL)"
        " ORDER BY report.author_id LIMIT :limit",
        id=event.post_id,
        thing=thing,
        limit=MAX_TOLD,
    )
    for start in range(0, len(rows), MAX_READERS):
        some = rows[start : start + MAX_READERS]
        key = f"{event.post_id}:{some[0]['version']}"
        news = News(kind="revised", thing=thing, key=key, actor_id=some[0]["author_id"], post_id=event.post_id)
        await notify(here, [row["reader_id"] for row in some], news)


async def _ask(here: Instance, reader_id: str, post_id: str, author_id: str, key: str) -> None:
    news = News(kind="round", thing=about_post(post_id), key=key, actor_id=author_id, post_id=post_id)
    await notify(here, [reader_id], news)


async def _tell(here: Instance, readers: list[str], kind: str, thing: str, post_id: str) -> None:
    news = News(kind=kind, thing=thing, key=post_id, post_id=post_id)
    for start in range(0, len(readers), MAX_READERS):
        await notify(here, readers[start : start + MAX_READERS], news)
