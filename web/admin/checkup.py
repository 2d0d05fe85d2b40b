"""Whether this installation is well: what was looked at, mail, backups, and a newer version."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.accounts import queries as accounts
from server.accounts.joining import check_email
from server.checkup import actions, queries
from server.errors import Invalid
from server.version import VERSION
from web.i18n import gettext
from web.render import redirect, render
from web.request import admin, form_of, here_of, text

PAGE = "/admin/check"


async def page(request: Request) -> Response:
    """What the last look found, and what can be tried."""
    by = admin(request)
    own = await accounts.own(here_of(request), by)
    return await _page(request, {"to": own.email or ""})


async def again(request: Request) -> Response:
    """Look again."""
    await actions.ask_for_a_look(here_of(request), admin(request))
    words = gettext(request, "This server looks at itself again. Open this page again in a moment.")
    return redirect(request, PAGE, toast=words)


async def mail(request: Request) -> Response:
    """Send a mail to see whether that works."""
    by, form = admin(request), {"to": text(await form_of(request), "to", 300)}
    try:
        await actions.ask_for_a_mail(here_of(request), by, check_email(form["to"], field="to"))
    except Invalid as error:
        return await _page(request, form, errors=error.errors, status=422)
    words = gettext(request, "The mail is being sent. Open this page again in a moment.")
    return redirect(request, f"{PAGE}#mail", toast=words)


async def first_day(request: Request) -> list[tuple[str, str, str, bool]]:
    """The steps of a new installation: what, why, where, and whether it is done; nothing once all of them are."""
    found = await queries.first_day(here_of(request))
    if found is None:
        return []
    return [
        (
            gettext(request, "Guidelines, and who runs this"),
            gettext(request, "People accept the first when they join, and everybody sees the second."),
            "/admin/site",
            found.rules,
        ),
        (
            gettext(request, "Invite five people"),
            gettext(request, "With fewer there is nobody to answer."),
            "/admin/invitations",
            found.people,
        ),
        (
            gettext(request, "One community"),
            gettext(request, "From a template it takes five minutes."),
            "/communities/new",
            found.community,
        ),
        (
            gettext(request, "A first event in the diary"),
            gettext(request, "Twenty-five minutes are enough."),
            "/new",
            found.event,
        ),
        (
            gettext(request, "One practice"),
            gettext(request, "Yours: what you would tell a colleague in the corridor."),
            "/practices/new",
            found.practice,
        ),
    ]


def subjects(request: Request) -> dict[str, str]:
    """What is looked at."""
    return {
        "settings": gettext(request, "Address"),
        "database": gettext(request, "Database"),
        "queue": gettext(request, "What waits"),
        "log": gettext(request, "Log"),
        "storage": gettext(request, "Files"),
        "mail": gettext(request, "Mail"),
        "answers": gettext(request, "Answers by mail"),
        "clock": gettext(request, "Clock"),
        "certificate": gettext(request, "Certificate"),
    }


def sentences(request: Request) -> dict[str, str]:
    """What was found, by the codes of `server.checkup.lines.SAYS`; the same values stand in them."""
    return {
        "settings": gettext(request, "%(origin)s; handles end in @%(domain)s"),
        "settings_http": gettext(request, "%(origin)s is not https: other servers will not talk to it."),
        "database": gettext(request, "%(kind)s, up to date, %(people)s accounts"),
        "database_none": gettext(request, "None yet: it is made at the first start."),
        "database_waits": gettext(request, "%(count)s migrations wait: run peerhall migrate."),
        "database_broken": gettext(request, "It cannot be used: %(error)s"),
        "queue": gettext(request, "%(inbound)s to process, %(hosts)s servers to deliver to"),
        "queue_late": gettext(
            request,
            "%(inbound)s to process, %(hosts)s servers to deliver to; the oldest waits for %(minutes)s minutes.",
        ),
        "log": gettext(request, "%(entries)s entries, as they were written"),
        "log_changed": gettext(request, "Not as it was written, from entry %(entry)s on: compare it with a backup."),
        "storage": gettext(request, "%(folder)s: %(free)s GB free; a file was written, read and deleted."),
        "storage_low": gettext(request, "%(folder)s: only %(free)s GB free"),
        "storage_closed": gettext(request, "%(folder)s cannot be written to."),
        "storage_refused": "%(error)s",
        "mail_log": gettext(request, "No mail server is set: messages are written to the log."),
        "mail": gettext(request, "%(server)s answers."),
        "mail_silent": gettext(request, "%(server)s does not answer: %(error)s"),
        "answers_pipe": gettext(request, "Mail to %(address)s has to be piped into peerhall mail-in."),
        "answers": gettext(request, "Mail to %(address)s is fetched from %(server)s."),
        "answers_refused": "%(error)s",
        "clock": gettext(request, "%(now)s UTC"),
        "clock_behind": gettext(request, "%(now)s UTC is %(seconds)s s before the last write to the database."),
        "certificate_none": gettext(request, "None is needed for http on this machine."),
        "certificate": gettext(request, "%(origin)s has a valid one."),
        "certificate_broken": gettext(request, "%(origin)s cannot be reached over TLS: %(error)s"),
    }


async def _page(
    request: Request, form: dict[str, str], *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    found, said, named = await queries.state(here_of(request)), sentences(request), subjects(request)
    lines = [
        (line.good, named[line.subject], said[line.code] % line.values)
        for line in (found.look.lines if found.look else [])
    ]
    return render(
        request,
        "admin/check.html",
        status_code=status,
        nav="admin",
        tab="check",
        state=found,
        lines=lines,
        version=VERSION,
        form=form,
        errors=errors or [],
    )


routes = [
    Route(PAGE, page),
    Route(f"{PAGE}/again", again, methods=["POST"]),
    Route(f"{PAGE}/mail", mail, methods=["POST"]),
]
