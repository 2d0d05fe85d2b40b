"""The editor of remixes, and the page that shows where practices come from."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.actors.viewer import Viewer
from server.communities.queries import CommunityLabel
from server.errors import Invalid, NotAllowed, NotFound
from server.posts import queries as posts
from server.posts.queries import PostView
from server.practices.evidence import pieces
from server.practices.form import PracticeForm
from server.practices.writing import rendered
from server.remixes import actions, offers, queries
from server.remixes.actions import ChangeNote
from server.remixes.comparing import comparison
from server.remixes.lineage import lineage
from server.remixes.policy import fits
from server.remixes.queries import Source
from web.i18n import gettext
from web.practices.composing import audiences, community_of, licence_options, take_files
from web.practices.forms import read
from web.practices.pages import changed_form, composer, keep_context, shown_before
from web.remixes.travel import picture
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, texts, viewer_of


async def begin(request: Request) -> Response:
    """The source on one side, its words as the beginning of one's own on the other."""
    here, viewer = here_of(request), signed_in(request)
    source = await queries.source(here, viewer, request.path_params["name"])
    community = await _community(request, viewer, source)
    return await _editor(request, viewer, source, queries.begun(source), community, ChangeNote())


async def go_on(request: Request) -> Response:
    """A remix that was kept as a draft."""
    viewer = signed_in(request)
    draft, form, note, source = await _draft(request, viewer, request.path_params["name"])
    if source is None:
        return render(request, "remixes/gone.html", nav="new", draft=draft, form=form, note=note)
    return await _editor(request, viewer, source, form, draft.community, note, draft=draft)


async def send(request: Request) -> Response:
    """Publish a remix, keep it as a draft, show a preview, or change the form: whatever button was pressed."""
    source = await queries.source(here_of(request), signed_in(request), request.path_params["name"])
    return await _sent(request, source, None)


async def send_draft(request: Request) -> Response:
    """The same with a remix that was kept as a draft."""
    draft, _, _, source = await _draft(request, signed_in(request), request.path_params["name"])
    if source is None:
        raise NotFound
    return await _sent(request, source, draft)


async def _sent(request: Request, source: Source, draft: PostView | None) -> Response:
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    community = draft.community if draft else await _community(request, viewer, source)
    uploaded, refused = await take_files(request, viewer, sent)
    form = read(sent, uploaded, community.id if community else None)
    note = ChangeNote(text(sent, "what_changed"), text(sent, "why"))
    page: dict[str, Any] = {"draft": draft, "sent": sent, "uploaded": uploaded}
    changed = await changed_form(request, viewer, sent, form)
    if changed is not None:
        return await _editor(request, viewer, source, changed[0], community, note, **page, **changed[1])
    ids: dict[str, Any] = {"draft_id": draft.id if draft else None}
    try:
        if refused:
            raise refused[0]
        if text(sent, "save_draft"):
            await actions.save_draft(here, viewer, source.post.id, form, note, **ids)
            return redirect(
                request, "/practices?mine=drafts", toast=gettext(request, "Kept as a draft. Only you see it.")
            )
        if not text(sent, "share"):
            closing = await actions.words_under(here, viewer, source.post.id, note)
            shown = await shown_before(request, form, uploaded, closing)
            return await _editor(request, viewer, source, form, community, note, **page, shown=shown)
        post = await actions.share(here, viewer, source.post.id, form, note, **ids)
    except Invalid as error:
        return await _editor(request, viewer, source, form, community, note, **page, errors=error.errors, status=422)
    await keep_context(request, viewer, sent, form)
    return redirect(
        request,
        posts.page_path(post.short, post.title, post.kind),
        toast=gettext(request, "Your remix is shared, and the first author is named under it."),
    )


async def lineage_page(request: Request) -> Response:
    """Where a practice comes from, and what became of it."""
    here, viewer = here_of(request), viewer_of(request)
    post = await posts.show(here, viewer, request.path_params["name"])
    if post is None or post.kind != "practice" or post.state != "visible":
        raise NotFound
    trees = await lineage(here, viewer, post)
    return render(request, "remixes/lineage.html", nav="practices", post=post, trees=trees, picture=picture(trees))


async def differences(request: Request) -> Response:
    """A remix beside its source."""
    return await _compared(request)


async def offer(request: Request) -> Response:
    """Offer what one changed to the author of the source."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    post = await posts.show(here, viewer, request.path_params["name"])
    if post is None:
        raise NotFound
    note = text(sent, "note")
    try:
        await offers.offer(here, viewer, post.id, note)
    except Invalid as error:
        return await _compared(request, 422, errors=error.errors, note=note)
    return redirect(request, f"{post.url}/differences", toast=gettext(request, "Your change is offered."))


async def withdraw_offer(request: Request) -> Response:
    """Take one's own offer back, while it waits."""
    here, viewer = here_of(request), signed_in(request)
    post = await posts.show(here, viewer, request.path_params["name"])
    if post is None:
        raise NotFound
    await offers.withdraw(here, viewer, post.id)
    return redirect(request, f"{post.url}/differences", toast=gettext(request, "You took it back."))


async def take(request: Request) -> Response:
    """Take an offered change into a new version of one's own, or leave that as it is."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    post = await posts.show(here, viewer, request.path_params["name"])
    if post is None:
        raise NotFound
    chosen = {int(number) for number in texts(sent, "take", 20) if number.isascii() and number.isdecimal()}
    version, note = text(sent, "version", 12), text(sent, "change_note", 300)
    try:
        if text(sent, "answer", 20) == "decline":
            await offers.decline(here, viewer, post.id)
            return redirect(request, f"{post.url}/differences", toast=gettext(request, "Yours stays as it is."))
        changed = await offers.take(
            here,
            viewer,
            post.id,
            chosen,
            version=int(version) if version.isascii() and version.isdecimal() else 0,
            change_note=note,
        )
    except Invalid as error:
        return await _compared(request, 422, errors=error.errors, chosen=chosen, change_note=note)
    return redirect(
        request,
        posts.page_path(changed.short, changed.title, changed.kind),
        toast=gettext(request, "A new version is there, with thanks, and everybody who has it gets it."),
    )


async def _compared(request: Request, status: int = 200, **more: Any) -> Response:
    here, viewer = here_of(request), viewer_of(request)
    found = await comparison(here, viewer, request.path_params["name"])
    seen = await offers.offer_of(here, viewer, found.remix.id, found.source.id)
    chosen = {change.number for change in found.changes}
    values: dict[str, Any] = {"errors": [], "chosen": chosen, "change_note": "", "note": "", **more}
    return render(
        request,
        "remixes/differences.html",
        status,
        nav="practices",
        post=found.remix,
        found=found,
        offer=seen,
        **values,
    )


async def _draft(
    request: Request, viewer: Viewer, short: str
) -> tuple[PostView, PracticeForm, ChangeNote, Source | None]:
    """A draft of the viewer's, and its source if that can still be read."""
    here = here_of(request)
    kept = await queries.draft(here, viewer, short)
    if kept is None:
        raise NotFound
    post, form, note, source_id = kept
    try:
        return post, form, note, await queries.source(here, viewer, source_id)
    except NotFound:
        return post, form, note, None


async def _community(request: Request, viewer: Viewer, source: Source) -> CommunityLabel | None:
    """The community of the source, where the viewer may write there and the remix belongs among its members."""
    place = source.post.community
    if place is None or source.post.visibility != "members":
        return None
    try:
        return await community_of(request, viewer, place.handle)
    except (NotAllowed, NotFound):
        return None


async def _editor(
    request: Request,
    viewer: Viewer,
    source: Source,
    form: PracticeForm,
    community: CommunityLabel | None,
    note: ChangeNote,
    *,
    draft: PostView | None = None,
    **more: Any,
) -> Response:
    post, origin = source.post, here_of(request).settings.origin
    same = community is not None and post.community is not None and community.id == post.community.id
    options = [
        option
        for option in (await audiences(request, viewer, community) if not source.why_not else [])
        if fits(post.visibility, option["value"], same_community=same, is_own=post.is_mine)
    ]
    prose = {
        name: rendered(getattr(source.form, name), origin)
        for name in ("constraints", "problem", "would_change")
        if getattr(source.form, name)
    }
    return await composer(
        request,
        form,
        community,
        draft=draft,
        audiences=options,
        licences=[option for option in licence_options() if option["value"] in source.licences],
        action=f"/practices/remix/{draft.short}" if draft else f"{post.url}/remix",
        draft_key=f"remix-{draft.short if draft else post.short}",
        remix={
            "source": source,
            "post": post,
            "prose": prose,
            "steps": [rendered(step, origin) for step in source.form.steps],
            "evidence": [(piece.kind, rendered(piece.text, origin)) for piece in pieces(source.form.evidence)],
            "note": note,
            "only_draft": source.why_not
            or (
                ""
                if options
                else gettext(request, "Those who can read it cannot be told by you. Keep yours as a draft.")
            ),
        },
        **more,
    )


routes = [
    Route("/practices/remix/{name}", go_on),
    Route("/practices/remix/{name}", send_draft, methods=["POST"]),
    Route("/p/{name}/remix", begin),
    Route("/p/{name}/remix", send, methods=["POST"]),
    Route("/p/{name}/lineage", lineage_page),
    Route("/p/{name}/differences", differences),
    Route("/p/{name}/offer", offer, methods=["POST"]),
    Route("/p/{name}/withdraw-offer", withdraw_offer, methods=["POST"]),
    Route("/p/{name}/take", take, methods=["POST"]),
]
