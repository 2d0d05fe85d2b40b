"""What is said of a community when it is made or changed, and what each kind of community must say (A2)."""

from dataclasses import dataclass, replace
from datetime import date

from server.actors.policy import clean_name
from server.communities import policy
from server.errors import Invalid
from server.text import LANGUAGES, clean_text, slugify

MARKS = ("goals", "expertise", "readiness", "willingness")
"""What those who decide note of somebody who asks for a place (A4): no more than whether it is there."""
MAX_NAME = 100
MAX_LINE = 120
MAX_TEXT = 2_000
MAX_GOALS = 3
MAX_QUESTIONS = 5
MAX_FACILITATORS = 20
MAX_WHY = 500
SLUG_LENGTH = 30

DEFAULT_QUESTIONS = (
    "What would you like to get from this community?",
    "What could you give to it?",
    "How much time can you find, and when?",
)
"""Asked of everybody who asks for a place; a community adds its own."""


@dataclass(frozen=True, slots=True)
class CommunityForm:
    """Everything about a community that its stewards write. `facilitators` are handles, and read when it is made.

    An informal community needs a name and a purpose; a formal one all of its charter. `charter_why` says why the
    charter changes, once there is one.
    """

    name: str
    purpose: str
    slug: str = ""
    kind: str = policy.INFORMAL
    visibility: str = policy.PUBLIC
    join_policy: str = policy.OPEN
    posting: str = policy.EVERYONE
    guests: bool = False
    confidential: bool = False
    time_per_week: str = ""
    gives: str = ""
    gets: str = ""
    goals: tuple[str, ...] = ()
    objectives: str = ""
    outcomes: str = ""
    cadence: str = ""
    term_from: str = ""
    term_until: str = ""
    channels: str = ""
    feedback: str = ""
    charter_why: str = ""
    digest_day: int | None = None
    facilitators: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    language: str = "en"
    guidelines: str = ""


def checked(form: CommunityForm, *, is_new: bool) -> CommunityForm:
    """The form with its texts tidied. Raises Invalid that names every part that is missing or wrong."""
    tidy = _tidied(form)
    errors = [*_choices(tidy), *_lengths(tidy), *_term(tidy)]
    if not tidy.name:
        errors.append(Invalid("Give the community a name.", field="name"))
    if not tidy.purpose:
        errors.append(Invalid("Say in a sentence what it is for.", field="purpose"))
    if tidy.kind == policy.FORMAL:
        errors += _charter(tidy, is_new=is_new)
    if tidy.kind == policy.SUPPORT and tidy.visibility != policy.MEMBERS:
        errors.append(Invalid("What is said in a support group is for its members alone.", field="visibility"))
    if tidy.kind == policy.SUPPORT and tidy.join_policy == policy.OPEN:
        errors.append(Invalid("People ask for a place in a support group, or are invited.", field="join_policy"))
    if tidy.confidential and tidy.visibility != policy.MEMBERS:
        errors.append(Invalid("What is confidential is for members alone. Choose “members”.", field="visibility"))
    if tidy.confidential and tidy.guests:
        errors.append(
            Invalid("Servers that know no members cannot keep a confidence. Untick one of the two.", field="guests")
        )
    if errors:
        first, *others = errors
        raise Invalid(first.message, field=first.field, others=tuple(others))
    return tidy


def slug_for(name: str) -> str:
    """The handle that a name suggests."""
    letters = slugify(name).encode("ascii", "ignore").decode()
    return "-".join(part for part in letters.split("-") if part)[:SLUG_LENGTH].strip("-")


def without_charter(form: CommunityForm) -> CommunityForm:
    """For the command line, which asks for little: visibility and joining as fits the kind."""
    if form.kind == policy.SUPPORT:
        form = replace(form, visibility=policy.MEMBERS)
    if form.join_policy == policy.OPEN and (form.kind == policy.FORMAL or form.visibility == policy.MEMBERS):
        form = replace(form, join_policy=policy.APPLY)
    return replace(form, purpose=form.purpose or form.name)


def _tidied(form: CommunityForm) -> CommunityForm:
    return replace(
        form,
        name=clean_name(form.name, MAX_NAME + 1),
        confidential=form.confidential or form.kind == policy.SUPPORT,
        slug=form.slug.strip().removeprefix("@").lower(),
        purpose=clean_text(form.purpose).strip(),
        time_per_week=clean_name(form.time_per_week, MAX_LINE),
        gives=clean_text(form.gives).strip(),
        gets=clean_text(form.gets).strip(),
        goals=_lines(form.goals),
        objectives=clean_text(form.objectives).strip(),
        outcomes=clean_text(form.outcomes).strip(),
        cadence=clean_name(form.cadence, MAX_LINE + 1),
        term_from=form.term_from.strip(),
        term_until=form.term_until.strip(),
        channels=clean_text(form.channels).strip(),
        feedback=clean_text(form.feedback).strip(),
        charter_why=clean_name(form.charter_why, MAX_WHY + 1),
        questions=tuple(line for line in _lines(form.questions) if line not in DEFAULT_QUESTIONS),
        facilitators=tuple(dict.fromkeys(_lines(form.facilitators))),
    )


def _lines(texts: tuple[str, ...]) -> tuple[str, ...]:
    tidy = (clean_name(text, 300) for text in texts)
    return tuple(text for text in tidy if text)


def _choices(form: CommunityForm) -> list[Invalid]:
    known = (
        ("kind", policy.KINDS),
        ("visibility", policy.VISIBILITIES),
        ("join_policy", policy.JOIN_POLICIES),
        ("posting", policy.POSTING),
        ("language", LANGUAGES),
        ("digest_day", (None, *range(7))),
    )
    return [Invalid("Choose one of these.", field=name) for name, values in known if getattr(form, name) not in values]


def _lengths(form: CommunityForm) -> list[Invalid]:
    limits = {
        "name": MAX_NAME,
        "purpose": MAX_TEXT,
        "time_per_week": 80,
        "gives": MAX_TEXT,
        "gets": MAX_TEXT,
        "objectives": MAX_TEXT,
        "outcomes": MAX_TEXT,
        "cadence": MAX_LINE,
        "channels": MAX_TEXT,
        "feedback": MAX_TEXT,
        "charter_why": MAX_WHY,
    }
    errors = [
        Invalid(f"Use at most {limit} characters.", field=name)
        for name, limit in limits.items()
        if len(getattr(form, name)) > limit
    ]
    if len(form.goals) > MAX_GOALS:
        errors.append(Invalid("Choose at most three goals: more are none.", field="goals"))
    if len(form.questions) > MAX_QUESTIONS:
        errors.append(Invalid(f"Ask at most {MAX_QUESTIONS} questions of your own.", field="questions"))
    if len(form.facilitators) > MAX_FACILITATORS:
        errors.append(Invalid(f"Name at most {MAX_FACILITATORS} facilitators.", field="facilitators"))
    return errors


def _term(form: CommunityForm) -> list[Invalid]:
    """What is wrong with the days between which it works."""
    errors = [
        Invalid("Write a day as year, month and day, such as 2026-09-01.", field=name)
        for name in ("term_from", "term_until")
        if getattr(form, name) and not is_day(getattr(form, name))
    ]
    if not errors and form.term_from and form.term_until and form.term_until <= form.term_from:
        errors.append(Invalid("The term ends before it begins.", field="term_until"))
    return errors


def is_day(text: str) -> bool:
    """Whether a text is a day, such as ``2026-09-01``."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _charter(form: CommunityForm, *, is_new: bool) -> list[Invalid]:
    needed = {
        "objectives": "Objectives are missing: what is to be different at the end?",
        "outcomes": "Outcomes are missing: what will there be that can be shown?",
        "term_until": "The term is missing: until when do you work together? You can begin another one then.",
        "cadence": "The cadence is missing: how often do you meet?",
        "time_per_week": "Time per week is missing: people decide by it whether they can join.",
    }
    errors = [Invalid(message, field=name) for name, message in needed.items() if not getattr(form, name)]
    if is_new and not form.facilitators:
        errors.append(
            Invalid("Facilitators are missing: name one or more, for example yourself.", field="facilitators")
        )
    if form.join_policy == policy.OPEN:
        errors.append(Invalid("People join a formal community by application or invitation.", field="join_policy"))
    return errors
