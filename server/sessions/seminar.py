"""Seminars (D7): discussants who say yes, and questions asked in advance that become the agenda.

A question in advance is an answer to the event that was there before it began, by anybody and from any software.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from federation.vocab.base import id_of, is_web_uri, items_of
from federation.vocab.objects import RemotePost
from server.actors.events import ActorDeleted
from server.actors.models import Actor
from server.actors.policy import clean_name
from server.actors.queries import PersonLabel, actor_by_handle
from server.actors.remote import resolve
from server.actors.viewer import Viewer
from server.db import among
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.posts import actions as posts
from server.posts.actions import PostChange
from server.posts.composing import own, readable_post
from server.posts.models import Post, PostMention
from server.posts.queries import PostView
from server.sessions import taking_part
from server.sessions.events import DiscussantAsked
from server.sessions.models import Discussant, EventFacts
from server.sessions.words import when_words

SEMINAR = "seminar"
GOES_ON = 7
"""So many days after the meeting the conversation goes on."""
MOST_DISCUSSANTS = 6
MOST_QUESTIONS = 60
TAG = "discussant"
"""How somebody who is asked says yes from any software, in an answer."""
ASKED, YES, NO = "asked", "yes", "no"

_NAMES = re.compile(r"\A(?:@\S+\s+)+")
"""Whom an answer from elsewhere names before it begins."""
FORMAT, AGENDA, DISCUSSANTS = "ph:eventFormat", "ph:agenda", "ph:discussants"
ID, URL, NAME = "ph:id", "ph:url", "ph:name"

_WORDS = {
    "en": (
        "Seminar:",
        "Answer with a question in advance; those that many find useful come first. After the meeting the conversation"
        " goes on here until {until}.",
        "Discussants: {names}.",
        "Whoever is asked to be one and named here says yes by an answer with #discussant.",
    ),
    "de": (
        "Seminar:",
        "Antworten Sie vorab mit einer Frage; was viele hilfreich finden, kommt zuerst. Nach dem Treffen geht das"
        " Gespräch hier weiter bis {until}.",
        "Es diskutieren: {names}.",
        "Wer dazu gebeten und hier genannt ist, sagt mit einer Antwort mit #discussant zu.",
    ),
}


@dataclass(frozen=True, slots=True)
class Question:
    """Something asked in advance, by its id as an answer: its first words, whose they are, how many find it useful."""

    id: str
    uri: str
    words: str
    author: PersonLabel
    votes: int


@dataclass(frozen=True, slots=True)
class Questions:
    """Those that are on the agenda, in its order, and the others, what many find useful first."""

    agenda: tuple[Question, ...]
    others: tuple[Question, ...]


def questions(replies: Sequence[PostView], starts_at: datetime | None, arranged: Sequence[str] | None) -> Questions:
    """What was asked in advance, out of the conversation. As long as nobody arranged it, all of it is the agenda."""
    early = [
        answer for answer in replies if answer.state == "visible" and starts_at and answer.published_at < starts_at
    ]
    early.sort(key=lambda answer: (-answer.likes_count, answer.published_at, answer.id))
    asked = [
        Question(answer.id, answer.uri, _NAMES.sub("", answer.excerpt), answer.author, answer.likes_count)
        for answer in early
    ]
    if arranged is None:
        return Questions(tuple(asked), ())
    places = {uri: place for place, uri in enumerate(arranged)}
    chosen = sorted((question for question in asked if question.uri in places), key=lambda item: places[item.uri])
    return Questions(tuple(chosen), tuple(question for question in asked if question.uri not in places))


def end_of_day(after: datetime, days: int, timezone: str) -> datetime:
    """The last minute of the day so many days later, at the place."""
    zone = ZoneInfo(timezone or "UTC")
    day = after.astimezone(zone) + timedelta(days=days)
    return day.replace(hour=23, minute=59, second=0, microsecond=0).astimezone(ZoneInfo("UTC"))


async def find(here: Instance, handles: Sequence[str]) -> list[Actor]:
    """The people with these handles, here or elsewhere; may use the network. Raises Invalid."""
    found: dict[str, Actor] = {}
    for handle in handles[: MOST_DISCUSSANTS + 1]:
        try:
            person = await actor_by_handle(here, handle) or await resolve(here, handle)
        except (Invalid, NotFound):
            person = None
        if person is None or person.kind != "Person" or person.deleted_at is not None:
            raise Invalid(f"Nobody called {handle[:100]} is known. Check the spelling.", field="discussants")
        found[person.id] = person
    if len(found) > MOST_DISCUSSANTS:
        raise Invalid(f"Ask at most {MOST_DISCUSSANTS} people.", field="discussants")
    return list(found.values())


async def ask(here: Instance, post: Post, people: Sequence[Actor]) -> None:
    """Ask people to be discussants, each once; in the caller's transaction. Who is elsewhere is named in the post."""
    known = {row.person_uri for row in await Discussant.filter(event_id=post.id).limit(100)}
    if len(known | {person.uri for person in people}) > MOST_DISCUSSANTS:
        raise Invalid(f"Ask at most {MOST_DISCUSSANTS} people.", field="discussants")
    for person in people:
        if person.uri in known:
            continue
        now = here.clock.now()
        state = YES if person.id == post.author_id else ASKED
        await Discussant.create(id=new_id(now), event_id=post.id, person_uri=person.uri, state=state, at=now)
        if not person.is_local:
            await PostMention.get_or_create(post_id=post.id, actor_id=person.id)
        elif state == ASKED:
            await here.events.emit(DiscussantAsked(post.id, person.id))


async def answer(here: Instance, acting: Viewer, post_id: str, *, comes: bool) -> None:
    """Say whether one will be a discussant, where one was asked; who does takes part."""
    post = await readable_post(here, acting, post_id)
    async with here.db.transaction():
        row = await Discussant.get_or_none(event_id=post.id, person_uri=acting.actor_uri)
        if row is None or not post.is_local or acting.actor_id is None:
            raise NotFound
        event = await EventFacts.get(id=post.id)
        if event.status == "cancelled" or (event.ends_at is not None and event.ends_at <= here.clock.now()):
            raise NotAllowed("This event is over.")
        await _settle(here, post, row, acting.actor_id, comes=comes)


async def answered(here: Instance, post: Post, person: Actor) -> None:
    """Somebody who was asked says yes by an answer with the tag; in the caller's transaction."""
    row = await Discussant.get_or_none(event_id=post.id, person_uri=person.uri)
    if row is not None and post.is_local:
        await _settle(here, post, row, person.id, comes=True)


async def arrange(here: Instance, acting: Viewer, post_id: str, uris: Sequence[str]) -> None:
    """Put questions that were asked in advance into an order; what is not among them is not on the agenda."""
    post = await own(acting, post_id)
    event = await EventFacts.get_or_none(id=post.id, format=SEMINAR)
    if event is None:
        raise NotFound
    asked = await Post.filter(
        parent_id=post.id, uri__in=list(uris)[:MOST_QUESTIONS], state="visible", visibility=post.visibility
    ).limit(MOST_QUESTIONS)
    known = {question.uri for question in asked}
    agenda = [uri for uri in dict.fromkeys(uris) if uri in known]

    async def store(changed: Post) -> None:
        await EventFacts.filter(id=changed.id).update(agenda=agenda)

    await posts.edit_post(here, acting, post.id, PostChange(), detail=store)


async def wire(here: Instance, event: EventFacts, language: str) -> tuple[dict[str, object], str]:
    """What the document of an event says of it: terms, and words under the text."""
    if event.format != SEMINAR or event.answers_until is None:
        return {}, ""
    rows = await Discussant.filter(event_id=event.id).order_by("person_uri").limit(MOST_DISCUSSANTS)
    coming = [row.person_uri for row in rows if row.state == YES]
    people = (
        {actor.uri: actor for actor in await Actor.filter(uri__in=coming).limit(MOST_DISCUSSANTS)} if coming else {}
    )
    named = {uri: people[uri].name or people[uri].username or "" for uri in coming if uri in people}
    names = sorted(named.values())
    title, how, who, asked = _WORDS.get(language.partition("-")[0], _WORDS["en"])
    said = [how.format(until=when_words(event.answers_until, None, event.timezone))]
    said += [who.format(names=", ".join(names))] if names else []
    said += [asked] if any(row.state == ASKED and not here.is_local_uri(row.person_uri) for row in rows) else []
    terms: dict[str, object] = {FORMAT: SEMINAR}
    if named:
        terms[DISCUSSANTS] = [{ID: uri, URL: people[uri].url or uri, NAME: name} for uri, name in named.items()]
    terms |= {AGENDA: event.agenda} if event.agenda else {}
    return terms, f"<p><strong>{title}</strong> {escape(' '.join(said), quote=False)}</p>"


def read(remote: RemotePost) -> dict[str, object]:
    """The columns of an event from elsewhere."""
    is_one = remote.raw.get(FORMAT) == SEMINAR
    agenda = _uris(remote.raw.get(AGENDA), MOST_QUESTIONS) if is_one else []
    return {"format": SEMINAR if is_one else "", "agenda": agenda or None}


async def keep(here: Instance, event_id: str, remote: RemotePost) -> None:
    """Keep who discusses at an event elsewhere; in the caller's transaction.

    Of people here it is believed where they said so themselves: nobody else says of them that they come (S5).
    """
    told = _people(remote.raw.get(DISCUSSANTS)) if remote.raw.get(FORMAT) == SEMINAR else {}
    ours = [uri for uri in told if here.is_local_uri(uri)]
    if ours:
        which, values = among(ours, "uri")
        rows = await here.db.rows(
            "SELECT DISTINCT actor.uri FROM post JOIN actor ON actor.id = post.author_id JOIN post_tag"
            f" ON post_tag.post_id = post.id AND post_tag.tag = '{TAG}' WHERE post.parent_id = :event"
            f" AND post.state = 'visible' AND actor.uri IN ({which}) ORDER BY actor.uri",
            event=event_id,
            **values,
        )
        agreed = {row["uri"] for row in rows}
        told = {uri: words for uri, words in told.items() if uri not in ours or uri in agreed}
    kept = await Discussant.filter(event_id=event_id).order_by("id").limit(100)
    if told == {row.person_uri: (row.name, row.url) for row in kept}:
        return
    await Discussant.filter(event_id=event_id).delete()
    for uri, (name, url) in told.items():
        now = here.clock.now()
        await Discussant.create(
            id=new_id(now), event_id=event_id, person_uri=uri, name=name, url=url, state=YES, at=now
        )


async def _settle(here: Instance, post: Post, row: Discussant, person_id: str, *, comes: bool) -> None:
    state = YES if comes else NO
    if row.state == state:
        return
    row.state, row.at = state, here.clock.now()
    await row.save(update_fields=["state", "at"])
    if comes:
        uri = here.url(f"/ap/a/join/{new_id(here.clock.now())}")
        await taking_part.enter(here, post.id, person_id, uri=uri, state="going")
    await taking_part.count(here, post.id)


async def forget_person(here: Instance, event: ActorDeleted) -> None:
    """Nobody is asked whose account is gone."""
    uri = await here.db.value("SELECT uri FROM actor WHERE id = :id", id=event.actor_id)
    if uri is not None:
        await Discussant.filter(person_uri=str(uri)).delete()


def _people(value: object) -> dict[str, tuple[str, str]]:
    """Who discusses elsewhere: name and page by id; what says too little is left out."""
    found: dict[str, tuple[str, str]] = {}
    for item in items_of(value, limit=MOST_DISCUSSANTS):
        uri, name = (item.get(ID), item.get(NAME)) if isinstance(item, Mapping) else (None, None)
        if isinstance(uri, str) and is_web_uri(uri) and len(uri) <= 500 and isinstance(name, str):
            url = item.get(URL) if isinstance(item, Mapping) else None
            page = url if isinstance(url, str) and is_web_uri(url) and len(url) <= 500 else uri
            found[uri] = (clean_name(name, 200), page)
    return found


def _uris(value: object, most: int) -> list[str]:
    named = [id_of(item) for item in items_of(value, limit=most)]
    return list(dict.fromkeys(uri for uri in named if uri and is_web_uri(uri) and len(uri) <= 500))
