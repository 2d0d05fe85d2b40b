"""Conversations with a format (D5, D15): what an answer must bring along, and how its host closes one."""

from dataclasses import replace
from typing import TYPE_CHECKING

from server.actors.viewer import Viewer
from server.discussions.seats import part_for
from server.errors import Invalid, NotAllowed
from server.instance import Instance
from server.posts import actions as posts
from server.posts.actions import PostChange
from server.posts.composing import Detail, readable_post
from server.posts.formats import FORMATS, SENTENCE, SUMMARY, formed, with_facts
from server.posts.models import Post
from server.text import clean_text

if TYPE_CHECKING:
    from server.discussions.actions import ThreadForm

ANOTHER = "another"
"""The part that is a manner: another way of doing it."""


def takes_part(**said: str) -> Detail:
    """Keep with a post what it says of formats, in the transaction that writes it."""

    async def keep(post: Post) -> None:
        post.particulars = with_facts(post.particulars, **said)
        await post.save(update_fields=["particulars"])

    return keep


async def fitting(here: Instance, acting: Viewer, parent_id: str, form: "ThreadForm") -> "ThreadForm":
    """An answer with the part that the format of its conversation asks for, and without any where it asks for none.

    Raises Invalid where the part, or the sentence that says back, is missing. Answers to answers are free. Who finds no
    seat free in a fishbowl speaks from outside.
    """
    if form.unasked:
        return replace(form, part="", heard="")
    parent = await readable_post(here, acting, parent_id)
    asked = formed(parent.particulars if parent.kind == "discussion" and parent.parent_id is None else None)
    heard = " ".join(clean_text(form.heard).split())
    errors = []
    if asked.parts:
        choices = {*asked.parts, *([ANOTHER] if asked.format == "sides" else [])}
        if form.part not in choices:
            errors.append(Invalid("Choose what your answer is.", field="part"))
    if asked.format == "sides":
        form = replace(form, another_way=form.part == ANOTHER)
    if asked.says_back and parent.author_id != acting.actor_id:
        if not heard:
            errors.append(Invalid("Say back in one sentence what you heard.", field="heard"))
        if len(heard) > SENTENCE:
            errors.append(Invalid(f"Use at most {SENTENCE} characters.", field="heard"))
    else:
        heard = ""
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))
    part = await part_for(here, acting, parent, form.part) if form.part in asked.parts else ""
    return replace(form, part=part, heard=heard)


async def conclude(here: Instance, acting: Viewer, post_id: str, summary: str) -> None:
    """Close a conversation with a format, with what came of it. Its host's word; everybody who has it hears of it."""
    post = await _hosted(here, acting, post_id)
    summary = clean_text(summary).strip()
    if not summary:
        raise Invalid("Say in a few sentences what came of it.", field="summary")
    if len(summary) > SUMMARY:
        raise Invalid(f"Use at most {SUMMARY} characters.", field="summary")
    async with here.db.transaction():
        await posts.edit_post(here, acting, post.id, PostChange(), detail=takes_part(summed_up=summary))
        await posts.set_locked(here, acting, post.id, locked=True)


async def go_on(here: Instance, acting: Viewer, post_id: str) -> None:
    """Open it again; what came of it is still to be said."""
    post = await _hosted(here, acting, post_id)
    async with here.db.transaction():
        await posts.edit_post(here, acting, post.id, PostChange(), detail=takes_part(summed_up=""))
        await posts.set_locked(here, acting, post.id, locked=False)


async def _hosted(here: Instance, acting: Viewer, post_id: str) -> Post:
    post = await readable_post(here, acting, post_id)
    if formed(post.particulars).format not in FORMATS or post.author_id != acting.actor_id or not post.is_local:
        raise NotAllowed("Only who began a conversation can say what came of it.")
    return post
