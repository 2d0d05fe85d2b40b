"""Quoting a post: one's own words, with somebody's post inside."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.errors import Invalid, NotAllowed
from server.posts.queries import PostView, page_path
from server.text import LANGUAGES
from web.discussions import writing
from web.discussions.showing import post_of
from web.i18n import gettext
from web.practices.composing import audiences, chosen, language_options, take_files
from web.render import redirect, render
from web.request import form_of, here_of, signed_in


async def quote_page(request: Request) -> Response:
    """The form to quote a post."""
    viewer, post = signed_in(request), await _quotable(request)
    language = viewer.language if viewer.language in LANGUAGES else "en"
    return await _composer(request, post, ThreadForm(kind="note", language=language))


async def quote(request: Request) -> Response:
    """Quote a post; what was written survives a refusal."""
    here, viewer, post, sent = here_of(request), signed_in(request), await _quotable(request), await form_of(request)
    uploaded, refused = await take_files(request, viewer, sent)
    form = writing.read(sent, uploaded, None, kind="note")
    try:
        if refused:
            raise refused[0]
        written = await discussions.quote(here, viewer, post.id, form)
    except Invalid as error:
        return await _composer(request, post, form, uploaded=uploaded, errors=error.errors, status=422)
    waits = written.state == "waiting"
    yes, no = (
        gettext(request, "Asked. As soon as they agree, everybody sees it."),
        gettext(request, "Your quote is there."),
    )
    words = yes if waits else no
    return redirect(request, page_path(written.short, written.title, written.kind), toast=words)


async def _quotable(request: Request) -> PostView:
    post = await post_of(request)
    if not post.can_quote:
        raise NotAllowed("Its author has not said that this may be quoted. Link to it instead.")
    return post


async def _composer(request: Request, post: PostView, form: ThreadForm, *, status: int = 200, **more: Any) -> Response:
    options = await audiences(request, signed_in(request), None)
    values: dict[str, Any] = {"errors": [], "uploaded": [], **more}
    return render(
        request,
        "discussions/quote.html",
        status,
        nav="new",
        post=post,
        form=form,
        audiences=options,
        audience=chosen(options, form.visibility),
        languages=language_options(),
        **values,
    )
