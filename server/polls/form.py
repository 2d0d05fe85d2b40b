"""What somebody fills in to ask people here and elsewhere to choose, and what must be there."""

from dataclasses import dataclass, replace
from datetime import timedelta

from server.errors import Invalid
from server.text import clean_text

MAX_QUESTION = 150
MIN_OPTIONS, MAX_OPTIONS = 2, 8
MAX_OPTION = 100

LASTS = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "1d": timedelta(days=1),
    "3d": timedelta(days=3),
    "7d": timedelta(days=7),
    "14d": timedelta(days=14),
    "30d": timedelta(days=30),
}
"""How long a poll may be open."""


@dataclass(frozen=True, slots=True)
class PollForm:
    """A poll as it is handed in. `lasts` is a key of LASTS; with `parent_id` it is part of a conversation.

    `topic_id` is the topic of the community that it goes into.
    """

    question: str = ""
    text: str = ""
    options: tuple[str, ...] = ()
    is_multiple: bool = False
    lasts: str = "7d"
    language: str = "en"
    content_warning: str = ""
    visibility: str = ""
    community_id: str | None = None
    parent_id: str | None = None
    topic_id: str = ""


def tidy(form: PollForm) -> PollForm:
    """The form without spare space and empty options."""
    options = (" ".join(clean_text(option).split()) for option in form.options)
    return replace(
        form,
        question=" ".join(clean_text(form.question).split()),
        options=tuple(option for option in options if option),
    )


def check(form: PollForm, *, editing: bool = False) -> None:
    """Raise Invalid with every error of a tidy form. Options stay as they are once somebody may have chosen one."""
    errors = []
    if not form.question:
        errors.append(Invalid("Write the question.", field="question"))
    if len(form.question) > MAX_QUESTION:
        errors.append(Invalid(f"Use at most {MAX_QUESTION} characters.", field="question"))
    if not editing:
        errors += check_options(form.options)
        if form.lasts not in LASTS:
            errors.append(Invalid("Choose how long people can vote.", field="lasts"))
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))


def check_options(options: tuple[str, ...]) -> list[Invalid]:
    """What is wrong with the answers of a tidy form."""
    errors = []
    if len(options) < MIN_OPTIONS:
        errors.append(Invalid("Give people at least two answers to choose from.", field="option"))
    if len(options) > MAX_OPTIONS:
        errors.append(Invalid(f"Use at most {MAX_OPTIONS} answers.", field="option"))
    if any(len(option) > MAX_OPTION for option in options):
        errors.append(Invalid(f"Use at most {MAX_OPTION} characters for an answer.", field="option"))
    if len({option.casefold() for option in options}) != len(options):
        errors.append(Invalid("Two of the answers are the same.", field="option"))
    return errors
