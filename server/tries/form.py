"""What somebody fills in to say how it went, and what must be there."""

from dataclasses import dataclass, field, replace

from server.errors import Invalid
from server.practices.form import MAX_STEPS
from server.text import LANGUAGES
from server.tries.bands import FIELDS, OUTCOMES, Bands

LINE = 300


@dataclass(frozen=True, slots=True)
class TryForm:
    """A report: how it went, where, what was changed in which steps (counted from 1), and what was seen."""

    outcome: str = ""
    context: Bands = field(default_factory=Bands)
    steps: tuple[int, ...] = ()
    changed: str = ""
    saw: str = ""
    may_contact: bool = False
    language: str = "en"


def tidy(form: TryForm) -> TryForm:
    """The form with each line as one line, and each step once."""
    return replace(
        form,
        changed=" ".join(form.changed.split()),
        saw=" ".join(form.saw.split()),
        steps=tuple(sorted(set(form.steps))),
    )


def check(form: TryForm, steps: int) -> None:
    """Raise Invalid with everything that is wrong in a tidy form about a practice with so many steps."""
    errors = []
    if form.outcome not in OUTCOMES:
        errors.append(Invalid("Say how it went.", field="outcome"))
    if form.context.is_empty:
        errors.append(Invalid("Say where it was, at least roughly: with whom, or how many.", field="context"))
    for name, bands in FIELDS.items():
        if getattr(form.context, name) not in {"", *bands}:
            errors.append(Invalid("Choose one of those in the list.", field=name))
    if any(not 1 <= step <= min(steps, MAX_STEPS) for step in form.steps):
        errors.append(Invalid("The practice has no such step.", field="steps"))
    if form.outcome == "worked-with-changes" and not form.changed and not form.steps:
        errors.append(Invalid("Say what you changed, in a few words, or which steps.", field="changed"))
    for name in ("changed", "saw"):
        if len(getattr(form, name)) > LINE:
            errors.append(Invalid(f"Use at most {LINE} characters.", field=name))
    if form.language not in LANGUAGES:
        errors.append(Invalid("Choose the language you wrote in.", field="language"))
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))
