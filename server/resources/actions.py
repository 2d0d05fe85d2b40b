"""Adding to a library, changing what is in it, and taking it out."""

import asyncio
from dataclasses import replace

from server.actors.viewer import Viewer
from server.errors import Invalid, NotFound
from server.instance import Instance
from server.media.queries import files
from server.posts import actions as posts
from server.posts.actions import NewAttachment, NewPost, PostChange
from server.posts.composing import Detail
from server.posts.models import Post
from server.resources.events import at_event, said_of_event
from server.resources.files import put_back
from server.resources.form import CLIP, ResourceForm, check, summary, tidy, write
from server.resources.models import Resource


async def add_resource(here: Instance, acting: Viewer, form: ResourceForm, *, also: Detail | None = None) -> Post:
    """Add something to a community's library. Raises Invalid with every error.

    `also` writes what other features know of it, before anybody is told.
    """
    if form.event_uri:
        form = await at_event(here, acting, form)
    form = await _ready(here, acting, form)
    if form.community_id is None:
        raise Invalid("Choose the community whose library it goes into.", field="community")

    async def store(post: Post) -> None:
        await _store(post, form)
        if also is not None:
            await also(post)

    return await posts.create_post(
        here,
        str(acting.actor_id),
        NewPost(
            kind="resource",
            title=form.title,
            source_md=write(form),
            summary=await asyncio.to_thread(summary, form, here.settings.origin),
            content_warning=form.content_warning,
            language=form.language,
            visibility=form.visibility or "public",
            licence=form.licence,
            community_id=form.community_id,
            attachments=_attachments(form),
        ),
        detail=store,
    )


async def edit(here: Instance, acting: Viewer, post_id: str, form: ResourceForm, change_note: str = "") -> Post:
    """Change a resource of one's own; what it said is kept as a version."""
    post = await _own(acting, post_id)
    if form.community_id not in {None, post.community_id}:
        raise Invalid("What is in a library stays there. Add it to the other one anew.", field="community")
    before = await Resource.get_or_none(id=post.id)
    if before is not None and CLIP in {before.resource_type, form.resource_type} != {CLIP}:
        # A clip that is one no more could be shared on, and what others have already cannot become one.
        raise Invalid("What is a clip stays one, and nothing else becomes one. Add it anew.", field="resource_type")
    form = replace(form, visibility=post.visibility, event_uri=before.event_uri if before is not None else "")
    form = await _ready(here, acting, await said_of_event(here, acting, form))

    async def store(changed: Post) -> None:
        await _store(changed, form)
        await put_back(here, changed, form.media_ids)

    return await posts.edit_post(
        here,
        acting,
        post.id,
        PostChange(
            title=form.title,
            source_md=write(form),
            summary=await asyncio.to_thread(summary, form, here.settings.origin),
            content_warning=form.content_warning,
            language=form.language,
            licence=form.licence,
            attachments=_attachments(form),
        ),
        change_note,
        detail=store,
    )


async def withdraw(here: Instance, acting: Viewer, post_id: str) -> None:
    """Take a resource of one's own out of the library, for good."""
    post = await _own(acting, post_id)
    async with here.db.transaction():
        await posts.delete_post(here, acting, post.id)
        await Resource.filter(id=post.id).delete()


async def _ready(here: Instance, acting: Viewer, form: ResourceForm) -> ResourceForm:
    form = tidy(form, here.site.default_licence)
    uploads = await files(here, form.media_ids, owner_id=acting.actor_id)
    if len(uploads) != len(form.media_ids):
        raise Invalid("One of the files is gone. Add it again.", field="files")
    check(form, uploads)
    return form


def _attachments(form: ResourceForm) -> list[str | NewAttachment]:
    # Mastodon makes a preview card of a Link, and Lemmy takes the first attachment as what the post is about.
    links = [NewAttachment(url=form.link, name=form.title)] if form.link else []
    return [*links, *form.media_ids]


async def _own(acting: Viewer, post_id: str) -> Post:
    post = await Post.get_or_none(id=post_id)
    if post is None or acting.actor_id is None or post.author_id != acting.actor_id or post.kind != "resource":
        raise NotFound
    return post


async def _store(post: Post, form: ResourceForm) -> None:
    await Resource.update_or_create(
        defaults={
            "resource_type": form.resource_type,
            "link": form.link,
            "subject": form.subject,
            "level": form.level,
            "minutes": form.minutes,
            "text": form.text,
            "how_i_use_it": form.how_i_use_it,
            "excerpt": form.excerpt,
            "excerpt_by": form.excerpt_by,
            "captions": form.captions,
            "transcript": form.transcript,
            "event_uri": form.event_uri,
            "chapters": form.chapters,
            "teaches": form.teaches,
        },
        id=post.id,
    )
