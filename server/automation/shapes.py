"""What our own API speaks of: the same words as the pages, ids as in our addresses, times in ISO 8601 with a zone."""

from dataclasses import fields
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from server.practices.form import Material, PracticeForm


class Person(Struct):
    """Somebody here or elsewhere."""

    handle: str
    name: str
    url: str


class Me(Struct):
    """Whom a token stands for."""

    handle: str
    name: str
    url: str
    role: str
    language: str
    communities: list["Community"]


class Community(Struct):
    """A community; `slug` is what its address ends with."""

    slug: str
    name: str
    url: str
    purpose: str
    members: int
    role: str | None


class NewCommunity(Struct, kw_only=True, forbid_unknown_fields=True):
    """A community as somebody fills it in; a formal one needs its whole charter (`term_until` is a day), and time."""

    name: str = ""
    purpose: str = ""
    slug: str = ""
    kind: str = "informal"
    visibility: str = "public"
    join_policy: str = "open"
    time_per_week: str = ""
    gives: str = ""
    gets: str = ""
    goals: list[str] = []
    objectives: str = ""
    outcomes: str = ""
    cadence: str = ""
    term_from: str = ""
    term_until: str = ""
    channels: str = ""
    feedback: str = ""
    facilitators: list[str] = []
    questions: list[str] = []
    language: str = "en"


class CharterVersion(Struct):
    """One version of a charter: its parts, why it changed, and who changed it, where that is known."""

    version: int
    parts: dict[str, str]
    why: str
    by: Person | None
    at: datetime


class Charter(Struct):
    """All versions, the newest first, and which one whoever asks said they have read."""

    items: list[CharterVersion]
    read: int


class Accepted(Struct):
    """Somebody accepted a version of the guidelines."""

    person: Person
    version: int
    at: datetime


class Acceptances(Struct):
    """Who accepted which version of the guidelines when, the latest first."""

    items: list[Accepted]


class NewMember(Struct, kw_only=True, forbid_unknown_fields=True):
    """What whoever joins answers to the questions of the community, in their order."""

    answers: list[str] = []


class Joined(Struct):
    """``active`` for a member, ``applied`` for somebody who asked for a place."""

    state: str


class Roles(Struct):
    """What people are in a community, and what any member can be in a meeting."""

    community: list[str]
    meeting: list[str]


class Topic(Struct):
    """A topic of a community. `choice` is one's own: ``mute``, ``follow`` or empty; `muted` also through `within`."""

    id: str
    name: str
    within: str | None
    url: str
    retired: bool
    choice: str
    muted: bool


class Topics(Struct):
    """The topics of a community, each before those in it; those that were retired come last."""

    items: list[Topic]


class Choice(Struct):
    """``mute``, ``follow``, or empty for neither."""

    choice: str


class NewPractice(Struct, kw_only=True, forbid_unknown_fields=True):
    """A practice or tip as somebody fills it in. `entry`: ``tip``, ``quick`` or ``full``, which need more and more.

    `community` is a slug. `visibility`: ``public``, ``unlisted``, ``network``, ``instance``, ``members`` or
    ``private``; by default as wide as the place allows. `change_note` says what was changed, when it is.
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
    steps: list[str] = []
    evidence: str = ""
    certainty: str = ""
    would_change: str = ""
    materials: list[Material] = []
    licence: str = ""
    language: str = "en"
    content_warning: str = ""
    visibility: str = ""
    community: str | None = None
    nobody_identifiable: bool = False
    change_note: str = ""


class Said(Struct):
    """What a practice says in fields; empty where it says nothing."""

    entry: str
    promise: str
    subject: str
    level: str
    group_size: int | None
    minutes: int | None
    setting: str
    constraints: str
    problem: str
    steps: list[str]
    evidence: str
    certainty: str
    would_change: str
    materials: list[Material]


class Tried(Struct, kw_only=True):
    """How often a practice was tried, by outcome, and by people of how many organisations."""

    total: int
    organisations: int
    outcomes: dict[str, int]


class Practice(Struct, kw_only=True):
    """A practice or tip that was shared. `content_html` is all of it as text; what it says in fields may be missing.

    `tried` comes with a practice that is asked for by itself.
    """

    id: str
    uri: str
    url: str
    kind: str
    title: str
    author: Person
    community: str | None
    visibility: str
    language: str
    licence: str | None
    version: int
    published_at: datetime
    edited_at: datetime | None
    content_html: str
    likes: int
    replies: int
    fields: Said | UnsetType = UNSET
    tried: Tried | UnsetType = UNSET


class Practices(Struct):
    """A page of practices in the order that was asked for; `next` goes into `before` for the page after it."""

    items: list[Practice]
    next: str | None


class Communities(Struct):
    """A page of communities by name; `next` goes into `after` for the page after it."""

    items: list[Community]
    next: str | None


class FileVersion(Struct, kw_only=True):
    """A file of a resource: the present one where `replaced_at` is null, else one that it had before."""

    version: int
    name: str
    url: str
    media_type: str
    added_by: Person
    added_at: datetime | None
    replaced_at: datetime | None


class Version(Struct, kw_only=True):
    """One version of what a resource says, the newest first: whose, when, and what changed, where they said that."""

    version: int
    by: Person
    at: datetime
    title: str
    change_note: str


class Resource(Struct, kw_only=True):
    """Something in a community's library, with every version of it and of its files that can be had."""

    id: str
    uri: str
    url: str
    title: str
    author: Person
    community: str | None
    visibility: str
    language: str
    licence: str | None
    version: int
    published_at: datetime
    edited_at: datetime | None
    content_html: str
    resource_type: str
    link: str | None
    versions: list[Version]
    files: list[FileVersion]


class Problem(Struct):
    """Why something was refused. `fields` names what is wrong with which field, where it is one."""

    error: str
    error_description: str | UnsetType = UNSET
    fields: dict[str, str] | UnsetType = UNSET


def said(form: PracticeForm) -> Said:
    """What a form says in fields."""
    values = {name: getattr(form, name) for name in Said.__struct_fields__}
    return Said(**(values | {"steps": list(form.steps), "materials": list(form.materials)}))


def form_of(new: NewPractice, community_id: str | None) -> PracticeForm:
    """What was sent as the form that pages fill in."""
    known = {field.name for field in fields(PracticeForm)}
    values = {name: getattr(new, name) for name in new.__struct_fields__ if name in known}
    values |= {"steps": tuple(new.steps), "materials": tuple(new.materials), "community_id": community_id}
    return PracticeForm(**values)
