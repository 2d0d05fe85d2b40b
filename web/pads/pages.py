"""Shared notes: those of a place, one of them with its sections, and what they said before."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from server.communities import queries as communities
from server.communities.queries import CommunityLabel
from server.errors import Invalid, NotFound
from server.pads import actions, publishing, queries, writing
from server.pads.access import KINDS, Standing, open_pad, stand
from server.pads.actions import PadForm
from server.pads.policy import MOST_SECTIONS, SECTION_CHARACTERS
from server.pads.queries import SectionView
from server.pads.writing import Draft
from server.text import LANGUAGES
from web.communities.common import local
from web.communities.common import show as show_community
from web.discussions.showing import post_of
from web.i18n import gettext
from web.pads import doors
from web.render import redirect, render
from web.request import SignInNeeded, form_of, here_of, signed_in, text, viewer_of
from web.sessions import KEY_COOKIE


async def of_community(request: Request, *, errors: list[dict[str, str]] | None = None, status: int = 200) -> Response:
    """The notes of a community, and the form to begin some."""
    here, viewer, page = here_of(request), signed_in(request), await local(request)
    standing = await stand(here, viewer, page.id, None)
    shown = await _list(request, page.id, None, standing, errors)
    return show_community(
        request, "pads/list.html", page, "notes", status_code=status, **shown, action=f"{page.url}/notes"
    )


async def start_in_community(request: Request) -> Response:
    """Begin notes of a community."""
    here, viewer, page = here_of(request), signed_in(request), await local(request)
    standing = await stand(here, viewer, page.id, None)
    try:
        pad = await actions.start(here, standing, page.id, None, await _new(request))
    except Invalid as error:
        return await of_community(request, errors=error.errors, status=422)
    return redirect(request, queries.path_of(pad.short, pad.title))


async def of_post(request: Request, *, errors: list[dict[str, str]] | None = None, status: int = 200) -> Response:
    """The notes of an event or round."""
    here, viewer = here_of(request), signed_in(request)
    post = await post_of(request)
    if post.kind not in KINDS:
        raise NotFound
    community_id = post.community.id if post.community else None
    standing = await stand(here, viewer, community_id, post.id)
    shown = await _list(request, community_id, post.id, standing, errors)
    action = f"{post.action_base}/notes"
    return render(request, "pads/list.html", status, nav="week", post=post, **shown, action=action)


async def start_for_post(request: Request) -> Response:
    """Begin notes of an event or round."""
    here, viewer, post = here_of(request), signed_in(request), await post_of(request)
    community_id = post.community.id if post.community else None
    standing = await stand(here, viewer, community_id, post.id)
    try:
        pad = await actions.start(here, standing, community_id, post.id, await _new(request))
    except Invalid as error:
        return await of_post(request, errors=error.errors, status=422)
    return redirect(request, queries.path_of(pad.short, pad.title))


async def show(request: Request) -> Response:
    """Shared notes; `edit` names the section that whoever asks is writing in, which they have to hold already."""
    pad, standing = await _opened(request)
    path = queries.path_of(pad.short, pad.title)
    if request.url.path != path:
        return RedirectResponse(path, status_code=303)
    return await _show(request, pad, standing)


async def section(request: Request) -> Response:
    """Write in a section, save, stop, move it, take it out or put it back: whatever button was pressed."""
    here, sent, section_id = here_of(request), await form_of(request), request.path_params["section_id"]
    pad, standing = await _opened(request)
    back, act = queries.path_of(pad.short, pad.title), text(sent, "act", 10) or request.query_params.get("act", "")
    if act == "write":
        await writing.take(here, standing, pad, section_id)
        return redirect(request, f"{back}?edit={section_id}#s-{section_id}")
    if act == "save":
        return await _save(request, pad, standing, section_id)
    if act == "stop":
        await writing.let_go(here, standing, pad, section_id)
    elif act == "up":
        await actions.move_up(here, standing, pad, section_id)
    elif act == "out":
        await actions.take_out(here, standing, pad, section_id)
        said = gettext(request, "Taken out. It waits at the end of the page.")
        return redirect(request, back, toast=said)
    elif act == "back":
        await actions.put_back(here, standing, pad, section_id)
    else:
        raise NotFound
    return redirect(request, f"{back}#s-{section_id}")


async def add(request: Request) -> Response:
    """One more section, in which whoever added it begins to write."""
    here, sent = here_of(request), await form_of(request)
    pad, standing = await _opened(request)
    try:
        made = await actions.add_section(here, standing, pad, text(sent, "new", 500))
    except Invalid as error:
        return await _show(request, pad, standing, errors=error.errors, typed=text(sent, "new", 500), status=422)
    await writing.take(here, standing, pad, made.id)
    return redirect(request, f"{queries.path_of(pad.short, pad.title)}?edit={made.id}#s-{made.id}")


async def settle(request: Request) -> Response:
    """Decide about a text that came late."""
    here, sent = here_of(request), await form_of(request)
    pad, standing = await _opened(request)
    await writing.settle(here, standing, pad, text(sent, "late", 26), text(sent, "act", 10))
    return redirect(
        request, queries.path_of(pad.short, pad.title), toast=gettext(request, "Done. The history has both texts.")
    )


async def change(request: Request) -> Response:
    """Rename them, say whose they are, make a practice of them, say whether one is named, or erase them."""
    here, sent = here_of(request), await form_of(request)
    pad, standing = await _opened(request)
    act = text(sent, "act", 10)
    if act == "practice":
        return await _practice(request, pad, standing)
    if act in {"name", "unname"}:
        await publishing.choose_name(here, standing, pad, named=act == "name")
        yes = gettext(request, "You are named when it is published.")
        no = gettext(request, "You are not named, and not asked.")
        return await _again(request, pad, yes if act == "name" else no)
    if act == "erase":
        await actions.remove(here, standing, pad)
        place = _place(request, pad, await _community(request, pad))
        return redirect(request, place, toast=gettext(request, "The notes are erased."))
    try:
        is_project = bool(text(sent, "project", 5))
        await actions.rename(here, standing, pad, title=text(sent, "title", 500), is_project=is_project)
    except Invalid as error:
        return await _show(request, pad, standing, errors=error.errors, status=422)
    return await _again(request, pad, gettext(request, "Saved."))


async def _practice(request: Request, pad: Any, standing: Standing) -> Response:
    here, viewer = here_of(request), viewer_of(request)
    language = viewer.language if viewer.language in LANGUAGES else "en"
    draft = await publishing.draft(here, viewer, standing, pad, language=language)
    said = gettext(request, "This is a draft that only you see. Say what is missing, choose a licence, and share it.")
    return redirect(request, f"/practices/new?draft={draft.short}", toast=said)


async def history(request: Request) -> Response:
    """What they said before, text by text."""
    pad, standing = await _opened(request)
    section_id, before = request.query_params.get("section", "")[:26], request.query_params.get("before", "")[:26]
    found, older = await queries.history(here_of(request), pad, section_id=section_id, before=before)
    return render(
        request,
        "pads/history.html",
        nav="communities",
        title=pad.title,
        url=queries.path_of(pad.short, pad.title),
        revisions=found,
        can_write=not standing.why_not,
        older=f"?section={section_id}&before={older}" if older else None,
    )


async def restore(request: Request) -> Response:
    """Have a section say again what it said."""
    here, sent = here_of(request), await form_of(request)
    pad, standing = await _opened(request)
    section_id = await writing.restore(here, standing, pad, text(sent, "revision", 26))
    said = gettext(request, "It says that again. What stood there is in the history.")
    return redirect(request, f"{queries.path_of(pad.short, pad.title)}#s-{section_id}", toast=said)


async def _save(request: Request, pad: Any, standing: Standing, section_id: str) -> Response:
    here, sent = here_of(request), await form_of(request)
    base, by_itself = text(sent, "base", 9), bool(text(sent, "auto", 2))
    draft = Draft(
        heading=text(sent, "heading", 500),
        text=text(sent, "text", SECTION_CHARACTERS + 1),
        base=int(base) if base.isdecimal() and base.isascii() else -1,
    )
    try:
        saved = await writing.save(here, standing, pad, section_id, draft, closes=not by_itself)
    except Invalid as error:
        if by_itself:
            return JSONResponse({"said": error.message}, status_code=422)
        return await _show(request, pad, standing, errors=error.errors, editing=(section_id, draft), status=422)
    if by_itself:
        return JSONResponse({"version": saved.version, "late": saved.is_late})
    said = gettext(request, "Saved.")
    if saved.is_late:
        said = gettext(request, "Somebody changed this section meanwhile. Both texts are here: decide what stays.")
    return redirect(request, f"{queries.path_of(pad.short, pad.title)}#s-{section_id}", toast=said)


async def _show(
    request: Request,
    pad: Any,
    standing: Standing,
    *,
    errors: list[dict[str, str]] | None = None,
    editing: tuple[str, Draft] | None = None,
    typed: str = "",
    status: int = 200,
) -> Response:
    here = here_of(request)
    view = await queries.pad_page(here, pad, standing)
    wanted = editing[0] if editing else request.query_params.get("edit", "")
    held = next((each for each in view.sections if each.id == wanted and (each.is_mine or editing)), None)
    label = await _community(request, pad)
    return render(
        request,
        "pads/show.html",
        status,
        nav="communities",
        pad=view,
        community=label,
        place=_place(request, pad, label),
        form=_form(held, editing[1] if editing else None),
        errors=errors or [],
        typed=typed,
        most=SECTION_CHARACTERS,
    )


def _form(held: SectionView | None, draft: Draft | None) -> dict[str, Any] | None:
    """What stands in the form of the section that whoever asks is writing in."""
    if held is None:
        return None
    if draft is not None:
        return {"id": held.id, "heading": draft.heading, "text": draft.text, "base": draft.base}
    return {"id": held.id, "heading": held.heading, "text": held.text, "base": held.version}


async def _opened(request: Request) -> tuple[Any, Standing]:
    viewer, key = viewer_of(request), request.cookies.get(KEY_COOKIE, "")
    if not viewer.is_signed_in and not key:
        raise SignInNeeded
    return await open_pad(here_of(request), viewer, request.path_params["pad"], key)


async def _again(request: Request, pad: Any, said: str) -> Response:
    request.path_params["pad"] = pad.short
    changed, _ = await _opened(request)
    return redirect(request, queries.path_of(changed.short, changed.title), toast=said)


async def _community(request: Request, pad: Any) -> CommunityLabel | None:
    ids = [pad.community_id] if pad.community_id else []
    return (await communities.labels(here_of(request), ids)).get(pad.community_id)


def _place(request: Request, pad: Any, community: CommunityLabel | None) -> str:
    """Where the notes are listed; members from elsewhere have a list of their own."""
    if not viewer_of(request).is_signed_in:
        return "/notes"
    if pad.post_id is not None:
        return f"/p/{pad.post_id[-8:]}/notes"
    return f"{community.url}/notes" if community is not None else "/communities"


async def _list(
    request: Request,
    community_id: str | None,
    post_id: str | None,
    standing: Standing,
    errors: list[dict[str, str]] | None,
) -> dict[str, Any]:
    before = request.query_params.get("before", "")[:26]
    cards, older = await queries.pads_of(here_of(request), community_id, post_id, before=before)
    sent = await form_of(request) if request.method == "POST" else None
    return {
        "cards": cards,
        "older": f"?before={older}" if older else None,
        "why_not": standing.why_not,
        "errors": errors or [],
        "typed": {
            "title": text(sent, "title", 500) if sent else "",
            "headings": text(sent, "headings", 5000) if sent else "",
            "project": bool(sent and text(sent, "project", 5)),
        },
    }


async def _new(request: Request) -> PadForm:
    sent = await form_of(request)
    lines = [line.strip() for line in text(sent, "headings", 5000).split("\n") if line.strip()]
    return PadForm(
        title=text(sent, "title", 500),
        headings=tuple(lines[: MOST_SECTIONS + 1]),
        is_project=bool(text(sent, "project", 5)),
    )


routes = [
    Route("/c/{slug}/notes", of_community),
    Route("/c/{slug}/notes", start_in_community, methods=["POST"]),
    Route("/p/{name}/notes", of_post),
    Route("/p/{name}/notes", start_for_post, methods=["POST"]),
    *doors.routes,
    Route("/notes/{pad}", show),
    Route("/notes/{pad}", change, methods=["POST"]),
    Route("/notes/{pad}/sections", add, methods=["POST"]),
    Route("/notes/{pad}/sections/{section_id}", section, methods=["POST"]),
    Route("/notes/{pad}/late", settle, methods=["POST"]),
    Route("/notes/{pad}/history", history),
    Route("/notes/{pad}/history", restore, methods=["POST"]),
]
