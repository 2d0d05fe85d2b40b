"""Saying how it went: the form of ninety seconds, and what the page of a practice shows of all reports."""

from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.accounts import queries as accounts
from server.errors import Invalid, NotAllowed, NotFound
from server.posts import queries as posts
from server.posts.queries import PostView
from server.practices import queries as practices
from server.practices.form import PracticeForm
from server.practices.queries import PracticePage
from server.text import LANGUAGES, excerpt
from server.together import actions as together
from server.tries import actions, counting, queries
from server.tries import reports as told
from server.tries.bands import FIELDS, SYMBOLS, Bands, bands_of, known
from server.tries.form import TryForm
from server.tries.queries import ReportView, WhereItWorked
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, texts, viewer_of
from web.tries.words import band_words, in_words, outcome_words, short_outcome_words, size_words

STEP_CHARACTERS = 70
TEXT_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class _Choice:
    """A context that can be taken with one tap."""

    value: str
    name: str
    context: Bands


@dataclass(frozen=True, slots=True)
class Shown:
    """A report in the words of its page: how it went and where, and what was changed in which steps."""

    outcome: str
    facts: tuple[str, ...]
    report: ReportView


@dataclass(frozen=True, slots=True)
class Reporting:
    """What a list of reports shows: each by the id of its post, and who may say thanks for them."""

    shown: dict[str, Shown]
    author: str
    is_author: bool


async def try_page(request: Request) -> Response:
    """The form to say how it went; who has said so is led to what they said."""
    here, viewer, practice = here_of(request), signed_in(request), await _practice(request)
    seen = await queries.where_it_worked(here, viewer, practice)
    if seen.mine is not None:
        return redirect(
            request,
            f"/p/{seen.mine.short}/edit",
            toast=gettext(request, "You have said how this version went. Here is what you said."),
        )
    if not seen.can_report:
        raise NotAllowed("This is your own practice, or it takes no answers.")
    return await _form(request, practice, TryForm(language=_language(request)))


async def send(request: Request) -> Response:
    """Say how it went; what was typed survives a refusal."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    practice = await _practice(request)
    form = _read(sent, await _choices(request, practice), _language(request))
    try:
        also = await together.told_to(here, viewer, practice.id)
        post = await actions.report(here, viewer, practice.id, form, also=also)
    except Invalid as error:
        return await _form(request, practice, form, sent=sent, errors=error.errors, status=422)
    except NotAllowed as error:
        return await _form(
            request, practice, form, sent=sent, errors=[{"field": "", "message": error.message}], status=403
        )
    thanks = gettext(request, "Thank you. Whatever came of it, somebody will be glad to know.")
    return redirect(request, f"{practice.url}#reply-{post.id}", toast=thanks)


async def edit_page(request: Request, post: PostView) -> Response:
    """The same form, to change what one said; called for the `/edit` of a report."""
    practice, form = await _kept(request, post)
    return await _form(request, practice, form, editing=post)


async def save_edit(request: Request, post: PostView) -> Response:
    """Change what one said."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    practice, before = await _kept(request, post)
    form = _read(sent, await _choices(request, practice, before), before.language)
    try:
        await actions.change(here, viewer, post.id, form)
    except Invalid as error:
        return await _form(request, practice, form, sent=sent, editing=post, errors=error.errors, status=422)
    return redirect(request, f"{practice.url}#reply-{post.id}", toast=gettext(request, "Your changes are saved."))


async def tried_facts(
    request: Request, post: PostView, replies: list[PostView]
) -> tuple[dict[str, Any], list[PostView]]:
    """What the page of a practice shows of its reports, and the answers that are none."""
    here, viewer = here_of(request), viewer_of(request)
    reports = [reply for reply in reversed(replies) if reply.kind == "tried"][: told.SHOWN]
    seen = await queries.where_it_worked(here, viewer, post, [report.id for report in reports])
    if seen.is_old:
        await counting.opened(here, viewer, post.id)
    words = outcome_words(request)
    facts = {
        "tried": seen,
        "reports": reports,
        "reporting": _reporting(request, post, seen),
        "outcomes": words,
        "symbols": SYMBOLS,
        "bands": band_words(request),
        "sizes": size_words(request),
        "outcome_rows": [
            {"label": words[outcome], "value": count, "pattern": number}
            for number, (outcome, count) in enumerate(seen.counts.by_outcome().items())
        ],
    }
    return facts, [reply for reply in replies if reply.kind != "tried"]


async def all_reports(request: Request) -> Response:
    """All that people said who tried a practice, page by page."""
    here, viewer, practice = here_of(request), viewer_of(request), await _practice(request)
    ids, more = await told.page_of_reports(here, viewer, practice.id, request.query_params.get("before"))
    found = (await posts.listing(here, viewer, ids=ids, limit=len(ids))).items if ids else []
    by_id = {post.id: post for post in found}
    seen = await queries.where_it_worked(here, viewer, practice, ids)
    said = await _fields(request, practice) if not practice.title else None
    return render(
        request,
        "tries/reports.html",
        nav="practices",
        post=practice,
        title=practice.title or (said.title if said is not None else "") or practice.excerpt[:60],
        tried=seen,
        reports=[by_id[post_id] for post_id in ids if post_id in by_id],
        reporting=_reporting(request, practice, seen),
        first=request.url.path if request.query_params.get("before") else None,
        older=f"{request.url.path}?before={more}" if more else None,
    )


def _reporting(request: Request, post: PostView, seen: WhereItWorked) -> Reporting:
    shown = {report_id: _shown(request, report) for report_id, report in seen.reports.items()}
    return Reporting(shown, post.author.display_name, post.is_mine)


def _shown(request: Request, report: ReportView) -> Shown:
    words = band_words(request)
    facts = tuple(words[name][value] for name in FIELDS if (value := getattr(report.context, name)))
    return Shown(f"{SYMBOLS[report.outcome]} {outcome_words(request)[report.outcome]}", facts, report)


async def _practice(request: Request) -> PostView:
    """The practice in the address, as far as the viewer may read it."""
    post = await posts.show(here_of(request), viewer_of(request), request.path_params["name"])
    if post is None or post.kind not in {"practice", "tip"} or post.state != "visible":
        raise NotFound
    return post


async def _kept(request: Request, post: PostView) -> tuple[PostView, TryForm]:
    here, viewer = here_of(request), signed_in(request)
    found = await queries.my_form(here, viewer, post)
    practice = await posts.show(here, viewer, found.practice_id) if found is not None else None
    if found is None or practice is None:
        raise NotFound
    if not found.can_change:
        raise NotAllowed("A report can be changed for thirty days. You can still withdraw it.")
    return practice, found.form


async def _choices(request: Request, practice: PostView, before: TryForm | None = None) -> list[_Choice]:
    """Contexts to choose from: what was said before, one's own, and the practice's."""
    here, viewer = here_of(request), signed_in(request)
    found = []
    if before is not None and not before.context.is_empty:
        found.append(_Choice("kept", gettext(request, "As you said"), before.context))
    last = await queries.last_context(here, viewer) if before is None else None
    if last is not None and not last.is_empty:
        found.append(_Choice("last", gettext(request, "As last time"), last))
    for saved in await accounts.contexts(here, viewer):
        context = bands_of(saved.subject, saved.level, saved.group_size, saved.minutes, saved.setting)
        if not context.is_empty:
            found.append(_Choice(saved.id, saved.label, context))
    said = await _fields(request, practice)
    context = bands_of(said.subject, said.level, said.group_size, said.minutes, said.setting)
    if not context.is_empty:
        found.append(_Choice("practice", gettext(request, "As in the practice"), context))
    return found


async def _fields(request: Request, practice: PostView) -> Any:
    found: PracticePage | None = await practices.practice(here_of(request), viewer_of(request), practice)
    if found is None and practice.kind != "tip":
        raise NotFound
    return found.form if found is not None else PracticeForm(entry="tip")


def _read(sent: FormData, choices: list[_Choice], language: str) -> TryForm:
    """What was sent: the context that was chosen, but for what was said of it anew."""
    chosen = text(sent, "context", 30)
    base = next((choice.context for choice in choices if choice.value == chosen), Bands())
    anew = {name: value for name in FIELDS if (value := known(name, text(sent, name, 20)))}
    numbers = [item for item in texts(sent, "step", 5) if item.isascii() and item.isdecimal()]
    return TryForm(
        outcome=text(sent, "outcome", 30),
        context=replace(base, **anew),
        steps=tuple(int(item) for item in numbers),
        changed=text(sent, "changed", TEXT_CHARACTERS),
        saw=text(sent, "saw", TEXT_CHARACTERS),
        may_contact=bool(text(sent, "may_contact", 5)),
        language=language,
    )


def _language(request: Request) -> str:
    language = signed_in(request).language
    return language if language in LANGUAGES else "en"


async def _form(
    request: Request,
    practice: PostView,
    form: TryForm,
    *,
    sent: FormData | None = None,
    editing: PostView | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    choices = await _choices(request, practice, form if editing is not None and sent is None else None)
    said = await _fields(request, practice)
    own = {"value": "own", "label": gettext(request, "Another, as I say below")}
    options = [
        {"value": choice.value, "label": f"{choice.name}: {in_words(request, choice.context)}"} for choice in choices
    ]
    words = band_words(request)
    return render(
        request,
        "tries/form.html",
        status,
        nav="practices",
        practice=practice,
        title=practice.title or said.title or practice.excerpt[:60],
        form=form,
        errors=errors or [],
        editing=editing,
        action=f"/p/{editing.short}/edit" if editing else f"/p/{practice.short}/tried",
        draft_key=f"tried-{editing.short if editing else practice.short}",
        outcomes=[
            {"value": name, "label": f"{SYMBOLS[name]} {label}"} for name, label in short_outcome_words(request).items()
        ],
        contexts=[*options, own],
        chosen=text(sent, "context", 30) if sent is not None else (options or [own])[0]["value"],
        details=[
            {
                "name": name,
                "options": [{"value": key, "label": word} for key, word in {"": "–", **named}.items()],
                "value": text(sent, name, 20) if sent is not None else "",
            }
            for name, named in words.items()
        ],
        steps=[(number, excerpt(step, STEP_CHARACTERS)) for number, step in enumerate(said.steps, 1)],
    )


routes = [
    Route("/p/{name}/tried", try_page),
    Route("/p/{name}/tried", send, methods=["POST"]),
    Route("/p/{name}/reports", all_reports),
]
