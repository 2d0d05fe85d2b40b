"""Offer of a co-author's change to the home of a practice, and its answer by Accept or Reject, both directions.

Authority: who is a co-author now offers, for themselves alone; the author's server answers in the author's name (S5).
"""

from html import escape

from federation.errors import Forbidden, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from federation.vocab.base import id_of
from server.actors.models import Actor
from server.actors.remote import MAX_URI
from server.actors.sending import send
from server.coauthors import edits
from server.coauthors.events import EditAnswered, EditSent
from server.coauthors.models import CoauthorEdit
from server.coauthors.wire import edit_object, read_edit
from server.errors import Refused
from server.instance import Instance
from server.posts import sending
from server.posts.models import Post
from server.text import clean_text, plain


async def send_edit(here: Instance, event: EditSent) -> None:
    """Send a change home."""
    row, post, author, person = await _about(event.edit_id)
    if not person.is_local or post.is_local or not isinstance(row.form, dict):
        return
    document = activities.offer(
        id=row.uri,
        actor=person.uri,
        object=edit_object(row.form, row.base, offer=row.uri, by=person.uri),
        target=post.uri,
        to=[author.uri],
        cc=None,
        published=row.created_at,
        content=f"<p>{escape(row.note)}</p>" if row.note else None,
    )
    await send(here, person.uri, document, inboxes=[author.inbox_url])


async def send_answer(here: Instance, event: EditAnswered) -> None:
    """Say what became of a change, and why it was not taken."""
    row, post, author, person = await _about(event.edit_id)
    if person.is_local or not post.is_local:
        return
    build, verb = (activities.accept, "accept") if event.taken else (activities.reject, "reject")
    document = build(
        id=sending.activity_id(here, verb),
        actor=author.uri,
        object=row.uri,
        target=post.uri,
        to=[person.uri],
        content=f"<p>{escape(row.reason)}</p>" if row.reason else None,
    )
    await send(here, author.uri, document, inboxes=[person.inbox_url])


async def on_edit(here: Instance, received: VerifiedActivity) -> None:
    """A co-author elsewhere changed a practice of this server."""
    activity = received.activity
    post = await Post.get_or_none(uri=activity.target, is_local=True, kind="practice") if activity.target else None
    if post is None or activity.object is None:
        raise Ignored("nothing of ours is spoken of")
    if received.via is not None or not activity.id or len(activity.id) > MAX_URI:
        raise Forbidden("a change comes from its co-author alone")
    if id_of(activity.object.get("attributedTo")) != activity.actor:
        raise Forbidden("somebody else wrote it")
    person = await Actor.get_or_none(uri=activity.actor, is_local=False)
    read = read_edit(activity.object)
    if person is None:
        raise Forbidden("they are no co-author")
    if read is None:
        raise Ignored("it does not say what the practice should be")
    values, base = read
    note = clean_text(plain(activity.content)).strip()
    try:
        await edits.check_coauthor(here, post, person.id)
        fresh = await edits.receive(here, post, person, activity.id, values, base, note)
    except Refused as error:
        raise Forbidden(error.message) from error
    if not fresh:
        raise Ignored("it came before, or the practice is gone")


async def on_answer(here: Instance, received: VerifiedActivity) -> bool:
    """The home of a practice answers a change of one of ours; False for what is none."""
    activity = received.activity
    row = await CoauthorEdit.get_or_none(uri=activity.object_id) if activity.object_id else None
    if row is None:
        return False
    _, post, author, person = await _about(row.id)
    if received.via is not None or post.is_local or not person.is_local or author.uri != activity.actor:
        raise Forbidden("only the home of the practice answers")
    async with here.db.transaction():
        reason = clean_text(plain(activity.content)).strip()
        await edits.settle(here, row, taken=activity.type == "Accept", reason=reason)
    return True


async def _about(edit_id: str) -> tuple[CoauthorEdit, Post, Actor, Actor]:
    """A change, its practice, the author, and who made it."""
    row = await CoauthorEdit.get(id=edit_id)
    post = await Post.get(id=row.post_id)
    return row, post, await Actor.get(id=post.author_id), await Actor.get(id=row.person_id)
