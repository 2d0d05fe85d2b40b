"""What people do with a post: answer, find useful, pass on, mark as helpful, close, reopen, edit, delete."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.actors.viewer import Viewer
from server.challenges import actions as challenges
from server.discussions import actions as discussions
from server.discussions import forming, peers_first, seats
from server.errors import Invalid, NotAllowed
from server.instance import Instance
from server.polls import actions as polls
from server.posts import actions as posts
from server.posts import queries
from server.posts.formats import formed
from server.posts.policy import PEERS
from server.posts.queries import PostView
from server.practices import actions as practices
from server.practices.queries import KINDS
from server.practices.remarks import Step, step_of
from server.resources import actions as libraries
from server.resources import queries as resources
from server.resources.parts import part_of, parts_of
from server.sessions import actions as sessions
from server.thanks.form import KINDS as THANKS
from server.tries import actions as tries
from web.collections import composing as gathering
from web.discussions import writing
from web.discussions.showing import page, post_of
from web.events import pages as event_pages
from web.i18n import gettext
from web.polls import pages as poll_pages
from web.practices import pages as practice_pages
from web.practices.composing import take_files
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text
from web.resources import pages as resource_pages
from web.thanks import pages as thanks_pages
from web.tries import pages as try_pages

Act = Callable[[Instance, Viewer, str], Awaitable[None]]
Handler = Callable[[Request], Awaitable[Response]]

WITHDRAW: dict[str, Act] = {
    "resource": libraries.withdraw,
    "collection": posts.delete_post,
    "poll": polls.withdraw,
    "session": sessions.withdraw,
    "tried": tries.withdraw,
    "thanks": posts.delete_post,
    "celebration": posts.delete_post,
}


async def reply_page(request: Request) -> Response:
    """The form to answer one post, on a page of its own."""
    viewer, post = signed_in(request), await post_of(request)
    if not post.can_reply:
        raise NotAllowed("This conversation takes no more answers.")
    asked = request.query_params
    about = await _about(request, post, asked.get("step", "")[:3], asked.get("passage", "")[:3])
    if about is None and "passage" in asked and post.kind == "resource":
        kept = await resources.resource(here_of(request), post)
        parts = parts_of(here_of(request), kept) if kept is not None else []
        return render(request, "resources/parts.html", post=post, parts=[part for part in parts if part.number])
    return render(
        request,
        "discussions/reply.html",
        post=post,
        reply_text="",
        reply_form=None,
        uploaded=[],
        about=about,
        me=viewer,
        parent=post,
        status_code=200,
    )


async def reply(request: Request) -> Response:
    """Answer a post; what was written survives a refusal."""
    here, viewer, post = here_of(request), signed_in(request), await post_of(request)
    sent = await form_of(request)
    uploaded, refused = await take_files(request, viewer, sent)
    form = writing.read(sent, uploaded, post.community.id if post.community else None, kind="reply")
    root = post if post.root_id == post.id else await queries.show(here, viewer, post.root_id)
    about = await _about(request, post, text(sent, "step", 3), text(sent, "passage", 3))
    try:
        if refused:
            raise refused[0]
        if about is None and text(sent, "passage", 3):
            raise Invalid("There is no such part any more. Answer all of it.", field="content")
        written = await discussions.reply(here, viewer, post.id, replace(form, about=about))
    except Invalid as error:
        typed = {"reply_text": form.text, "uploaded": uploaded, "reply_form": form}
        kept: dict[str, Any] = {"errors": error.errors, **typed}
        if root is None or root.id != post.id or about is not None:
            kept |= {"about": about, "post": post, "parent": post, "me": viewer}
            return render(request, "discussions/reply.html", status_code=422, **kept)
        return await page(request, post, 422, **kept)
    place = root.url if root is not None else post.url
    there = gettext(request, "Your answer is there.")
    if form.part == seats.INSIDE and formed(written.particulars).part == seats.OUTSIDE:
        there = gettext(request, "All seats are taken: your answer stands outside.")
    waits = (
        gettext(request, "Your answer is kept. It is shown when the round is closed.")
        if root is not None and root.kind == "round"
        else gettext(request, "Your answer is kept. Peers have the word first; then it is shown.")
    )
    if written.state == "draft":
        there = gettext(
            request, "This community takes it slowly for now. Yours is kept, and shown when its time has come."
        )
    return redirect(request, f"{place}#reply-{written.id}", toast=waits if written.state == PEERS else there)


async def _about(request: Request, post: PostView, step: str, part: str) -> Step | None:
    """The step of a practice, or the part of a resource, that is answered."""
    if post.kind == "practice" and step.isdecimal() and step.isascii():
        return await step_of(here_of(request), post.id, int(step))
    if post.kind == "resource" and part.isdecimal() and part.isascii():
        return await part_of(here_of(request), post.id, int(part))
    return None


async def show_now(request: Request) -> Response:
    """Show an answer of one's own that waits for peers."""
    here, viewer, post = here_of(request), signed_in(request), await post_of(request)
    await peers_first.show_now(here, viewer, post.id)
    return redirect(request, f"/p/{post.short}", toast=gettext(request, "Everybody sees it now."))


def does(act: Act) -> Handler:
    """A handler that does something with the post and goes back to where the button was."""

    async def handler(request: Request) -> Response:
        here, viewer, post = here_of(request), signed_in(request), await post_of(request)
        await act(here, viewer, post.id)
        return _back(request, post)

    return handler


async def useful(request: Request) -> Response:
    """Find a post useful, or take that back."""
    here, viewer, post = here_of(request), signed_in(request), await post_of(request)
    await (posts.unlike_post if post.liked_by_me else posts.like_post)(here, viewer, post.id)
    return _back(request, post)


async def share(request: Request) -> Response:
    """Pass a post on to one's followers, or take that back."""
    here, viewer, post = here_of(request), signed_in(request), await post_of(request)
    await (posts.unboost_post if post.shared_by_me else posts.boost_post)(here, viewer, post.id)
    return _back(request, post)


async def stand_up(request: Request) -> Response:
    """Give up one's seat in a fishbowl."""
    here, viewer, post = here_of(request), signed_in(request), await post_of(request)
    await seats.stand_up(here, viewer, post.id)
    return redirect(request, post.url, toast=gettext(request, "Your seat is free. What you said stays."))


async def close(request: Request) -> Response:
    """Close a question with what is clear now, or a conversation."""
    here, viewer, post, sent = here_of(request), signed_in(request), await post_of(request), await form_of(request)
    try:
        if post.kind == "ask" and post.is_mine:
            await discussions.close(here, viewer, post.id, clear=text(sent, "clear", 2000))
        elif post.kind == "challenge":
            await challenges.close(here, viewer, post.id, text(sent, "reason", 2000))
        elif post.kind == "discussion" and post.is_mine and post.formed.format:
            await forming.conclude(here, viewer, post.id, text(sent, "summary", 5000))
        else:
            await posts.set_locked(here, viewer, post.id, locked=True)
    except Invalid as error:
        typed: dict[str, Any] = {"typed_clear": text(sent, "clear", 2000), "typed_reason": text(sent, "reason", 2000)}
        typed["typed_summary"] = text(sent, "summary", 5000)
        return await page(request, post, 422, errors=error.errors, **typed)
    return redirect(request, post.url, toast=gettext(request, "Closed. You can open it again at any time."))


async def reopen(request: Request) -> Response:
    """Open a question again with what is still unclear, or a conversation."""
    here, viewer, post, sent = here_of(request), signed_in(request), await post_of(request), await form_of(request)
    unclear, clear = text(sent, "unclear", 2000), text(sent, "clear", 2000)
    try:
        if post.kind == "ask" and post.is_mine:
            await discussions.reopen(here, viewer, post.id, unclear=unclear, clear=clear)
        elif post.kind == "challenge":
            await challenges.reopen(here, viewer, post.id, text(sent, "reason", 2000))
        elif post.kind == "discussion" and post.is_mine and post.formed.format:
            await forming.go_on(here, viewer, post.id)
        else:
            await posts.set_locked(here, viewer, post.id, locked=False)
    except Invalid as error:
        typed: dict[str, Any] = {
            "typed_unclear": unclear,
            "typed_clear": clear,
            "typed_reason": text(sent, "reason", 2000),
        }
        return await page(request, post, 422, errors=error.errors, **typed)
    return redirect(request, post.url, toast=gettext(request, "It is open again."))


async def edit_page(request: Request) -> Response:
    """The form to change a post of one's own."""
    post = await _editable(request)
    if post.kind in KINDS:
        return await practice_pages.edit_page(request, post)
    if post.kind == "resource":
        return await resource_pages.edit_page(request, post)
    if post.kind == "collection":
        return await gathering.edit_page(request, post)
    if post.kind == "poll":
        return await poll_pages.edit_page(request, post)
    if post.kind == "session":
        return await event_pages.edit_page(request, post)
    if post.kind == "tried":
        return await try_pages.edit_page(request, post)
    if post.kind in THANKS:
        return await thanks_pages.edit_page(request, post)
    return await writing.edit_page(request, post)


async def save_edit(request: Request) -> Response:
    """Change a post of one's own."""
    post = await _editable(request)
    if post.kind in KINDS:
        return await practice_pages.save_edit(request, post)
    if post.kind == "resource":
        return await resource_pages.save_edit(request, post)
    if post.kind == "collection":
        return await gathering.save_edit(request, post)
    if post.kind == "poll":
        return await poll_pages.save_edit(request, post)
    if post.kind == "session":
        return await event_pages.save_edit(request, post)
    if post.kind == "tried":
        return await try_pages.save_edit(request, post)
    if post.kind in THANKS:
        return await thanks_pages.save_edit(request, post)
    return await writing.save_edit(request, post)


async def delete_page(request: Request) -> Response:
    """Ask before something is gone for good."""
    signed_in(request)
    post = await post_of(request)
    if not post.can_delete:
        raise NotAllowed("Only who wrote this can delete it.")
    return render(request, "discussions/delete.html", post=post)


async def delete(request: Request) -> Response:
    """Delete a post of one's own."""
    here, viewer, post = here_of(request), signed_in(request), await post_of(request)
    if not post.can_delete:
        raise NotAllowed("Only who wrote this can delete it.")
    root = None if post.root_id == post.id else await queries.show(here, viewer, post.root_id)
    withdraw: Act = practices.withdraw if post.kind in KINDS else WITHDRAW.get(post.kind, discussions.withdraw)
    await withdraw(here, viewer, post.id)
    if root is not None:
        place = root.url
    elif post.state == "draft":
        place = "/practices?mine=drafts"
    else:
        place = post.community.url if post.community else "/practices"
    return redirect(request, place, toast=gettext(request, "Deleted. Other servers are asked to delete their copies."))


async def _editable(request: Request) -> PostView:
    signed_in(request)
    post = await post_of(request)
    if not post.can_edit:
        raise NotAllowed("Only who wrote this can change it.")
    return post


def _back(request: Request, post: PostView) -> Response:
    """To the page the button was on, if it is ours, else to the post."""
    came_from = urlsplit(request.headers.get("referer", ""))
    origin = urlsplit(here_of(request).settings.origin)
    path = came_from.path
    if (
        (came_from.scheme, came_from.netloc) != (origin.scheme, origin.netloc)
        or not path.startswith("/")
        or path.startswith("//")
    ):
        path, query = post.url, ""
    else:
        query = f"?{came_from.query}" if came_from.query else ""
    anchor = f"#reply-{post.id}" if post.root_id != post.id else ""
    return RedirectResponse(f"{path}{query}{anchor}", status_code=303, headers={"cache-control": "no-store"})
