"""A report as sentences: the same words for people elsewhere, who see no fields."""

from collections.abc import Sequence

from server.posts.models import Post
from server.practices.writing import Text, quoted_line
from server.text import excerpt, plain
from server.tries.form import TryForm

SENTENCES = {
    "worked": "it worked as it is.",
    "worked-with-changes": "it worked with changes.",
    "did-not-work": "it did not work here.",
    "stopped-early": "I stopped early.",
}


def write(form: TryForm, title: str) -> str:
    """The text of a tidy report about the practice with this title, as Markdown."""
    text = Text()
    text.add(f"I tried “{quoted_line(title)}”: {SENTENCES[form.outcome]}")
    text.facts([("Where", f"{', '.join(form.context.facts)}.")])
    if form.changed or form.steps:
        text.facts([("What I changed", form.changed)] if form.changed else [])
        text.line(f"I changed {steps_in_words(form.steps)}." if form.steps else "")
    if form.saw:
        text.facts([("What I saw", form.saw)])
    if form.may_contact:
        text.line("The author may ask me about it.")
    return str(text)


def name_of(practice: Post) -> str:
    """The title of a practice, or how a tip begins."""
    return practice.title or excerpt(plain(practice.content_html), 60)


def steps_in_words(steps: Sequence[int]) -> str:
    """“step 2”, “steps 2 and 4”, “steps 1, 2 and 4”."""
    numbers = [str(step) for step in steps]
    if len(numbers) == 1:
        return f"step {numbers[0]}"
    return f"steps {', '.join(numbers[:-1])} and {numbers[-1]}"
