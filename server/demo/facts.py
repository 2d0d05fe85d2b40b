"""The shapes of demo content. Days count back from now, so that the demo is always fresh."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody with an account; every one of them is invented."""

    handle: str
    name: str
    about: str
    teaches: str
    ask_me_about: str
    role: str = "member"
    stuck_with: str = ""


@dataclass(frozen=True, slots=True)
class DemoCommunity:
    """A community, its owner first among `members`; handles with an @ inside are people of the other organisations."""

    slug: str
    name: str
    kind: str
    purpose: str
    time_per_week: str
    guidelines: str
    members: tuple[str, ...]
    visibility: str = "public"
    join_policy: str = "open"
    objectives: str = ""
    outcomes: str = ""
    cadence: str = ""
    term_until: str = ""
    channels: str = ""
    feedback: str = ""
    goals: tuple[str, ...] = ()
    digest_day: int | None = None
    topics: tuple[str, ...] = ()
    """Names of topics; one in another is ``Practicals / Safety``."""


@dataclass(frozen=True, slots=True)
class DemoPractice:
    """A practice with the fields of the form."""

    author: str
    community: str
    days_ago: float
    title: str
    promise: str
    subject: str
    level: str
    group_size: int
    minutes: int
    setting: str
    problem: str
    steps: tuple[str, ...]
    evidence: str
    certainty: str
    would_change: str
    materials: tuple[tuple[str, str], ...] = ()
    replies: tuple[tuple[str, str], ...] = ()
    useful_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoRemix:
    """A remix of the practice with the title `source`, wherever that was written; what is empty stays as it was."""

    author: str
    source: str
    days_ago: float
    title: str
    what_changed: str
    why: str
    steps: tuple[str, ...]
    would_change: str
    subject: str = ""
    level: str = ""
    group_size: int | None = None
    setting: str = ""


@dataclass(frozen=True, slots=True)
class DemoThread:
    """A thread or an ask with its replies: who, what, and whether it helped. One with `#anotherway` shows another way.

    In one with a `format` a reply begins with its part, as in ``for: Because…``.
    """

    author: str
    community: str
    days_ago: float
    kind: str
    title: str
    text: str
    replies: tuple[tuple[str, str, bool], ...] = ()
    peers_first_hours: int = 0
    format: str = ""
    topic: str = ""
    nameless: bool = False


@dataclass(frozen=True, slots=True)
class DemoAnswer:
    """Somebody says that a practice of theirs answers a challenge, both known by their titles."""

    author: str
    days_ago: float
    practice: str
    challenge: str


@dataclass(frozen=True, slots=True)
class DemoIdea:
    """An idea: who is interested, and who would host it."""

    author: str
    community: str
    days_ago: float
    title: str
    text: str
    interested: tuple[str, ...]
    host: str = ""


@dataclass(frozen=True, slots=True)
class DemoThanks:
    """Thanks to people for something that begins with `act`; without one it is a celebration."""

    author: str
    days_ago: float
    title: str
    text: str
    people: tuple[str, ...]
    act: str = ""


@dataclass(frozen=True, slots=True)
class DemoRound:
    """A round among all members: what those said who were heard, and who passed (an empty answer)."""

    author: str
    community: str
    days_ago: float
    title: str
    answers: tuple[tuple[str, str], ...]
    is_hidden: bool = True
    closed: str = ""


@dataclass(frozen=True, slots=True)
class DemoCollection:
    """A path for newcomers of a community: titles of things, each with the reason why it is in."""

    author: str
    community: str
    days_ago: float
    title: str
    intro: str
    things: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DemoTip:
    """A tip of a few lines."""

    author: str
    community: str
    days_ago: float
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class DemoResource:
    """Something in a community's library."""

    author: str
    community: str
    days_ago: float
    title: str
    text: str
    resource_type: str
    subject: str
    level: str
    minutes: int
    link: str = ""
    excerpt: str = ""
    excerpt_by: str = ""
    teaches: str = ""


@dataclass(frozen=True, slots=True)
class DemoTry:
    """Somebody tried the practice whose title begins so. `context` are bands: subject, level, size, minutes, setting."""

    title: str
    who: str
    days_ago: float
    outcome: str
    context: tuple[str, str, str, str, str]
    steps: tuple[int, ...] = ()
    changed: str = ""
    saw: str = ""
    thanked: bool = False


@dataclass(frozen=True, slots=True)
class DemoTogether:
    """A community tries the practice whose title begins so: who else takes part, and what came of it, if it is over."""

    author: str
    community: str
    days_ago: float
    practice: str
    title: str
    text: str
    participants: tuple[str, ...]
    ended_days_ago: float | None = None
    came: str = ""


@dataclass(frozen=True, slots=True)
class DemoReport:
    """Somebody reports the post with this title; `decided` says who did what about it, by which clause, and why."""

    reporter: str
    title: str
    days_ago: float
    category: str
    text: str
    clause: str = ""
    decided: tuple[str, str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class DemoPoll:
    """A poll with its votes: who, and which answer, counted from 0."""

    author: str
    community: str
    days_ago: float
    question: str
    text: str
    options: tuple[str, ...]
    lasts: str
    votes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class DemoEvent:
    """An event that is still to come: so many days from now, at an hour of the day, and who takes part."""

    author: str
    community: str
    days_ago: float
    title: str
    text: str
    days_ahead: int
    hour: int
    minutes: int
    timezone: str
    place: str
    capacity: int
    participants: tuple[str, ...] = ()
    pack: tuple[tuple[str, int], ...] = ()
    """Titles of what to read before, with minutes; `read` says who has read the first."""
    read: tuple[str, ...] = ()
    discussants: tuple[str, ...] = ()
    """Who is asked to discuss in a seminar, which it is then; `questions` are who asks what in advance."""
    questions: tuple[tuple[str, str], ...] = ()
    recap: tuple[float, str] | None = None
    """What came of it, said so many days ago; `later` are answers of those who were not there."""
    later: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DemoOrganisation:
    """One instance of the demo."""

    name: str
    slug: str
    description: str
    accent: str
    people: tuple[DemoPerson, ...]
    communities: tuple[DemoCommunity, ...]
    practices: tuple[DemoPractice, ...]
    threads: tuple[DemoThread, ...]
    tips: tuple[DemoTip, ...] = ()
    resources: tuple[DemoResource, ...] = ()
    reports: tuple[DemoReport, ...] = ()
    polls: tuple[DemoPoll, ...] = ()
    events: tuple[DemoEvent, ...] = ()
    answers: tuple[DemoAnswer, ...] = ()
    remixes: tuple[DemoRemix, ...] = ()
    ideas: tuple[DemoIdea, ...] = ()
    collections: tuple[DemoCollection, ...] = ()
    together: tuple[DemoTogether, ...] = ()
    rounds: tuple[DemoRound, ...] = ()
    thanks: tuple[DemoThanks, ...] = ()
    leads: tuple[str, ...] = ()
    """Who is responsible for safeguarding."""
    follows: tuple[tuple[str, str], ...] = field(default=())
