"""Sharing practices and tips, keeping drafts of them, revising and withdrawing them."""

import asyncio
from dataclasses import replace

from server.actors.viewer import Viewer
from server.errors import Invalid, NotFound
from server.instance import Instance
from server.media.queries import files
from server.posts import actions as posts
from server.posts.actions import NewPost, PostChange
from server.posts.composing import Detail
from server.posts.models import Post
from server.practices.bonds import Bond, bond_of
from server.practices.content import Content, write
from server.practices.form import PracticeForm, check, check_draft, is_blank, tidy
from server.practices.models import Practice
from server.practices.policy import audiences

KINDS = ("practice", "tip")
GROWING = ("tip", "win")
"""What grows into a practice of its author."""


async def share(
    here: Instance,
    acting: Viewer,
    form: PracticeForm,
    *,
    draft_id: str | None = None,
    bond: Bond | None = None,
    also: Detail | None = None,
) -> Post:
    """Share a practice or tip; what was kept as the draft `draft_id` becomes it. Raises Invalid with every error.

    `bond` is what ties it, where that is known already; `also` writes what other features know of it, before anybody
    is told.
    """
    form = await _checked(here, acting, form)
    if draft_id is None:
        bond = bond or Bond()
        new = _new(form, await _written(here, form, bond))
        return await posts.create_post(here, str(acting.actor_id), new, detail=_stores(form, bond, also))
    draft = await _own(acting, draft_id)
    if draft.state != "draft":
        raise Invalid("This is shared already. Edit it instead.")
    bond = bond or await bond_of(here, acting, draft, form, shared=True)
    content = await _written(here, form, bond)
    change = replace(_change(form, content), visibility=form.visibility or audiences(None)[0])
    await posts.edit_post(here, acting, draft.id, change, detail=_stores(form, bond, also))
    return await posts.publish_post(here, acting, draft.id)


async def save_draft(
    here: Instance,
    acting: Viewer,
    form: PracticeForm,
    *,
    draft_id: str | None = None,
    bond: Bond | None = None,
    also: Detail | None = None,
) -> Post:
    """Keep what somebody has so far, for themselves only; `bond` and `also` as for `share`."""
    form = tidy(form, here.site.default_licence)
    check_draft(form)
    await _check_origin(here, acting, form)
    if is_blank(form):
        raise Invalid("Write something first: a title is enough.", field="title" if form.entry != "tip" else "text")
    if draft_id is None:
        bond = bond or Bond()
        new = replace(_new(form, await _written(here, form, bond)), visibility="private", draft=True)
        return await posts.create_post(here, str(acting.actor_id), new, detail=_stores(form, bond, also))
    draft = await _own(acting, draft_id)
    if draft.state != "draft":
        raise Invalid("This is shared already. Edit it instead.")
    bond = bond or await bond_of(here, acting, draft, form, shared=False)
    content = await _written(here, form, bond)
    change = replace(_change(form, content), source_md=content.source_md or None)
    return await posts.edit_post(here, acting, draft.id, change, detail=_stores(form, bond, also))


async def revise(
    here: Instance,
    acting: Viewer,
    post_id: str,
    form: PracticeForm,
    change_note: str = "",
    *,
    bond: Bond | None = None,
) -> Post:
    """Change a practice or tip that is shared. What it said is kept as a version, and everybody who has it is told."""
    post = await _own(acting, post_id)
    if post.state == "draft":
        raise Invalid("This is not shared yet.")
    before = await Practice.get_or_none(id=post.id)
    entry = before.entry if before is not None else form.entry
    if (form.entry == "tip") != (entry == "tip"):
        raise Invalid("A tip stays a tip. Let it grow into a practice instead.", field="speed")
    form = await _checked(here, acting, replace(form, grown_from_id=before.grown_from_id if before else None))
    bond = bond or await bond_of(here, acting, post, form, shared=True)
    change = _change(form, await _written(here, form, bond))
    return await posts.edit_post(here, acting, post.id, change, change_note, detail=_stores(form, bond))


async def withdraw(here: Instance, acting: Viewer, post_id: str) -> None:
    """Delete a practice, tip or draft for good; every server that has it is told."""
    post = await _own(acting, post_id)
    async with here.db.transaction():
        await posts.delete_post(here, acting, post.id)
        await Practice.filter(id=post.id).delete()


async def check_shareable(here: Instance, acting: Viewer, form: PracticeForm) -> None:
    """Raise Invalid, with everything that keeps a form from being shared."""
    await _checked(here, acting, form)


async def _checked(here: Instance, acting: Viewer, form: PracticeForm) -> PracticeForm:
    """The form, tidy and complete."""
    form = tidy(form, here.site.default_licence)
    uploads = await files(here, form.media_ids, owner_id=acting.actor_id)
    if len(uploads) != len(form.media_ids):
        raise Invalid("One of the files is gone. Add it again.", field="files")
    check(form, uploads)
    await _check_origin(here, acting, form)
    return form


async def _written(here: Instance, form: PracticeForm, bond: Bond) -> Content:
    return await asyncio.to_thread(write, form, here.settings.origin, bond.closing)


async def _check_origin(here: Instance, acting: Viewer, form: PracticeForm) -> None:
    """Only one's own tip, or what went well with oneself, grows into one's practice (S30)."""
    if form.grown_from_id is None:
        return
    origin = await Post.get_or_none(id=form.grown_from_id)
    if origin is None or origin.author_id != acting.actor_id or origin.kind not in GROWING:
        raise NotFound


async def _own(acting: Viewer, post_id: str) -> Post:
    post = await Post.get_or_none(id=post_id)
    if post is None or acting.actor_id is None or post.author_id != acting.actor_id or post.kind not in KINDS:
        raise NotFound
    return post


def _new(form: PracticeForm, content: Content) -> NewPost:
    is_tip = form.entry == "tip"
    return NewPost(
        kind="tip" if is_tip else "practice",
        title="" if is_tip else form.title,
        source_md=content.source_md,
        summary=content.summary,
        content_warning=form.content_warning,
        language=form.language,
        visibility=form.visibility or "public",
        licence=form.licence,
        community_id=form.community_id,
        attachments=form.media_ids,
    )


def _change(form: PracticeForm, content: Content) -> PostChange:
    return PostChange(
        title="" if form.entry == "tip" else form.title,
        source_md=content.source_md,
        summary=content.summary,
        content_warning=form.content_warning,
        language=form.language,
        licence=form.licence,
        attachments=form.media_ids,
    )


def _stores(form: PracticeForm, bond: Bond, also: Detail | None = None) -> Detail:
    async def store(post: Post) -> None:
        await _store(post, form)
        await bond.keep(post)
        if also is not None:
            await also(post)

    return store


async def _store(post: Post, form: PracticeForm) -> None:
    if post.state == "draft":
        # A draft may change between tip and practice, and get its title late.
        post.kind = "tip" if form.entry == "tip" else "practice"
        post.object_type = "Article" if post.title else "Note"
        await post.save(update_fields=["kind", "object_type"])
    await Practice.update_or_create(
        defaults={
            "entry": form.entry,
            "title": form.title if form.entry == "tip" else "",
            "text": form.text,
            "promise": form.promise,
            "subject": form.subject,
            "level": form.level,
            "group_size": form.group_size,
            "minutes": form.minutes,
            "setting": form.setting,
            "constraints": form.constraints,
            "problem": form.problem,
            "steps": list(form.steps),
            "evidence": form.evidence,
            "certainty": form.certainty,
            "would_change": form.would_change,
            "materials": [{"url": item.url, "name": item.name} for item in form.materials],
            "nobody_identifiable": form.nobody_identifiable,
            "grown_from_id": form.grown_from_id,
            "wanted_visibility": form.visibility if post.state == "draft" else "",
        },
        id=post.id,
    )
