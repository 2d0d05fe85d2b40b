"""Polls: asking people to choose, voting, and the page of a poll within a conversation."""

from dataclasses import replace
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.errors import Invalid, NotAllowed, NotFound
from server.polls import actions, queries
from server.polls.form import LASTS, MAX_OPTION, MAX_OPTIONS, MAX_QUESTION, PollForm
from server.posts import queries as posts
from server.posts.queries import PostView
from server.text import LANGUAGES
from web.discussions.showing import page, post_of
from web.i18n import gettext, ngettext
from web.practices.composing import audiences, chosen, community_of, language_options
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, texts, viewer_of
from web.topics.choosing import offered


async def compose(request: Request) -> Response:
    """A form to ask with a poll in a community, empty or begun with what the address says."""
    asked = request.query_params
    begun = PollForm(
        question=asked.get("question", "")[:MAX_QUESTION],
        options=tuple(option[:MAX_OPTION] for option in asked.getlist("option")[:MAX_OPTIONS]),
        lasts=asked.get("lasts", "") if asked.get("lasts", "") in LASTS else "7d",
        language=_language(request),
    )
    return await _composer(request, begun)


async def send(request: Request) -> Response:
    """Start a poll in a community."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    community = await community_of(request, viewer, request.path_params["slug"])
    form = _read(sent, community_id=community.id if community else None)
    try:
        post = await actions.start_poll(here, viewer, form)
    except Invalid as error:
        return await _composer(request, form, errors=error.errors, status=422)
    return redirect(
        request, posts.page_path(post.short, post.title, post.kind), toast=gettext(request, "Your poll is open.")
    )


async def compose_within(request: Request) -> Response:
    """An empty form to ask with a poll within a conversation."""
    signed_in(request)
    parent = await post_of(request)
    if not parent.can_reply:
        raise NotAllowed("This conversation takes no more answers.")
    return await _composer(request, PollForm(language=_language(request), parent_id=parent.id), parent=parent)


async def send_within(request: Request) -> Response:
    """Start a poll within a conversation."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    parent = await post_of(request)
    form = _read(sent, parent_id=parent.id)
    try:
        post = await actions.start_poll(here, viewer, form)
    except Invalid as error:
        return await _composer(request, form, parent=parent, errors=error.errors, status=422)
    return redirect(request, f"/p/{post.short}/poll", toast=gettext(request, "Your poll is open."))


async def edit_page(request: Request, post: PostView) -> Response:
    """The form to change the words of a poll."""
    return await _composer(request, await _kept(request, post), editing=post)


async def save_edit(request: Request, post: PostView) -> Response:
    """Change the words of a poll."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    form, note = _read(sent), text(sent, "change_note", 300)
    try:
        await actions.change(here, viewer, post.id, form, note)
    except Invalid as error:
        return await _composer(request, form, editing=post, errors=error.errors, status=422, change_note=note)
    return redirect(request, f"/p/{post.short}", toast=gettext(request, "Your changes are saved."))


async def within(request: Request) -> Response:
    """The page of a poll within a conversation; one that began it has its poll on its own page."""
    post = await _poll_of(request)
    if post.root_id == post.id:
        return RedirectResponse(f"{post.url}#poll", status_code=303)
    return await _within(request, post)


async def vote(request: Request) -> Response:
    """Choose; a choice that does not fit gets the page again."""
    here, viewer, post = here_of(request), signed_in(request), await _poll_of(request)
    sent = await form_of(request)
    typed = texts(sent, "choice")
    positions = {int(item) for item in typed if item.isascii() and item.isdecimal() and len(item) < 4}
    try:
        await actions.vote(here, viewer, post.id, positions)
    except Invalid as error:
        if post.root_id == post.id:
            return await page(request, post, 422, errors=error.errors)
        return await _within(request, post, errors=error.errors, status=422)
    place = f"{post.url}#poll" if post.root_id == post.id else f"/p/{post.short}/poll"
    return redirect(request, place, toast=gettext(request, "Your vote is counted."))


async def _poll_of(request: Request) -> PostView:
    post = await post_of(request)
    if post.kind != "poll":
        raise NotFound
    return post


async def _within(
    request: Request, post: PostView, *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    here, viewer = here_of(request), viewer_of(request)
    poll = await queries.poll(here, viewer, post)
    if poll is None:
        raise NotFound
    root = await posts.show(here, viewer, post.root_id)
    back = f"{root.url}#reply-{post.id}" if root is not None else post.url
    return render(
        request,
        "polls/within.html",
        status,
        nav="communities",
        post=post,
        poll=poll,
        back=back,
        errors=errors or [],
    )


async def _kept(request: Request, post: PostView) -> PollForm:
    poll = await queries.poll(here_of(request), viewer_of(request), post)
    question, body = post.title, post.source_md
    if not question:
        question, _, body = body.partition("\n\n")
    return PollForm(
        question=question,
        text="" if body == question else body,
        options=tuple(option.name for option in poll.options) if poll else (),
        language=post.language,
        content_warning=post.content_warning,
        visibility=post.visibility,
    )


def _read(form: FormData, *, community_id: str | None = None, parent_id: str | None = None) -> PollForm:
    return PollForm(
        question=text(form, "question", 500),
        text=text(form, "content"),
        options=tuple(option[:300] for option in texts(form, "option", 20)),
        is_multiple=text(form, "multiple", 5) == "yes",
        lasts=text(form, "lasts", 5),
        language=text(form, "language", 20) or "en",
        content_warning=text(form, "content_warning", 500),
        visibility=text(form, "visibility", 20),
        community_id=community_id,
        parent_id=parent_id,
        topic_id=text(form, "topic", 40),
    )


def _language(request: Request) -> str:
    viewer = signed_in(request)
    return viewer.language if viewer.language in LANGUAGES else "en"


def _lasts(request: Request) -> list[dict[str, str]]:
    hours = {key: int(length.total_seconds()) // 3600 for key, length in LASTS.items()}
    return [
        {
            "value": key,
            "label": ngettext(request, "%(count)s hour", "%(count)s hours", count)
            if count < 24
            else ngettext(request, "%(count)s day", "%(count)s days", count // 24),
        }
        for key, count in hours.items()
    ]


async def _composer(
    request: Request,
    form: PollForm,
    *,
    parent: PostView | None = None,
    editing: PostView | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
    change_note: str = "",
) -> Response:
    viewer = signed_in(request)
    if editing is not None and not form.options:
        form = replace(form, options=(await _kept(request, editing)).options)
    slug = request.path_params.get("slug")
    community = await community_of(request, viewer, slug) if slug else None
    options = await audiences(request, viewer, community) if slug else []
    values: dict[str, Any] = {"draft_key": f"poll-{community.id if community else ''}"}
    if editing is not None:
        values = {"draft_key": f"edit-{editing.short}", "action": f"{editing.url}/edit"}
    elif parent is not None:
        values = {"draft_key": f"poll-{parent.short}", "action": f"{parent.action_base}/poll/new"}
    else:
        values["action"] = f"{community.url if community else ''}/new?kind=poll"
    return render(
        request,
        "polls/compose.html",
        status,
        nav="new",
        form=form,
        errors=errors or [],
        community=community,
        parent=parent,
        editing=editing,
        **await offered(request, community, form.topic_id, wanted=editing is None),
        audiences=options,
        audience=chosen(options, form.visibility) if options else None,
        languages=language_options(),
        lasts=_lasts(request),
        change_note=change_note,
        **values,
    )


routes = [
    Route("/p/{name}/poll", within),
    Route("/p/{name}/poll/new", compose_within),
    Route("/p/{name}/poll/new", send_within, methods=["POST"]),
    Route("/p/{name}/vote", vote, methods=["POST"]),
]
