"""What a project made, published as a practice: a draft out of its notes, with everybody named who agrees (C24).

The practice is that of whoever makes it, and is shared as any other, with the licence that they choose. Nobody is named
by surprise: who wrote in the notes and said there that they want to be is a co-author from the first moment, who said
nothing is asked when it is there, as co-authors are, and who does not want to is neither named nor asked.
"""

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.coauthors import actions as coauthors
from server.coauthors.models import Coauthor
from server.communities import policy as community_policy
from server.communities import queries as communities
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.pads.access import Standing
from server.pads.actions import changed
from server.pads.models import Pad, PadSection, PadWriter
from server.posts import bylines, sending
from server.posts.admission import may_know
from server.posts.events import PostPublished
from server.posts.models import Post
from server.practices import actions as practices
from server.practices.bonds import Bond
from server.practices.form import LONG_TEXT, MAX_STEPS, PracticeForm

SPEAKS_PEERHALL = "https://w3id.org/peerhall#profile-1"


async def draft(here: Instance, acting: Viewer, standing: Standing, pad: Pad, *, language: str) -> Post:
    """Make a draft of a practice out of the notes of a project, for whoever asks alone; a section becomes a step."""
    standing.insist()
    if standing.is_guest:
        raise NotAllowed("A practice is made by somebody who has an account on this server. Ask one of them.")
    if not pad.is_project:
        raise Invalid("These are not the notes of a project. Say so first, under “Title and kind”.")
    before = await made_of(pad)
    if before is not None:
        raise NotAllowed("A practice is made of these notes already.")
    sections = await PadSection.filter(pad_id=pad.id, removed_at=None).order_by("position", "id").limit(200)
    form = PracticeForm(
        entry="quick",
        title=pad.title,
        steps=_steps([(section.heading, section.text) for section in sections if section.text]),
        language=language,
        community_id=await _where(here, acting, pad),
    )
    if not form.steps:
        raise Invalid("Nothing is written in these notes yet.")

    async def also(post: Post) -> None:
        # Two may press at once.
        if not await Pad.filter(id=pad.id, practice_id=pad.practice_id).update(practice_id=post.id):
            raise NotAllowed("A practice is made of these notes already.")
        await changed(here, pad)

    return await practices.save_draft(here, acting, form, also=also)


async def made_of(pad: Pad) -> Post | None:
    """The draft or practice that was made of notes; None where there is none, or it was deleted."""
    if pad.practice_id is None:
        return None
    return await Post.get_or_none(id=pad.practice_id, state__in=["draft", "visible", "held", "removed"])


async def choose_name(here: Instance, standing: Standing, pad: Pad, *, named: bool) -> None:
    """Say whether one wants to be named in what is made of these notes; only who wrote in them is asked."""
    async with here.db.transaction():
        if not await PadWriter.filter(pad_id=pad.id, person_id=standing.actor_id).update(named=named):
            raise NotFound


async def binding(here: Instance, acting: Viewer, post: Post, form: PracticeForm, shared: bool) -> Bond:
    """Name who wants to be named, just before a draft out of notes is shared (`server.practices.bonds`)."""
    if not shared or post.state != "draft" or form.entry == "tip":
        return Bond()
    pad = await Pad.get_or_none(practice_id=post.id)
    if pad is None:
        return Bond()

    async def store(now: Post) -> None:
        for person in await _writers(here, now, pad, named=True):
            if person.is_local or not _speaks_peerhall(person):
                await _is_author(here, now, person)
        await coauthors.credit(here, now)

    return Bond(store=store)


async def on_published(here: Instance, event: PostPublished) -> None:
    """Ask those who did not say, and those whose own server has to hear it from them."""
    if event.kind != "practice" or not event.is_local:
        return
    pad = await Pad.get_or_none(practice_id=event.post_id)
    if pad is None:
        return
    post = await Post.get(id=event.post_id)
    going = await Coauthor.filter(post_id=post.id, state__in=coauthors.GOING).count()
    for person in await _writers(here, post, pad, named=None):
        if going >= bylines.MOST or not await may_know(here, person, post):
            continue
        if await Coauthor.exists(post_id=post.id, person_id=person.id):
            continue
        uri = sending.activity_id(here, "invite", new_id(here.clock.now()))
        await coauthors.note_invitation(here, post, person, uri)
        going += 1
    await changed(here, pad)


async def _writers(here: Instance, post: Post, pad: Pad, *, named: bool | None) -> list[Actor]:
    """Who wrote in notes besides the author: who wants to be named, or (None) who does not refuse."""
    rows = await PadWriter.filter(pad_id=pad.id).order_by("id").limit(200)
    wanted = [row.person_id for row in rows if (row.named is True if named else row.named is not False)]
    people = {actor.id: actor for actor in await Actor.filter(id__in=wanted, deleted_at=None, suspended_at=None)}
    found = [people[each] for each in wanted if each in people and each != post.author_id]
    return [person for person in found if await coauthors.may_be(here, post, person)][: bylines.MOST]


async def _is_author(here: Instance, post: Post, person: Actor) -> None:
    if await Coauthor.exists(post_id=post.id, person_id=person.id):
        return
    now = here.clock.now()
    await Coauthor.create(
        id=new_id(now),
        uri=sending.activity_id(here, "invite", new_id(now)),
        post_id=post.id,
        person_id=person.id,
        state=coauthors.ACTIVE,
        wrote=True,
        created_at=now,
        answered_at=now,
    )


def _speaks_peerhall(person: Actor) -> bool:
    """Whether their own server asks them itself, and names them only then."""
    return SPEAKS_PEERHALL in (person.implements or ())


async def _where(here: Instance, acting: Viewer, pad: Pad) -> str | None:
    """The community of the notes, where its members may share practices in it."""
    facts = await communities.facts_of(here, pad.community_id, acting) if pad.community_id else None
    return pad.community_id if facts is not None and community_policy.may_post(facts) else None


def _steps(sections: list[tuple[str, str]]) -> tuple[str, ...]:
    """Sections as steps of a practice, each as short as a step has to be; what is too much stands in the last one."""
    parts = [
        f"**{heading.replace('*', '')}**\n\n{text}"[start : start + LONG_TEXT]
        if heading
        else text[start : start + LONG_TEXT]
        for heading, text in sections
        for start in range(0, len(text) + (len(heading) + 6 if heading else 0), LONG_TEXT)
    ]
    return (*parts[: MAX_STEPS - 1], "\n\n".join(parts[MAX_STEPS - 1 :])) if len(parts) > MAX_STEPS else tuple(parts)
