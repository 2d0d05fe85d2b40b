"""A practice as one complete, readable text: the same words for people elsewhere who see no structured card."""

from dataclasses import dataclass

from server.practices.form import PracticeForm
from server.practices.writing import Text, plain_line, rendered
from server.text import excerpt

CERTAINTY_WORDS = {"hunch": "a hunch", "tried": "tried a few times", "measured": "measured"}
SUMMARY_CHARACTERS = 280


@dataclass(frozen=True, slots=True)
class Content:
    """What the post of a practice says, in Markdown; the summary is plain text."""

    source_md: str
    summary: str


def write(form: PracticeForm, base_url: str, closing: str = "") -> Content:
    """The text of a tidy form; `closing` is Markdown to end it with. May render a field: call it in a thread."""
    return _tip(form, closing) if form.entry == "tip" else _practice(form, base_url, closing)


def facts(form: PracticeForm) -> list[tuple[str, str]]:
    """The context in words, what is missing left out."""
    pairs = [
        ("Subject", form.subject),
        ("Level", form.level),
        ("Group size", str(form.group_size or "")),
        ("Time", f"{form.minutes} minutes" if form.minutes else ""),
        ("Setting", form.setting),
    ]
    return [(name, value) for name, value in pairs if value]


def _tip(form: PracticeForm, closing: str) -> Content:
    text = Text()
    if form.title:
        text.add(f"**{plain_line(form.title)}**")
    text.prose(form.text)
    text.add(closing)
    return Content(str(text), "")


def _practice(form: PracticeForm, base_url: str, closing: str) -> Content:
    text = Text()
    text.line(form.promise)
    text.facts(facts(form))
    text.prose(form.constraints, "What limited us")
    text.prose(form.problem, "The problem")
    text.numbered(form.steps, "What I did")
    sure = CERTAINTY_WORDS.get(form.certainty)
    text.prose(form.evidence, "What I saw", after=f"How sure I am: {sure}." if sure else "")
    text.prose(form.would_change, "What I would change")
    text.links([(item.url, item.label) for item in form.materials], "Materials")
    text.licence(form.licence)
    text.add(closing)
    return Content(str(text), _summary(form, base_url))


def _summary(form: PracticeForm, base_url: str) -> str:
    """One to three sentences without the title: all that a Mastodon reader sees besides it."""
    first = form.steps[0] if form.steps else ""
    return form.promise or excerpt(rendered(form.problem or first, base_url), SUMMARY_CHARACTERS)
