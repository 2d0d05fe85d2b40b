"""What a person fills in to add something to a library, and what must be there."""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from server.errors import Invalid
from server.media.queries import MediaFile
from server.practices.form import LONG_TEXT, MAX_FILES, MOST_MINUTES, TITLE_CHARACTERS
from server.practices.writing import Text, is_web_address, link, plain_line, rendered
from server.resources.chapters import chapter_errors, listed
from server.text import LANGUAGES, LICENCES, excerpt

CLIP = "clip"
CLIP_SECONDS = 180
CLIP_AUDIENCES = ("members", "private")
"""As wide as a clip may ever be: learners are in it."""
TYPES = ("document", "link", "article", "video", "audio", CLIP, "interactive", "other")
CAPTIONS = ("yes", "pending")
TYPE_WORDS = {
    "document": "Document",
    "link": "Link",
    "article": "Article",
    "video": "Video",
    "audio": "Audio",
    CLIP: "Clip",
    "interactive": "Interactive",
    "other": "Something else",
}
SUMMARY_CHARACTERS = 280
EXCERPT_CHARACTERS = 600
TEACHES_CHARACTERS = 120
_LINKED = frozenset({"link", "interactive"})
_SPOKEN = frozenset({"video", "audio", CLIP})
_LASTING = frozenset({"video", "audio"})


@dataclass(frozen=True, slots=True)
class ResourceForm:
    """All that a resource says. A number that could not be read is -1. `teaches`: what a clip teaches back."""

    resource_type: str = "document"
    title: str = ""
    text: str = ""
    link: str = ""
    subject: str = ""
    level: str = ""
    minutes: int | None = None
    how_i_use_it: str = ""
    excerpt: str = ""
    excerpt_by: str = ""
    captions: str = ""
    transcript: str = ""
    media_ids: tuple[str, ...] = ()
    licence: str = ""
    language: str = "en"
    content_warning: str = ""
    visibility: str = ""
    community_id: str | None = None
    nobody_identifiable: bool = False
    event_uri: str = ""
    event_url: str = ""
    event_title: str = ""
    chapters: str = ""
    teaches: str = ""


def tidy(form: ResourceForm, default_licence: str) -> ResourceForm:
    """The form with one-line fields on one line, and nothing that its type has not."""
    spoken = form.resource_type in _SPOKEN
    return replace(
        form,
        title=" ".join(form.title.split()),
        link=form.link.strip(),
        excerpt=form.excerpt.strip(),
        excerpt_by=" ".join(form.excerpt_by.split()),
        teaches=" ".join(form.teaches.split()) if form.resource_type == CLIP else "",
        licence=form.licence or default_licence,
        media_ids=tuple(dict.fromkeys(form.media_ids)),
        captions=form.captions if spoken else "",
        transcript=form.transcript if spoken else "",
        chapters=form.chapters.strip() if spoken else "",
        visibility=form.visibility or ("members" if form.resource_type == CLIP else ""),
    )


def check(form: ResourceForm, files: list[MediaFile]) -> None:
    """Raise Invalid, with everything that keeps a tidy form from being added."""
    errors = [*_limits(form), *_missing(form, files), *_clip(form, files), *chapter_errors(form.chapters)]
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))


def write(form: ResourceForm) -> str:
    """The complete Markdown text of a resource."""
    text = Text()
    text.prose(form.text)
    if form.link:
        text.add(f"{TYPE_WORDS.get(form.resource_type, 'Link')}: {link(form.link, form.link)}")
    if form.event_title:
        text.add(f"From the event {link(form.event_url, form.event_title)}")
    text.facts(facts(form))
    text.add(quotation(form))
    text.add(listed(form.chapters, form.link), "Chapters")
    text.prose(form.how_i_use_it, "How I use it")
    text.prose(form.transcript, "Transcript")
    text.licence(form.licence)
    return str(text)


def quotation(form: ResourceForm) -> str:
    """The excerpt as a quotation in Markdown, with whose words it is and where they stand."""
    if not form.excerpt:
        return ""
    lines = [plain_line(line) for line in form.excerpt.splitlines()]
    source = link(form.link, urlsplit(form.link).hostname or form.link)
    quoted = "\n".join(f"> {line}".rstrip() for line in [*lines, "", f"— {plain_line(form.excerpt_by)}, {source}"])
    whose = plain_line(form.excerpt_by)
    return f"{quoted}\n\nThe words above are quoted and remain those of {whose}; the licence is not for them."


def summary(form: ResourceForm, base_url: str) -> str:
    """One to three sentences without the title: all that a Mastodon reader sees besides it. Renders: use a thread."""
    return excerpt(rendered(form.text or form.how_i_use_it or quotation(form), base_url), SUMMARY_CHARACTERS)


def facts(form: ResourceForm) -> list[tuple[str, str]]:
    """Subject, level and time in words, what is missing left out."""
    time = f"{form.minutes} minutes" if form.minutes else ""
    pending = form.captions == "pending"
    captions = "Captions will follow" if pending and form.resource_type == "video" else ""
    transcript = "A transcript will follow" if pending and form.resource_type != "video" else ""
    pairs = [
        ("Subject", form.subject),
        ("Level", form.level),
        ("Teaches back", form.teaches),
        ("Time", time),
        ("Captions", captions),
        ("Transcript", transcript),
    ]
    return [(name, value) for name, value in pairs if value]


def _limits(form: ResourceForm) -> list[Invalid]:
    errors = []
    if form.resource_type not in TYPES:
        errors.append(Invalid("Choose what kind of thing it is.", field="resource_type"))
    limits = {
        "title": TITLE_CHARACTERS, "subject": 120, "level": 120, "text": 50_000, "how_i_use_it": LONG_TEXT,
        "transcript": 50_000, "chapters": 10_000, "link": 1000, "content_warning": 200,
        "excerpt": EXCERPT_CHARACTERS, "excerpt_by": 120,
        "teaches": TEACHES_CHARACTERS,
    }  # fmt: skip
    for field, limit in limits.items():
        if len(getattr(form, field)) > limit:
            errors.append(Invalid(f"Use at most {limit} characters.", field=field))
    if form.minutes is not None and not 1 <= form.minutes <= MOST_MINUTES:
        errors.append(Invalid("Write the minutes as a number, for example 10.", field="minutes"))
    if form.link and not is_web_address(form.link):
        errors.append(Invalid("Write the link in full, beginning with https://.", field="link"))
    if len(form.media_ids) > MAX_FILES:
        errors.append(Invalid(f"Add at most {MAX_FILES} pictures and files.", field="files"))
    if form.licence not in LICENCES:
        errors.append(Invalid("Choose one of the licences.", field="licence"))
    if form.language not in LANGUAGES:
        errors.append(Invalid("Choose the language it is in.", field="language"))
    return errors


def _clip(form: ResourceForm, files: list[MediaFile]) -> list[Invalid]:
    if form.resource_type != CLIP:
        return []
    errors = []
    if form.visibility not in CLIP_AUDIENCES:
        words = "A clip stays with the members of its community. Choose them as its audience."
        errors.append(Invalid(words, field="visibility"))
    if not form.teaches:
        errors.append(
            Invalid("Say in a few words what it teaches back, such as “why we carry the one”.", field="teaches")
        )
    lasts = sum(file.seconds or 0 for file in files if file.kind in _LASTING)
    if lasts > CLIP_SECONDS:
        errors.append(Invalid("A clip lasts at most three minutes. Make it shorter.", field="files"))
    if form.link and (form.minutes is None or form.minutes * 60 > CLIP_SECONDS):
        errors.append(Invalid("Say how many minutes it lasts: a clip has at most three.", field="minutes"))
    return errors


def _missing(form: ResourceForm, files: list[MediaFile]) -> list[Invalid]:
    errors = []
    if not form.title:
        errors.append(Invalid("Give it a title, so that colleagues can find it.", field="title"))
    if form.resource_type in _LINKED and not form.link:
        errors.append(Invalid("Paste the link.", field="link"))
    if form.resource_type in {"document", *_SPOKEN} and not form.link and not files:
        errors.append(Invalid("Add a file, or a link to it.", field="files"))
    if form.resource_type == "article" and not form.text and not form.link:
        errors.append(Invalid("Write or paste the article, or link to it.", field="text"))
    if form.resource_type == "article" and form.link and not form.text and not form.excerpt:
        words = "Quote a few sentences of it, so that something stays when the link is dead."
        errors.append(Invalid(words, field="excerpt"))
    if form.excerpt and not form.link:
        errors.append(Invalid("Paste the link to what you quote.", field="link"))
    if form.excerpt and not form.excerpt_by:
        errors.append(Invalid("Say whose words these are.", field="excerpt_by"))
    if form.resource_type == "interactive" and not form.how_i_use_it:
        errors.append(Invalid("Say how you use it. A tool without that helps nobody.", field="how_i_use_it"))
    if form.resource_type in _SPOKEN and form.captions not in CAPTIONS and not form.transcript:
        errors.append(
            Invalid(
                "Say whether there are captions or a transcript. If not yet, choose “will follow”.", field="captions"
            )
        )
    if form.resource_type not in _SPOKEN and any(file.kind == "audio" for file in files):
        errors.append(Invalid("Choose that it is a recording, so that it gets a transcript.", field="resource_type"))
    if form.resource_type not in {"video", CLIP} and any(file.kind == "video" for file in files):
        errors.append(Invalid("Choose that it is a video or a clip, so that it gets captions.", field="resource_type"))
    if any(file.needs_alt for file in files):
        errors.append(Invalid("Say what each picture shows, or that it is decoration.", field="alt"))
    if files and not form.nobody_identifiable:
        errors.append(Invalid("Check that nobody can be identified, and tick the box.", field="nobody_identifiable"))
    return errors
