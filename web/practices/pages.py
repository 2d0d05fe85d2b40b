"""The library of practices, what to write, and the composer of practices and tips."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from server.accounts import actions as accounts
from server.accounts import queries as account_queries
from server.accounts.actions import NewContext
from server.actors.viewer import Viewer
from server.communities import queries as communities
from server.communities.queries import CommunityLabel
from server.errors import Invalid, NotFound
from server.media.queries import MediaFile, files
from server.posts import queries as posts
from server.posts.queries import PostView
from server.practices import actions, queries
from server.practices.content import write
from server.practices.evidence import pieces
from server.practices.form import PracticeForm, tidy
from server.practices.narrowing import facets_said
from server.practices.previews import Preview, preview
from server.practices.queries import MINUTE_BANDS, SIZE_BANDS
from server.remixes import queries as remixes
from server.text import LANGUAGES, render_markdown
from web.challenges import choosing
from web.i18n import gettext
from web.practices.alike import like_mine, say_how_it_went
from web.practices.composing import audiences, chosen, community_of, language_options, licence_options, take_files
from web.practices.forms import at_speed, in_context, read, typed
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, viewer_of
from web.topics.choosing import offered, sent_with

PREVIEW_CHARACTERS = 60_000
IN_COMMUNITIES = frozenset({"ask", "discussion", "challenge", "idea", "win", "round", "poll", "session", "resource"})


async def library(request: Request) -> Response:
    """All practices and tips that the viewer may read, narrowed by what they chose."""
    here, viewer = here_of(request), viewer_of(request)
    if request.query_params.get("mine") == "drafts":
        return await _drafts(request)
    community = await _asked_community(request, to_write=False)
    facets = replace(
        facets_said(request.query_params),
        community_id=community.id if community else "",
        mine="shared" if request.query_params.get("mine") == "shared" and viewer.is_signed_in else "",
        sort=queries.USEFUL if request.query_params.get("sort") == queries.USEFUL else "",
    )
    facets = await like_mine(request, facets)
    found = await queries.find(here, viewer, facets, request.query_params.get("before"))
    values = await queries.facet_values(here, viewer)
    if facets.by_use or facets.like:
        await say_how_it_went(request, found.page.items)
    return render(
        request,
        "practices/library.html",
        nav="practices",
        found=found,
        facets=facets,
        values=values,
        languages=[option for option in language_options() if option["value"] in values.languages],
        licences=licence_options(),
        sizes=SIZE_BANDS,
        minutes=MINUTE_BANDS,
        community=community,
        older=_with_query(request, before=found.page.next) if found.page.next else None,
        first=_with_query(request, before=None) if request.query_params.get("before") else None,
        newest=_with_query(request, before=None, sort=None),
        most_useful=_with_query(request, before=None, sort=queries.USEFUL),
    )


async def new(request: Request) -> Response:
    """What do you want to do? And with `kind`, for what lives in communities: in which one?"""
    here, viewer = here_of(request), signed_in(request)
    if (kind := request.query_params.get("kind")) in IN_COMMUNITIES:
        mine = await communities.my_communities(here, viewer)
        return render(request, "practices/where.html", nav="new", kind=kind, communities=mine)
    community = await _asked_community(request, to_write=False)
    drafts = await posts.drafts(here, viewer, limit=3)
    return render(request, "practices/new.html", nav="new", community=community, drafts=drafts)


async def compose(request: Request) -> Response:
    """An empty composer, a draft, or a practice that grows out of a tip or of what went well."""
    here, viewer = here_of(request), signed_in(request)
    community = await _asked_community(request)
    speed = request.query_params.get("speed", "quick")
    form = at_speed(PracticeForm(licence=here.site.default_licence, language=_language(viewer)), speed)
    draft: PostView | None = None
    if wanted := request.query_params.get("draft") or request.query_params.get("from"):
        grows = "from" in request.query_params
        kept = await (queries.seed if grows else queries.draft)(here, viewer, wanted)
        if kept is None:
            raise NotFound
        post, form = kept
        community = post.community
        if grows:
            pass
        elif post.state != "draft":
            return redirect(request, f"{post.url}/edit")
        elif await remixes.draft(here, viewer, post.short) is not None:
            return redirect(request, f"/practices/remix/{post.short}")
        else:
            draft = post
    answers = await choosing.asked(request, draft)
    return await composer(request, form, community, draft=draft, challenge=answers)


async def send(request: Request) -> Response:
    """Share, keep as a draft, show a preview, or change the form: whatever button was pressed."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    community = await community_of(request, viewer, text(sent, "community", 300))
    uploaded, refused = await take_files(request, viewer, sent)
    form = read(sent, uploaded, community.id if community else None)
    draft = await _draft_of(request, viewer, text(sent, "draft_id", 40))
    page: dict[str, Any] = {"draft": draft, "sent": sent, "uploaded": uploaded}
    changed = await changed_form(request, viewer, sent, form)
    if changed is not None:
        return await composer(request, changed[0], community, **page, **changed[1])
    try:
        if refused:
            raise refused[0]
        if text(sent, "save_draft"):
            also = sent_with(request, sent, await choosing.answering(request, viewer, sent))
            await actions.save_draft(here, viewer, form, draft_id=draft.id if draft else None, also=also)
            return redirect(
                request, "/practices?mine=drafts", toast=gettext(request, "Kept as a draft. Only you see it.")
            )
        if not text(sent, "share"):
            return await composer(request, form, community, **page, shown=await shown_before(request, form, uploaded))
        also = sent_with(request, sent, await choosing.answering(request, viewer, sent))
        post = await actions.share(here, viewer, form, draft_id=draft.id if draft else None, also=also)
    except Invalid as error:
        return await composer(request, form, community, **page, errors=error.errors, status=422)
    await keep_context(request, viewer, sent, form)
    yes, no = gettext(request, "Your tip is shared."), gettext(request, "Your practice is shared.")
    words = yes if form.entry == "tip" else no
    return redirect(request, posts.page_path(post.short, post.title, post.kind), toast=words)


async def edit_page(request: Request, post: PostView) -> Response:
    """The composer of a practice or tip that is shared; called for its `/edit`."""
    kept = await queries.draft(here_of(request), signed_in(request), post.id)
    if kept is None:
        raise NotFound
    if post.state == "draft":
        return redirect(request, f"/practices/new?draft={post.short}")
    return await composer(request, kept[1], post.community, editing=post, **await _licences(request, post))


async def save_edit(request: Request, post: PostView) -> Response:
    """Revise a practice or tip that is shared."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    uploaded, refused = await take_files(request, viewer, sent)
    form = read(sent, uploaded, post.community.id if post.community else None)
    page: dict[str, Any] = {"editing": post, "sent": sent, "uploaded": uploaded, **await _licences(request, post)}
    changed = await changed_form(request, viewer, sent, form)
    if changed is not None:
        return await composer(request, changed[0], post.community, **page, **changed[1])
    try:
        if refused:
            raise refused[0]
        if not text(sent, "share"):
            return await composer(
                request, form, post.community, **page, shown=await shown_before(request, form, uploaded)
            )
        saved = await actions.revise(here, viewer, post.id, form, text(sent, "change_note", 300))
    except Invalid as error:
        return await composer(request, form, post.community, **page, errors=error.errors, status=422)
    await keep_context(request, viewer, sent, form)
    return redirect(
        request,
        posts.page_path(saved.short, saved.title, saved.kind),
        toast=gettext(request, "Your changes are saved, and everybody who has it gets them."),
    )


async def _licences(request: Request, post: PostView) -> dict[str, Any]:
    """The licences to choose from, where those of a source leave fewer."""
    allowed = await remixes.licences_of(here_of(request), viewer_of(request), post.id)
    if allowed is None:
        return {}
    return {"licences": [option for option in licence_options() if option["value"] in allowed]}


async def live_preview(request: Request) -> Response:
    """Markdown as it will look, for the script of text fields."""
    here, _, form = here_of(request), signed_in(request), await form_of(request)
    html = render_markdown(text(form, "content", PREVIEW_CHARACTERS), base_url=here.settings.origin).html
    return HTMLResponse(html, headers={"cache-control": "no-store"})


async def _drafts(request: Request) -> Response:
    found = await posts.drafts(here_of(request), signed_in(request))
    return render(request, "practices/drafts.html", nav="practices", drafts=found)


async def changed_form(
    request: Request, viewer: Viewer, sent: FormData, form: PracticeForm
) -> tuple[PracticeForm, dict[str, Any]] | None:
    """The form after a button that only changes the form; None after the others."""
    if speed := text(sent, "to_speed", 10):
        return at_speed(form, speed), {}
    if wanted := text(sent, "use_context", 30):
        for context in await account_queries.contexts(here_of(request), viewer):
            if context.id == wanted:
                return in_context(form, context), {}
        return form, {}
    if text(sent, "add_step"):
        return form, {"blanks": 3}
    if text(sent, "add_material"):
        return form, {"material_blanks": 2}
    if text(sent, "add_evidence"):
        return form, {"evidence_blanks": 1}
    return (form, {}) if text(sent, "remove_media", 40) else None


async def composer(
    request: Request,
    form: PracticeForm,
    community: CommunityLabel | None,
    *,
    draft: PostView | None = None,
    editing: PostView | None = None,
    sent: FormData | None = None,
    uploaded: list[MediaFile] | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
    **more: Any,
) -> Response:
    """The page to write a practice or tip; `more` are values of its template."""
    here, viewer = here_of(request), signed_in(request)
    if uploaded is None:
        uploaded = await files(here, form.media_ids, owner_id=viewer.actor_id)
    options = more.pop("audiences", None)
    if options is None:
        options = await audiences(request, viewer, community)
    answers = await choosing.offered(
        request,
        viewer,
        community,
        sent,
        more.pop("challenge", ""),
        wanted=editing is None and "remix" not in more,
    )
    topic = text(sent, "topic", 40) if sent is not None else ""
    writes = editing is None and "remix" not in more and "coedit" not in more
    values: dict[str, Any] = {
        **answers,
        **await offered(request, community, topic, draft=draft if sent is None else None, wanted=writes),
        "blanks": None,
        "pieces": pieces(form.evidence),
        "evidence_blanks": None,
        "material_blanks": 1 if form.materials else 2,
        "shown": None,
        "licences": licence_options(),
        "action": f"{editing.url}/edit" if editing else "/practices/new",
        "draft_key": f"edit-{editing.short}"
        if editing
        else f"practice-{draft.short if draft else form.grown_from_id or 'new'}",
        "remix": None,
        "coedit": None,
        **more,
    }
    return render(
        request,
        "practices/compose.html",
        status,
        nav="new",
        form=form,
        typed=typed(sent, form),
        errors=errors or [],
        community=community,
        audiences=options,
        audience=chosen(options, form.visibility) if options else None,
        contexts=await account_queries.contexts(here, viewer),
        uploaded=uploaded,
        languages=language_options(),
        editing=editing,
        draft_short=draft.short if draft else "",
        change_note=text(sent, "change_note", 300) if sent is not None else "",
        context_label=text(sent, "context_label", 120) if sent is not None else "",
        **values,
    )


async def shown_before(request: Request, form: PracticeForm, uploaded: list[MediaFile], closing: str = "") -> Preview:
    """What others would see of a form; `closing` is Markdown that stands under it."""
    here = here_of(request)
    form = tidy(form, here.site.default_licence)
    content = write(form, here.settings.origin, closing)
    is_tip = form.entry == "tip"
    return await preview(
        here,
        kind="tip" if is_tip else "practice",
        title="" if is_tip else form.title,
        source_md=content.source_md,
        summary=content.summary,
        content_warning=form.content_warning,
        language=form.language,
        files=uploaded,
    )


async def _draft_of(request: Request, viewer: Viewer, short: str) -> PostView | None:
    if not short:
        return None
    kept = await queries.draft(here_of(request), viewer, short)
    if kept is None:
        raise NotFound
    return kept[0]


async def keep_context(request: Request, viewer: Viewer, sent: FormData, form: PracticeForm) -> None:
    """Save the context under the name that they gave it, if they did."""
    label = text(sent, "context_label", 120)
    if not label:
        return
    context = NewContext(label, form.subject, form.level, form.group_size, form.minutes, form.setting)
    try:
        await accounts.save_context(here_of(request), viewer, context)
    except Invalid:
        return  # They have many contexts. What they wrote is shared, which is what counts.


async def _asked_community(request: Request, *, to_write: bool = True) -> CommunityLabel | None:
    slug = request.query_params.get("community", "")[:300]
    return await community_of(request, viewer_of(request), slug, to_write=to_write)


def _with_query(request: Request, **changes: str | None) -> str:
    query = {key: value for key, value in request.query_params.items() if value} | changes
    return f"{request.url.path}?{urlencode({key: value for key, value in query.items() if value})}"


def _language(viewer: Viewer) -> str:
    return viewer.language if viewer.language in LANGUAGES else "en"


routes = [
    Route("/practices", library),
    Route("/new", new),
    Route("/practices/new", compose),
    Route("/practices/new", send, methods=["POST"]),
    Route("/preview", live_preview, methods=["POST"]),
]
