"""Threads, questions and replies: starting, changing and ending them, and saying what helped."""

from dataclasses import dataclass, replace
from datetime import timedelta

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.discussions import peers_first
from server.discussions.forming import fitting, takes_part
from server.discussions.models import Ask
from server.errors import Invalid, NotAllowed, NotFound
from server.instance import Instance
from server.media.queries import files
from server.posts import actions as posts
from server.posts import formats, nameless, pace
from server.posts.actions import NewPost, PostChange
from server.posts.anchors import particulars_of
from server.posts.composing import Detail, readable_post
from server.posts.models import Post
from server.posts.policy import ANOTHER_WAY, MEMBERS, VENT
from server.practices.policy import audiences
from server.practices.remarks import Step, step_of

SENTENCE = 500
KINDS = ("discussion", "ask", "challenge", "idea", "win", "vent")
OF_COMMUNITIES = {
    "challenge": "Choose the community whose challenge it is.",
    "idea": "Choose the community that the idea is for.",
    "vent": "Choose the community whose members may hear it.",
}
EDITABLE = (*KINDS, "round", "reply", "note")


@dataclass(frozen=True, slots=True)
class ThreadForm:
    """What somebody fills in to start a conversation, or to answer. `kind`: one of KINDS.

    `another_way`: the answer shows another way of doing what is asked. For so many `peers_first_hours` peers have the
    word on a question; an answer that `cannot_wait`, because somebody's safety is at stake, is shown at once. `step` is
    the number of the step of a practice that an answer is about, 0 for all of it; `about` a part of something else that
    was looked up. `format` is that of a conversation, `seats` are those of a fishbowl;
    `part` what an answer in one with a format is, and `heard` the sentence that says back what one heard;
    `unasked`: whoever wrote it was not asked for either, as by mail.
    `topic_id` is the topic of the community that it goes into. `nameless`: the community says it, for its members.
    `answers_wished` of something that is only to be heard (`policy.VENT`): it may be answered all the same.
    """

    kind: str = "discussion"
    title: str = ""
    text: str = ""
    media_ids: tuple[str, ...] = ()
    licence: str = ""
    language: str = "en"
    content_warning: str = ""
    visibility: str = ""
    community_id: str | None = None
    nobody_identifiable: bool = False
    another_way: bool = False
    peers_first_hours: int = 0
    cannot_wait: bool = False
    step: int = 0
    about: Step | None = None
    format: str = ""
    seats: int = 0
    part: str = ""
    heard: str = ""
    unasked: bool = False
    topic_id: str = ""
    nameless: bool = False
    answers_wished: bool = False


async def start(here: Instance, acting: Viewer, form: ThreadForm) -> Post:
    """Start a thread or ask something. Raises Invalid with every error."""
    form = replace(form, title=" ".join(form.title.split()), licence=form.licence or here.site.default_licence)
    if form.kind not in KINDS:
        raise Invalid("Choose what you want to start.", field="kind")
    await _check(here, acting, form, titled=form.kind != VENT)
    if form.kind in OF_COMMUNITIES and form.community_id is None:
        raise Invalid(OF_COMMUNITIES[form.kind], field="community")
    if form.format and (form.kind != "discussion" or form.format not in formats.FORMATS):
        raise Invalid("Choose one of the formats.", field="format")
    seats = form.seats if form.format == formats.SEATED else 0
    if seats and seats not in formats.NUMBERS_OF_SEATS:
        raise Invalid("Choose two to six seats.", field="seats")
    if form.nameless and (form.community_id is None or form.format):
        raise Invalid("Only questions and conversations in a community here go without a name.", field="nameless")
    opening = takes_part(format=form.format, seats=str(seats or ""))
    if form.kind == VENT:
        return await _let_out(here, acting, form)
    new = replace(
        _written(form, form.kind, usual=audiences(None)[0]),
        title=form.title,
        licence=form.licence,
        community_id=form.community_id,
        topic_id=form.topic_id,
    )
    return await posts.create_post(
        here,
        str(acting.actor_id),
        replace(new, nameless=True, visibility=MEMBERS) if form.nameless else new,
        detail=_opens(here, form) if form.kind == "ask" else opening if form.format else None,
    )


async def _let_out(here: Instance, acting: Viewer, form: ThreadForm) -> Post:
    """Something for the members here alone, which is gone in three days. Only who wishes it is answered."""
    if not await Actor.exists(id=form.community_id, kind="Group", is_local=True):
        raise Invalid("Choose a community that lives here: this goes to no other server.", field="community")
    if form.media_ids or form.nameless:
        raise Invalid("Words alone, and with your name: it is gone in three days.", field="content")

    async def end_later(post: Post) -> None:
        post.locked = not form.answers_wished
        await post.save(update_fields=["locked"])
        await pace.end_later(here, post)

    new = replace(
        _written(form, VENT), visibility=MEMBERS, community_id=form.community_id, confidential=True, licence=""
    )
    return await posts.create_post(here, str(acting.actor_id), new, detail=end_later)


async def reply(
    here: Instance, acting: Viewer, parent_id: str, form: ThreadForm, *, also: Detail | None = None
) -> Post:
    """Answer a post. The audience is never wider than that of what is answered. `also` joins the transaction."""
    form = await fitting(here, acting, parent_id, form)
    await _check(here, acting, form, titled=False)
    said = {"part": form.part, "heard": form.heard}
    if form.heard:
        form = replace(form, text=formats.say_back(form.heard, form.text, form.language) if form.text.strip() else "")
    about = await _step(here, acting, parent_id, form.step) if form.step else form.about
    if about is not None:
        form = replace(form, text=f"{about.quoted}\n\n{form.text}")
    new = replace(
        _written(form, "reply"),
        parent_id=parent_id,
        manner=ANOTHER_WAY if form.another_way else "",
        at_once=form.cannot_wait,
    )

    async def note(post: Post) -> None:
        if about is not None:
            post.particulars = particulars_of(about.number, about.words, is_passage=about.is_passage)
            await post.save(update_fields=["particulars"])
        if any(said.values()):
            await takes_part(**said)(post)
        if form.cannot_wait:
            await _note_hurry(here, acting, post)
        if also is not None:
            await also(post)

    return await posts.create_post(here, str(acting.actor_id), new, detail=note)


async def quote(here: Instance, acting: Viewer, quoted_id: str, form: ThreadForm) -> Post:
    """Show somebody's post inside one of one's own. Authors elsewhere are asked first, and it waits for the answer."""
    await _check(here, acting, form, titled=False)
    return await posts.create_post(
        here,
        str(acting.actor_id),
        replace(_written(form, "note"), quote_id=quoted_id),
    )


async def change(here: Instance, acting: Viewer, post_id: str, form: ThreadForm, change_note: str = "") -> Post:
    """Change a thread, question or reply of one's own."""
    post = await _own(acting, post_id)
    form = replace(form, title=" ".join(form.title.split()))
    await _check(here, acting, form, titled=bool(post.title))
    heard = formats.heard_in(form.text)[: formats.SENTENCE]
    said_back = bool(formats.formed(post.particulars).heard)
    if said_back and not heard:
        raise Invalid("Keep the line on top that says what you heard.", field="content")
    return await posts.edit_post(
        here,
        acting,
        post.id,
        PostChange(
            title=form.title if post.title else None,
            source_md=form.text,
            content_warning=form.content_warning,
            language=form.language,
            attachments=form.media_ids,
            manner=(ANOTHER_WAY if form.another_way else "") if post.kind == "reply" else None,
        ),
        change_note,
        detail=takes_part(heard=heard) if said_back else None,
    )


async def withdraw(here: Instance, acting: Viewer, post_id: str) -> None:
    """Delete a thread, question or reply of one's own for good."""
    post = await _own(acting, post_id)
    async with here.db.transaction():
        await posts.delete_post(here, acting, post.id)
        await Ask.filter(id=post.id).delete()


async def close(here: Instance, acting: Viewer, ask_id: str, *, clear: str = "") -> None:
    """Say that no more answers are needed, and what is clear now. The asker's word alone."""
    ask = await _asked(here, acting, ask_id)
    await _say(here, acting, ask, is_closed=True, clear=clear, unclear="")


async def reopen(here: Instance, acting: Viewer, ask_id: str, *, unclear: str = "", clear: str = "") -> None:
    """Open a question again, with what is still unclear on top of it."""
    ask = await _asked(here, acting, ask_id)
    if not unclear.strip():
        raise Invalid("Say in one sentence what is still unclear.", field="unclear")
    await _say(here, acting, ask, is_closed=False, clear=clear, unclear=unclear)


async def _say(here: Instance, acting: Viewer, ask: Post, *, is_closed: bool, clear: str, unclear: str) -> None:
    clear, unclear = " ".join(clear.split()), " ".join(unclear.split())
    for field, words in (("clear", clear), ("unclear", unclear)):
        if len(words) > SENTENCE:
            raise Invalid(f"Use at most {SENTENCE} characters.", field=field)

    async def store(post: Post) -> None:
        await Ask.update_or_create(
            defaults={"is_closed": is_closed, "clear": clear, "unclear": unclear, "changed_at": here.clock.now()},
            id=post.id,
        )

    async with here.db.transaction():
        if ask.is_local:
            # Everybody who has the question hears of its new state.
            await posts.edit_post(here, acting, ask.id, PostChange(), clear or unclear, detail=store)
        else:
            await store(ask)
        await posts.set_locked(here, acting, ask.id, locked=is_closed)


def _written(form: ThreadForm, kind: str, usual: str = "public") -> NewPost:
    """What every kind of these posts takes from the form; `usual` is the audience where none was chosen."""
    return NewPost(
        kind=kind,
        source_md=form.text,
        content_warning=form.content_warning,
        language=form.language,
        visibility=form.visibility or usual,
        attachments=form.media_ids,
    )


async def _check(here: Instance, acting: Viewer, form: ThreadForm, *, titled: bool) -> None:
    errors = []
    if form.peers_first_hours and (form.kind != "ask" or form.peers_first_hours not in peers_first.HOURS):
        errors.append(Invalid("Choose for how long peers have the word.", field="peers_first"))
    if titled and not form.title:
        errors.append(Invalid("Give it a title, so that people can find it.", field="title"))
    if len(form.title) > 150:
        errors.append(Invalid("Use at most 150 characters.", field="title"))
    if not form.text.strip():
        errors.append(Invalid("Write something first.", field="content"))
    uploads = await files(here, form.media_ids, owner_id=acting.actor_id)
    if len(uploads) != len(set(form.media_ids)):
        errors.append(Invalid("One of the files is gone. Add it again.", field="files"))
    if any(file.needs_alt for file in uploads):
        errors.append(Invalid("Say what each picture shows, or that it is decoration.", field="alt"))
    if uploads and not form.nobody_identifiable:
        errors.append(Invalid("Check that nobody can be identified, and tick the box.", field="nobody_identifiable"))
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))


async def _own(acting: Viewer, post_id: str) -> Post:
    post = await Post.get_or_none(id=post_id)
    if post is None or post.kind not in EDITABLE or not await nameless.is_by(post, acting.actor_id):
        raise NotFound
    return post


async def _asked(here: Instance, acting: Viewer, ask_id: str) -> Post:
    post = await readable_post(here, acting, ask_id)
    if post.kind != "ask":
        raise NotFound
    if not await nameless.is_by(post, acting.actor_id):
        raise NotAllowed("Only who asked can say that.")
    return post


def _opens(here: Instance, form: ThreadForm) -> Detail:
    hours = timedelta(hours=form.peers_first_hours)

    async def open_(post: Post) -> None:
        await Ask.create(id=post.id, peers_first_until=here.clock.now() + hours if hours else None)

    return open_


async def _note_hurry(here: Instance, acting: Viewer, post: Post) -> None:
    ask = await Post.get_or_none(id=post.root_id, kind="ask")
    if ask is not None and await peers_first.waits(here, ask, await Actor.get(id=post.author_id)):
        await peers_first.record(here, acting, post)


async def _step(here: Instance, acting: Viewer, practice_id: str, number: int) -> Step:
    post = await readable_post(here, acting, practice_id)
    found = await step_of(here, post.id, number) if post.kind == "practice" else None
    if found is None:
        raise Invalid("The practice has no such step any more. Answer all of it.", field="content")
    return found
