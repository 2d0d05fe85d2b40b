"""What a person fills in to share a practice or a tip, and what must be there before it is shared."""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from server.errors import Invalid
from server.media.queries import MediaFile
from server.practices.writing import is_web_address
from server.text import LANGUAGES, LICENCES

ENTRIES = ("tip", "quick", "full")
CERTAINTIES = ("hunch", "tried", "measured")
TIP_CHARACTERS = 500
MAX_STEPS = 30
MAX_MATERIALS = 12
MAX_FILES = 8
TITLE_CHARACTERS = 150
LONG_TEXT = 10_000
LARGEST_GROUP = 5000
MOST_MINUTES = 10_000


@dataclass(frozen=True, slots=True)
class Material:
    """Something to use with a practice that lives elsewhere."""

    url: str
    name: str = ""

    @property
    def label(self) -> str:
        """What the link says."""
        return self.name or urlsplit(self.url).netloc


@dataclass(frozen=True, slots=True)
class PracticeForm:
    """All that a practice says (product section 2.3). A number that could not be read is -1.

    `evidence`: see `practices.evidence`; `evidence_untold`: a form that asks for its kinds came back without one.
    """

    entry: str = "quick"
    title: str = ""
    text: str = ""
    promise: str = ""
    subject: str = ""
    level: str = ""
    group_size: int | None = None
    minutes: int | None = None
    setting: str = ""
    constraints: str = ""
    problem: str = ""
    steps: tuple[str, ...] = ()
    evidence: str = ""
    evidence_untold: bool = False
    certainty: str = ""
    would_change: str = ""
    materials: tuple[Material, ...] = ()
    media_ids: tuple[str, ...] = ()
    licence: str = ""
    language: str = "en"
    content_warning: str = ""
    visibility: str = ""
    community_id: str | None = None
    nobody_identifiable: bool = False
    grown_from_id: str | None = None


def tidy(form: PracticeForm, default_licence: str) -> PracticeForm:
    """The form without empty rows; a tip keeps only what a tip has."""
    form = replace(
        form,
        title=" ".join(form.title.split()),
        promise=" ".join(form.promise.split()),
        steps=tuple(step.strip() for step in form.steps if step.strip()),
        materials=tuple(item for item in form.materials if item.url.strip() or item.name.strip()),
        media_ids=tuple(dict.fromkeys(form.media_ids)),
        licence=form.licence or default_licence,
    )
    if form.entry != "tip":
        return replace(form, text="")
    return PracticeForm(
        entry="tip",
        title=form.title,
        text=form.text,
        media_ids=form.media_ids,
        licence=form.licence,
        language=form.language,
        content_warning=form.content_warning,
        visibility=form.visibility,
        community_id=form.community_id,
        nobody_identifiable=form.nobody_identifiable,
    )


def check(form: PracticeForm, files: list[MediaFile]) -> None:
    """Raise Invalid, with everything that keeps a tidy form from being shared."""
    _raise([*_limits(form), *(_tip(form, files) if form.entry == "tip" else _practice(form)), *_consent(form, files)])


def check_draft(form: PracticeForm) -> None:
    """Raise Invalid for what cannot even be kept; a draft may lack anything."""
    _raise(_limits(form))


def is_blank(form: PracticeForm) -> bool:
    """Whether a tidy form says nothing yet."""
    said = (*(getattr(form, name) for name in _TEXT_LIMITS), form.group_size, form.minutes, form.steps, form.materials)
    return not any(said) and not form.media_ids


def _raise(errors: list[Invalid]) -> None:
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))


def _limits(form: PracticeForm) -> list[Invalid]:
    errors = []
    if form.entry not in ENTRIES:
        errors.append(Invalid("Choose a tip, a quick practice or a full practice.", field="speed"))
    for field, limit in _TEXT_LIMITS.items():
        if len(getattr(form, field)) > limit:
            errors.append(Invalid(f"Use at most {limit} characters.", field=field))
    if form.group_size is not None and not 1 <= form.group_size <= LARGEST_GROUP:
        errors.append(Invalid("Write the size of the group as a number, for example 28.", field="group_size"))
    if form.minutes is not None and not 1 <= form.minutes <= MOST_MINUTES:
        errors.append(Invalid("Write the minutes as a number, for example 10.", field="minutes"))
    if len(form.steps) > MAX_STEPS or any(len(step) > LONG_TEXT for step in form.steps):
        errors.append(Invalid(f"Use at most {MAX_STEPS} steps of {LONG_TEXT} characters.", field="steps"))
    if len(form.materials) > MAX_MATERIALS:
        errors.append(Invalid(f"Link to at most {MAX_MATERIALS} things.", field="material_url"))
    if any(not is_web_address(item.url) or len(item.url) > 1000 for item in form.materials):
        errors.append(Invalid("Write each link in full, beginning with https://.", field="material_url"))
    if len(form.media_ids) > MAX_FILES:
        errors.append(Invalid(f"Add at most {MAX_FILES} pictures and files.", field="files"))
    if form.certainty and form.certainty not in CERTAINTIES:
        errors.append(Invalid("Choose how sure you are.", field="certainty"))
    if form.licence not in LICENCES:
        errors.append(Invalid("Choose one of the licences.", field="licence"))
    if form.language not in LANGUAGES:
        errors.append(Invalid("Choose the language you wrote in.", field="language"))
    return errors


_TEXT_LIMITS = {
    "title": TITLE_CHARACTERS,
    "text": LONG_TEXT,
    "promise": 300,
    "subject": 120,
    "level": 120,
    "setting": 200,
    "constraints": 2000,
    "problem": LONG_TEXT,
    "evidence": LONG_TEXT,
    "would_change": LONG_TEXT,
    "content_warning": 200,
}


def _tip(form: PracticeForm, files: list[MediaFile]) -> list[Invalid]:
    errors = []
    if not form.text:
        errors.append(Invalid("Write the tip: what would you tell a colleague in the corridor?", field="text"))
    elif len(form.text) > TIP_CHARACTERS:
        errors.append(
            Invalid(f"A tip has at most {TIP_CHARACTERS} characters. Shorten it, or make it a practice.", field="text")
        )
    if len(files) > 1 or any(file.kind != "image" for file in files):
        errors.append(Invalid("A tip has at most one picture. For files, make it a practice.", field="files"))
    return errors


def _practice(form: PracticeForm) -> list[Invalid]:
    errors = []
    if not form.title:
        errors.append(Invalid("Give the practice a title, so that colleagues can find it.", field="title"))
    if form.entry == "full" and not form.promise:
        errors.append(Invalid("Say in one line what somebody gets from it.", field="promise"))
    if form.entry == "full" and not form.problem:
        errors.append(Invalid("Say which problem it is for.", field="problem"))
    if not form.steps:
        errors.append(Invalid("Write at least one step of what you did.", field="steps"))
    if form.evidence and form.evidence_untold:
        errors.append(Invalid("Say of everything that you saw what kind it is.", field="evidence"))
    if form.evidence and not form.certainty:
        errors.append(Invalid("Say how sure you are of what you saw.", field="certainty"))
    if not form.would_change:
        errors.append(
            Invalid("Say what you would change, or where it fails. It helps whoever tries it.", field="would_change")
        )
    return errors


def _consent(form: PracticeForm, files: list[MediaFile]) -> list[Invalid]:
    errors = []
    if any(file.needs_alt for file in files):
        errors.append(Invalid("Say what each picture shows, or that it is decoration.", field="alt"))
    if (files or form.evidence) and not form.nobody_identifiable:
        errors.append(Invalid("Check that nobody can be identified, and tick the box.", field="nobody_identifiable"))
    return errors
