"""Saying how it went when one tried a practice, changing that, and taking it back."""

from dataclasses import replace
from datetime import timedelta

from server.actors.viewer import Viewer
from server.errors import Invalid, NotAllowed, NotFound
from server.instance import Instance
from server.posts import actions as posts
from server.posts.actions import PostChange
from server.posts.composing import Detail, readable_post
from server.posts.form import NewPost
from server.posts.models import Post
from server.practices.models import Practice
from server.tries.bands import FIELDS
from server.tries.content import name_of, write
from server.tries.counting import hear_soon, is_tried
from server.tries.detail import CHANGEABLE, keep, version_tried
from server.tries.form import TryForm, check, tidy
from server.tries.models import TriedReport

SECOND = "You have said how this version went already. Change what you said instead."
HEARD_AFTER = timedelta(seconds=30)


async def report(
    here: Instance, acting: Viewer, practice_id: str, form: TryForm, *, also: Detail | None = None
) -> Post:
    """Say how it went: a reply for everybody who can read the practice, which its server counts.

    `also` writes what other features know of it, before anybody is told. Raises Invalid with every error, and for a
    second report on one version.
    """
    practice, steps = await _practice(here, acting, practice_id)
    if practice.author_id == acting.actor_id:
        raise NotAllowed("This is your own practice. Add what you saw by editing it.")
    form = tidy(form)
    check(form, steps)
    version = await version_tried(here, practice)
    if await TriedReport.exists(practice_id=practice.id, author_id=acting.actor_id, version=version):
        raise Invalid(SECOND)

    async def store(post: Post) -> None:
        if not await keep(here, post, practice.id, version, _columns(form)):
            raise Invalid(SECOND)
        if not practice.is_local:
            await hear_soon(here, practice.id, after=HEARD_AFTER)
        if also is not None:
            await also(post)

    new = NewPost(
        kind="tried",
        source_md=write(form, name_of(practice)),
        language=form.language,
        visibility=practice.visibility,
        parent_id=practice.id,
    )
    return await posts.create_post(here, str(acting.actor_id), new, detail=store)


async def change(here: Instance, acting: Viewer, post_id: str, form: TryForm) -> Post:
    """Change a report of one's own, for thirty days; it stays about the version that was tried."""
    post, known = await _own(acting, post_id)
    if here.clock.now() - known.created_at > CHANGEABLE:
        raise NotAllowed("A report can be changed for thirty days. You can still withdraw it.")
    practice, steps = await _practice(here, acting, known.practice_id)
    form = replace(tidy(form), language=form.language or post.language)
    check(form, steps)

    async def store(_: Post) -> None:
        await known.update_from_dict({**_columns(form), "by_words": False}).save()

    changed = PostChange(source_md=write(form, name_of(practice)), language=form.language)
    return await posts.edit_post(here, acting, post.id, changed, detail=store)


async def withdraw(here: Instance, acting: Viewer, post_id: str) -> None:
    """Delete a report of one's own for good; it counts no more."""
    post, _ = await _own(acting, post_id)
    await posts.delete_post(here, acting, post.id)


async def _practice(here: Instance, acting: Viewer, practice_id: str) -> tuple[Post, int]:
    """A practice or tip that somebody may read, and how many steps it has."""
    if acting.actor_id is None:
        raise NotAllowed("Sign in to say how it went.")
    post = await readable_post(here, acting, practice_id)
    if not await is_tried(post):
        raise NotFound
    return post, len(((await Practice.get_or_none(id=post.id)) or Practice()).steps or ())


async def _own(acting: Viewer, post_id: str) -> tuple[Post, TriedReport]:
    post, known = await Post.get_or_none(id=post_id), await TriedReport.get_or_none(id=post_id)
    if post is None or known is None or acting.actor_id is None or post.author_id != acting.actor_id:
        raise NotFound
    return post, known


def _columns(form: TryForm) -> dict[str, object]:
    return {
        "outcome": form.outcome,
        "steps": list(form.steps),
        "changed": form.changed,
        "saw": form.saw,
        "may_contact": form.may_contact,
        **{name: getattr(form.context, name) for name in FIELDS},
    }
