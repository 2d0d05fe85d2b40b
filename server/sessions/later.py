"""Taking part later (D9): what came of an event, and a time in which whoever was not there reads that and answers."""

from collections.abc import Sequence
from datetime import timedelta
from html import escape

from federation.vocab.base import timestamp, timestamp_of
from federation.vocab.objects import RemotePost
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.db import Row, among, from_milliseconds
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.posts import actions as posts
from server.posts.actions import PostChange
from server.posts.composing import own
from server.posts.events import PostDeleted, PostPublished, PostRemoved
from server.posts.models import Post
from server.sessions import seminar
from server.sessions.models import EventFacts, Participation
from server.sessions.policy import is_over
from server.sessions.words import when_words
from server.text import clean_text

LATER = "later"
RECAP = 4_000
DAYS = (3, 7, 14)
USUAL = 7
LONGEST = timedelta(days=60)
"""An event elsewhere keeps its conversation going for at most so long after its end."""
ON_THE_WAY = timedelta(days=2)
"""An answer that was written in time may arrive so much later."""

TERM, UNTIL = "ph:recap", "ph:answersUntil"

_WORDS = {
    "en": ("What came of it:", "Were you not there? Answer until {until}, and you took part later."),
    "de": (
        "Was dabei herauskam:",
        "Nicht dabei gewesen? Antworten Sie bis {until}, dann haben Sie später teilgenommen.",
    ),
}


async def recap(here: Instance, acting: Viewer, post_id: str, text: str, days: int = USUAL) -> None:
    """Say what came of an event of one's own, and until when whoever was not there can answer. Raises Invalid.

    Said again, the words change, and the time stays.
    """
    post = await own(acting, post_id)
    event = await EventFacts.get_or_none(id=post.id) if post.kind == "session" else None
    if event is None:
        raise NotFound
    now = here.clock.now()
    if event.status == "cancelled" or not is_over(event.starts_at, event.ends_at, now):
        raise NotAllowed("Say what came of it when it is over.")
    text = clean_text(text).strip()
    if not text:
        raise Invalid("Say in a few sentences what came of it.", field="recap")
    if len(text) > RECAP:
        raise Invalid(f"Use at most {RECAP} characters.", field="recap")
    if days not in DAYS:
        raise Invalid("Choose for how many days.", field="days")

    async def store(changed: Post) -> None:
        kept = await EventFacts.get(id=changed.id)
        kept.recap = text
        if kept.recap_at is None:
            kept.recap_at = now.replace(microsecond=0)  # answers from elsewhere say when in whole seconds
            until = seminar.end_of_day(now, days, kept.timezone)
            kept.answers_until = max(until, kept.answers_until or until)
        await kept.save(update_fields=["recap", "recap_at", "answers_until"])

    await posts.edit_post(here, acting, post.id, PostChange(), detail=store)


async def on_published(here: Instance, events: Sequence[PostPublished]) -> None:
    """Answers to events came. One query for all that came together, and none where no event is answered."""
    ids = [event.post_id for event in events if event.answers("session")]
    for row in await _answers(here, ids):
        if row["tagged"]:
            await seminar.answered(here, await Post.get(id=row["event_id"]), await Actor.get(id=row["person_id"]))
        if is_in_time(here, row):
            await note(here, row["event_id"], row["person_id"])


def is_in_time(here: Instance, row: Row) -> bool:
    """Whether an answer was written after it was said what came of the event, and in time."""
    if row["recap_at"] is None or row["answers_until"] is None or not (row["ours"] or row["mine"]):
        return False
    until, said_at = from_milliseconds(row["answers_until"]), from_milliseconds(row["said_at"])
    return from_milliseconds(row["recap_at"]) <= said_at <= until and here.clock.now() <= until + ON_THE_WAY


async def note(here: Instance, event_id: str, person_id: str) -> None:
    """Write down that somebody took part later, who did not otherwise; in the caller's transaction."""
    known = await Participation.get_or_none(event_id=event_id, actor_id=person_id)
    if known is None:
        now = here.clock.now()
        made = new_id(now)
        await Participation.create(
            id=made, event_id=event_id, actor_id=person_id, uri=here.url(f"/ap/a/later/{made}"), state=LATER, at=now
        )
    elif known.state in {"asked", "refused"}:
        known.state = LATER
        await known.save(update_fields=["state"])


async def note_earlier_answer(here: Instance, event_id: str, person_id: str) -> None:
    """Somebody was not there after all: what they have answered in time counts. In the caller's transaction."""
    ids = (
        await Post.filter(parent_id=event_id, author_id=person_id, state="visible")
        .limit(20)
        .values_list("id", flat=True)
    )
    for row in await _answers(here, [str(post_id) for post_id in ids]):
        if is_in_time(here, row):
            await note(here, event_id, person_id)


async def on_gone(here: Instance, event: PostDeleted | PostRemoved) -> None:
    """An answer is gone: whoever wrote it took part later only if another one of theirs is there."""
    await here.db.execute(
        "DELETE FROM event_participation WHERE event_id = (SELECT parent_id FROM post WHERE id = :post)"
        " AND actor_id = (SELECT author_id FROM post WHERE id = :post) AND state = 'later'"
        " AND NOT EXISTS (SELECT 1 FROM post AS other JOIN event_facts ON event_facts.id = other.parent_id"
        " WHERE other.parent_id = event_participation.event_id AND other.author_id = event_participation.actor_id"
        " AND other.id <> :post AND other.state = 'visible'"
        " AND other.published_at BETWEEN event_facts.recap_at AND event_facts.answers_until)",
        post=event.post_id,
    )


def wire(event: EventFacts, language: str) -> tuple[dict[str, object], str]:
    """What the document of an event says of it: terms, and words above the text."""
    terms: dict[str, object] = {UNTIL: timestamp(event.answers_until)} if event.answers_until is not None else {}
    if not event.recap or event.answers_until is None:
        return terms, ""
    title, how = _WORDS.get(language.partition("-")[0], _WORDS["en"])
    said = escape(event.recap, quote=False).replace("\n", "<br>")
    until = how.format(until=when_words(event.answers_until, None, event.timezone))
    return terms | {TERM: event.recap}, f"<p><strong>{title}</strong> {said}<br>{escape(until, quote=False)}</p>"


def read(remote: RemotePost) -> dict[str, object]:
    """The columns of an event from elsewhere."""
    said, until = remote.raw.get(TERM), timestamp_of(remote.raw.get(UNTIL))
    text = clean_text(said[:RECAP]).strip() if isinstance(said, str) else ""
    over = remote.end_time or remote.start_time
    if until is None or over is None or until < over:
        return {"recap": "", "answers_until": None}
    return {"recap": text, "answers_until": min(until, over + LONGEST)}


async def _answers(here: Instance, ids: Sequence[str]) -> list[Row]:
    """What decides about answers to events with a recap, or with somebody who is asked to discuss."""
    if not ids:
        return []
    places, values = among(ids)
    return await here.db.rows(
        "SELECT said.id, said.author_id AS person_id, said.published_at AS said_at, event_facts.id AS event_id,"
        " event_facts.recap_at, event_facts.answers_until, root.is_local AS ours, said.is_local AS mine,"
        " CASE WHEN root.is_local AND event_facts.format = 'seminar' AND EXISTS (SELECT 1 FROM post_tag"
        f" WHERE post_tag.post_id = said.id AND post_tag.tag = '{seminar.TAG}') THEN 1 ELSE 0 END AS tagged"
        " FROM post AS said JOIN event_facts ON event_facts.id = said.parent_id"
        " JOIN post AS root ON root.id = event_facts.id"
        f" WHERE said.id IN ({places}) AND said.state = 'visible' AND said.author_id <> root.author_id"
        " ORDER BY said.id",
        **values,
    )
