"""Starting and changing threads, questions and replies."""

from collections.abc import Sequence
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from server.discussions import actions
from server.discussions.actions import KINDS, ThreadForm
from server.discussions.peers_first import HOURS, USUAL
from server.errors import Invalid, NotFound
from server.media.queries import MediaFile, files
from server.posts import queries as posts
from server.posts.queries import PostView
from server.practices.previews import preview
from server.text import LANGUAGES, LICENCES
from web.i18n import gettext
from web.needs import today
from web.practices.composing import audiences, chosen, community_of, language_options, licence_options, take_files
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text
from web.topics import choosing


def read(form: FormData, uploaded: Sequence[MediaFile], community_id: str | None, *, kind: str) -> ThreadForm:
    """What was sent, whatever it is."""
    return ThreadForm(
        kind=kind,
        title=text(form, "title", 500),
        text=text(form, "content"),
        media_ids=tuple(file.id for file in uploaded),
        licence=text(form, "licence", 40),
        language=text(form, "language", 20) or "en",
        content_warning=text(form, "content_warning", 500),
        visibility=text(form, "visibility", 20),
        community_id=community_id,
        nobody_identifiable=bool(text(form, "nobody_identifiable", 5)),
        another_way=bool(text(form, "another_way", 5)),
        peers_first_hours=_hours(form),
        cannot_wait=bool(text(form, "cannot_wait", 5)),
        step=_number(form, "step"),
        format=text(form, "format", 12),
        seats=_number(form, "seats"),
        part=text(form, "part", 12),
        heard=text(form, "heard", 1000),
        topic_id=text(form, "topic", 40),
        nameless=bool(text(form, "nameless", 5)),
        answers_wished=bool(text(form, "answers_wished", 5)),
    )


def _hours(form: FormData) -> int:
    typed = text(form, "peers_first_hours", 4) or str(USUAL)
    return int(typed) if text(form, "peers_first", 5) and typed.isdecimal() and typed.isascii() else 0


def _number(form: FormData, name: str) -> int:
    typed = text(form, name, 3)
    return int(typed) if typed.isdecimal() and typed.isascii() else 0


async def compose(request: Request) -> Response:
    """An empty form to ask or to start a conversation in a community."""
    here, viewer = here_of(request), signed_in(request)
    kind = request.query_params.get("kind", "discussion")
    if kind not in KINDS:
        raise NotFound
    language = viewer.language if viewer.language in LANGUAGES else "en"
    title = request.query_params.get("title", "")[:150]
    form = ThreadForm(kind=kind, title=title, licence=here.site.default_licence, language=language)
    return await _composer(request, form)


async def send(request: Request) -> Response:
    """Start a conversation, or show a preview of it."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    community = await community_of(request, viewer, request.path_params["slug"])
    uploaded, refused = await take_files(request, viewer, sent)
    kind = text(sent, "kind", 20)
    form = read(sent, uploaded, community.id if community else None, kind=kind if kind in KINDS else "discussion")
    if text(sent, "preview") or text(sent, "remove_media", 40):
        shown = await _shown(request, form, uploaded) if text(sent, "preview") else None
        return await _composer(request, form, uploaded=uploaded, shown=shown)
    try:
        if refused:
            raise refused[0]
        if form.nameless and text(sent, "need_today", 5):
            said = gettext(request, "Nobody can be asked today without your name. Untick one of the two.")
            raise Invalid(said, field="nameless")
        post = await actions.start(here, viewer, form)
    except Invalid as error:
        return await _composer(request, form, uploaded=uploaded, errors=error.errors, status=422)
    if form.kind == "ask" and text(sent, "need_today", 5):
        return await today.ask(request, post.id, posts.page_path(post.short, post.title, post.kind))
    words = {
        "ask": gettext(request, "Your question is there."),
        "win": gettext(request, "Good to hear. It can grow into a practice whenever you like."),
        "vent": gettext(request, "It is heard. In three days it is gone."),
        "idea": gettext(request, "Your idea is there. People can say now that they are interested."),
        "challenge": gettext(request, "It has a name now. Everybody here can add what they do about it."),
    }
    said = words.get(form.kind, gettext(request, "Your conversation is open."))
    if post.state == "draft":
        said = gettext(
            request, "This community takes it slowly for now. Yours is kept, and shown when its time has come."
        )
    return redirect(request, posts.page_path(post.short, post.title, post.kind), toast=said)


async def edit_page(request: Request, post: PostView) -> Response:
    """The form to change a thread, question or reply."""
    form = ThreadForm(
        kind=post.kind,
        title=post.title,
        text=post.source_md,
        media_ids=tuple(file.media_id for file in post.attachments if file.media_id),
        licence=post.licence if post.licence in LICENCES else "",
        language=post.language,
        content_warning=post.content_warning,
        visibility=post.visibility,
        community_id=post.community.id if post.community else None,
        nobody_identifiable=bool(post.attachments),
        another_way=bool(post.manner),
    )
    return await _composer(request, form, editing=post)


async def save_edit(request: Request, post: PostView) -> Response:
    """Change a thread, question or reply."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    uploaded, refused = await take_files(request, viewer, sent)
    form = read(sent, uploaded, post.community.id if post.community else None, kind=post.kind)
    note = text(sent, "change_note", 300)
    if text(sent, "preview") or text(sent, "remove_media", 40):
        shown = await _shown(request, form, uploaded) if text(sent, "preview") else None
        return await _composer(request, form, uploaded=uploaded, editing=post, shown=shown, change_note=note)
    try:
        if refused:
            raise refused[0]
        await actions.change(here, viewer, post.id, form, note)
    except Invalid as error:
        return await _composer(
            request, form, uploaded=uploaded, editing=post, errors=error.errors, status=422, change_note=note
        )
    return redirect(request, f"/p/{post.short}", toast=gettext(request, "Your changes are saved."))


async def _composer(
    request: Request,
    form: ThreadForm,
    *,
    uploaded: list[MediaFile] | None = None,
    editing: PostView | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
    **more: Any,
) -> Response:
    here, viewer = here_of(request), signed_in(request)
    if editing is not None:
        community = editing.community
    else:
        community = await community_of(request, viewer, request.path_params["slug"])
    if uploaded is None:
        uploaded = await files(here, form.media_ids, owner_id=viewer.actor_id)
    options = await audiences(request, viewer, community) if editing is None else []
    values: dict[str, Any] = {"shown": None, "change_note": "", "need_today": await _needs_it_today(request), **more}
    return render(
        request,
        "discussions/compose.html",
        status,
        nav="new",
        form=form,
        errors=errors or [],
        community=community,
        audiences=options,
        audience=chosen(options, form.visibility) if options else None,
        uploaded=uploaded,
        licences=licence_options(),
        languages=language_options(),
        editing=editing,
        action=f"{editing.url}/edit" if editing else f"{community.url if community else ''}/new?kind={form.kind}",
        **await choosing.offered(request, community, form.topic_id, wanted=editing is None),
        hours=HOURS,
        usual_hours=USUAL,
        draft_key=f"edit-{editing.short}" if editing else f"{form.kind}-{community.id if community else ''}",
        **values,
    )


async def _needs_it_today(request: Request) -> bool:
    """Whether the box was ticked in a form that is shown again."""
    return request.method == "POST" and bool(text(await form_of(request), "need_today", 5))


async def _shown(request: Request, form: ThreadForm, uploaded: list[MediaFile]) -> Any:
    return await preview(
        here_of(request),
        kind=form.kind,
        title=form.title if form.kind in KINDS else "",
        source_md=form.text,
        content_warning=form.content_warning,
        language=form.language,
        files=uploaded,
    )
