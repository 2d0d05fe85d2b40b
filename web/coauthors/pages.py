"""Who writes a practice together: asking somebody, answering, leaving, and changing it as a co-author."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.coauthors import actions, edits, queries
from server.errors import Invalid, NotFound
from server.posts.queries import PostView, page_path
from server.practices.form import PracticeForm
from web.discussions.showing import post_of
from web.i18n import gettext
from web.labels import said
from web.practices.forms import read
from web.practices.pages import changed_form, composer, shown_before
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text


async def authors(request: Request) -> Response:
    """Who writes a practice, and what the viewer can do about it."""
    return await _authors(request, await _practice(request))


async def act(request: Request) -> Response:
    """Ask somebody, take that back, answer, or leave: whatever button was pressed."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    post = await _practice(request)
    wanted, handle = text(sent, "act", 20), text(sent, "handle", 300)
    if wanted == "invite":
        try:
            await actions.invite(here, viewer, post.id, handle)
        except Invalid as error:
            return await _authors(request, post, 422, errors=error.errors, handle=handle)
        said = gettext(request, "They are asked. As soon as they agree, they are named, and can change it with you.")
    elif wanted == "remove":
        await actions.remove(here, viewer, post.id, text(sent, "person", 26))
        said = gettext(request, "Done. They can change nothing any more.")
    elif wanted in {"accept", "decline"}:
        await actions.answer(here, viewer, post.id, accepted=wanted == "accept")
        yes = gettext(request, "You write this practice together now.")
        said = yes if wanted == "accept" else gettext(request, "You said no. Its author is told.")
    elif wanted == "leave":
        await actions.leave(here, viewer, post.id)
        said = gettext(request, "You left. Your name is taken off.")
    else:
        raise NotFound
    back = f"{post.url}/authors" if wanted in {"invite", "remove"} else post.url
    return redirect(request, back, toast=said)


async def begin(request: Request) -> Response:
    """The composer of a practice that one writes with others; with `kept`, the words of a change that was refused."""
    here, viewer = here_of(request), signed_in(request)
    kept = request.query_params.get("kept", "")[:26]
    post, form, base = await edits.begin(here, viewer, request.path_params["name"], kept)
    return await _composer(request, post, form, base)


async def send(request: Request) -> Response:
    """Save a change, show a preview, or change the form."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    post, _, base = await edits.begin(here, viewer, request.path_params["name"])
    form = read(sent, [], post.community.id if post.community else None)
    seen, note = text(sent, "base", 64), text(sent, "change_note", 300)
    changed = await changed_form(request, viewer, sent, form)
    if changed is not None:
        return await _composer(request, post, changed[0], seen, sent=sent, **changed[1])
    if not text(sent, "share"):
        return await _composer(request, post, form, seen, sent=sent, shown=await shown_before(request, form, []))
    try:
        if seen != base:
            raise Invalid(edits.CROSSED, field="base")
        done = await edits.submit(here, viewer, post.id, form, seen, note)
    except Invalid as error:
        # Nothing is lost: the form keeps the words, and is about what the practice says now.
        return await _composer(request, post, form, base, sent=sent, errors=error.errors, status=422)
    if not post.is_local:
        said = gettext(request, "Your change is on its way to the home of the practice, which answers within minutes.")
        return redirect(request, f"{post.url}/authors", toast=said)
    saved = await post_again(request, done.id)
    said = gettext(request, "Your changes are saved, and everybody who has it gets them.")
    return redirect(request, saved, toast=said)


async def post_again(request: Request, post_id: str) -> str:
    """The page of a post whose title may have changed."""
    request.path_params["name"] = post_id
    post = await post_of(request)
    return page_path(post.short, post.title, post.kind)


async def _authors(request: Request, post: PostView, status: int = 200, **more: Any) -> Response:
    here, viewer = here_of(request), signed_in(request)
    found = await queries.together(here, viewer, post)
    if not found.mine and not found.edits:
        raise NotFound
    values: dict[str, Any] = {"errors": [], "handle": "", **more}
    return render(request, "coauthors/authors.html", status, nav="practices", post=post, found=found, **values)


async def _practice(request: Request) -> PostView:
    signed_in(request)
    post = await post_of(request)
    if post.kind != "practice" or post.state != "visible":
        raise NotFound
    return post


async def _composer(request: Request, post: PostView, form: PracticeForm, base: str, **more: Any) -> Response:
    return await composer(
        request,
        form,
        post.community,
        editing=post,
        uploaded=[],
        licences=[],
        audiences=[{"value": post.visibility, "summary": said(post.visibility_label), "servers": [], "detail": "",
                    "label": said(post.visibility_label), "level": post.visibility_icon}],
        action=f"{post.url}/coedit",
        draft_key=f"coedit-{post.short}",
        coedit={"base": base, "home": post.home_host or ""},
        **more,
    )  # fmt: skip


routes = [
    Route("/p/{name}/authors", authors),
    Route("/p/{name}/authors", act, methods=["POST"]),
    Route("/p/{name}/coedit", begin),
    Route("/p/{name}/coedit", send, methods=["POST"]),
]
