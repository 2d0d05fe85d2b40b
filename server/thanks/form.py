"""What a person fills in to thank or to celebrate, and what must be there: pure rules."""

import re
from dataclasses import dataclass, replace

from server.errors import Invalid
from server.text import LANGUAGES

THANKS, CELEBRATION = KINDS = ("thanks", "celebration")
TEAM = 20
"""So many people are thanked at once."""
TITLE = 150
TEXT = 5_000
_BETWEEN = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class ThanksForm:
    """All that thanks or a celebration say. `people` are handles, `act_id` is the post that shows what they did."""

    kind: str = THANKS
    title: str = ""
    text: str = ""
    people: str = ""
    act_id: str | None = None
    language: str = "en"
    visibility: str = ""
    community_id: str | None = None


def tidy(form: ThanksForm) -> ThanksForm:
    """The form with one-line fields on one line."""
    return replace(form, title=" ".join(form.title.split()), text=form.text.strip(), people=" ".join(handles(form)))


def handles(form: ThanksForm) -> tuple[str, ...]:
    """The handles in a form, each once, as people write them: ``@ben`` or ``@ben@school.example``."""
    named = (f"@{word.lstrip('@')}" for word in _BETWEEN.split(form.people) if word.strip("@"))
    return tuple({name.lower(): name for name in named}.values())


def check(form: ThanksForm) -> None:
    """Raise Invalid with everything that is wrong in a tidy form."""
    errors, thanks = [], form.kind == THANKS
    if form.kind not in KINDS:
        errors.append(Invalid("Choose whether to thank or to celebrate.", field="kind"))
    if not form.title:
        errors.append(Invalid("Say in one line what it is about.", field="title"))
    if len(form.title) > TITLE:
        errors.append(Invalid(f"Use at most {TITLE} characters.", field="title"))
    if not form.text:
        errors.append(Invalid("Say what they did, and what came of it.", field="content"))
    if len(form.text) > TEXT:
        errors.append(Invalid(f"Use at most {TEXT} characters.", field="content"))
    if thanks and not handles(form):
        errors.append(Invalid("Say whom you thank.", field="people"))
    if len(handles(form)) > TEAM:
        errors.append(Invalid(f"Name at most {TEAM} people.", field="people"))
    if thanks and form.act_id is None:
        errors.append(Invalid("Thanks are for something that was done: paste the address of its page.", field="act"))
    if form.language not in LANGUAGES:
        errors.append(Invalid("Choose the language it is in.", field="language"))
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))
