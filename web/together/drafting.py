"""What came of trying together, as a first text for somebody to edit: what was said, and what was not.

Words of others are quoted as plain text, so that nothing in them becomes a link or calls somebody.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from starlette.requests import Request

from server.practices.writing import link, plain_line, quoted_line
from server.together.policy import CREDITED
from server.together.queries import Came, Tried
from server.tries.bands import OUTCOMES, SYMBOLS, Bands
from web.components.when import describe_moment
from web.i18n import gettext, language_of, ngettext
from web.request import here_of, viewer_of
from web.tries.words import in_words, outcome_words

QUOTED = 20
"""So many of what people wrote stand in the draft, of each part."""
GROUPS = 30


def draft(request: Request, found: Came) -> tuple[str, str]:
    """Title and text, as Markdown."""
    title = found.practice.title[:110]
    total = found.counts.total
    parts = [_first(request, found)]
    if total:
        parts += [_outcomes(request, found), _contexts(request, found)]
    worked = [one for one in found.tried if one.outcome in ("worked", "worked-with-changes")]
    others = [one for one in found.tried if one.outcome not in ("worked", "worked-with-changes")]
    parts.append(_quoted(gettext(request, "What was changed"), ((one, one.changed) for one in found.tried)))
    parts.append(_quoted(gettext(request, "What was seen where it worked"), ((one, one.saw) for one in worked)))
    if others:
        heading = gettext(request, "Where it did not work")
        said = _quoted(heading, ((one, one.saw) for one in others))
        unsaid = gettext(request, "Nobody wrote why. Ask them before you publish this.")
        parts.append(said or f"# {heading}\n\n{unsaid}")
    elif total:
        parts.append(gettext(request, "Nobody said that it did not work. Whoever stopped may not have told us."))
    heading = gettext(request, "What we make of it")
    wish = gettext(request, "Say in one or two sentences what you would do again, and what not.")
    parts.append(f"# {heading}\n\n{wish}")
    return gettext(request, "What came of “%(title)s”", title=title), "\n\n".join(part for part in parts if part)


def closing(request: Request, found: Came, address: str) -> str:
    """Thanks to all who said how it went, and where it began, as Markdown."""
    handles = list(dict.fromkeys(one.author.handle for one in found.tried))[:CREDITED]
    practice = link(found.practice.full_url, found.practice.title)
    began = link(address, gettext(request, "how we tried it together"))
    words = gettext(request, "The practice: %(practice)s, and %(began)s.", practice=practice, began=began)
    thanks = gettext(request, "Thank you for trying it: %(people)s.", people=", ".join(handles)) if handles else ""
    return f"{thanks}\n\n{words}".strip()


def day_words(request: Request, moment: datetime) -> str:
    """A day in words, where the reader is."""
    now, viewer = here_of(request).clock.now(), viewer_of(request)
    return describe_moment(moment, now, language_of(request), viewer.time_zone).day


def _first(request: Request, found: Came) -> str:
    first, last = day_words(request, found.starts_at), day_words(request, found.ends_at)
    period = gettext(request, "From %(first)s to %(last)s", first=first, last=last)
    people = len({one.author.id for one in found.tried})
    title = quoted_line(found.practice.title)
    if not people:
        return gettext(
            request,
            "%(period)s we wanted to try “%(title)s”. Nobody has said how it went. That is worth knowing too: perhaps"
            " it was the wrong time, or too much at once.",
            period=period,
            title=title,
        )
    said = ngettext(
        request,
        "One person tried “%(title)s” and said how it went.",
        "%(count)s people tried “%(title)s” and said how it went.",
        people,
        title=title,
    )
    places = ngettext(
        request,
        "They work in one organisation.",
        "They work in %(count)s organisations.",
        found.counts.organisations,
    )
    missing = max(0, found.joined - people)
    silent = ngettext(
        request,
        "One more took part, and has not said yet how it went.",
        "%(count)s more took part, and have not said yet how it went.",
        missing,
    )
    return " ".join([f"{period}:", said, places, *([silent] if missing else [])])


def _outcomes(request: Request, found: Came) -> str:
    words = outcome_words(request)
    lines = [f"- {SYMBOLS[name]} {words[name]}: {count}" for name, count in found.counts.by_outcome().items()]
    return "\n".join([f"# {gettext(request, 'How it went')}\n", *lines])


def _contexts(request: Request, found: Came) -> str:
    by_context: dict[Bands, dict[str, int]] = {}
    for (outcome, context), count in found.counts.groups.items():
        by_context.setdefault(context, {})[outcome] = count
    words = outcome_words(request)
    lines = []
    for context, counts in list(by_context.items())[:GROUPS]:
        where = in_words(request, context) or gettext(request, "Not said where")
        said = ", ".join(f"{words[name]} ({counts[name]})" for name in OUTCOMES if name in counts)
        lines.append(f"- {where}: {said}")
    return "\n".join([f"# {gettext(request, 'Where')}\n", *lines])


def _quoted(heading: str, said: Iterable[tuple[Tried, str]]) -> str:
    lines: Sequence[str] = [f"- “{_plain(words)}” ({_plain(one.author.display_name)})" for one, words in said if words][
        :QUOTED
    ]
    return "\n".join([f"# {heading}\n", *lines]) if lines else ""


def _plain(words: str) -> str:
    """Somebody's words as plain text that names nobody: an @ stands apart from what follows."""
    return plain_line(words).replace("@", "@ ")
