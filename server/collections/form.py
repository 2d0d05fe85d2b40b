"""What a person fills in to gather things, and what must be there."""

from dataclasses import dataclass, replace

from server.collections.policy import INTRO, MOST, WHY
from server.errors import Invalid
from server.posts.form import MAX_TITLE
from server.text import LANGUAGES


@dataclass(frozen=True, slots=True)
class ItemForm:
    """One thing, by its ActivityPub id, and why it is there."""

    uri: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class CollectionForm:
    """All that a collection says."""

    title: str = ""
    intro: str = ""
    is_path: bool = False
    members_add: bool = False
    items: tuple[ItemForm, ...] = ()
    gone: tuple[str, ...] = ()
    """Ids of what was taken out. What is neither here nor in `items` came in after the form was opened: it stays."""
    language: str = "en"
    visibility: str = ""
    community_id: str | None = None


def tidy(form: CollectionForm) -> CollectionForm:
    """The form with one-line fields on one line, and everything in it once."""
    items = {item.uri: replace(item, why=" ".join(item.why.split())) for item in reversed(form.items)}
    return replace(
        form,
        title=" ".join(form.title.split()),
        intro=form.intro.strip(),
        items=tuple(reversed(items.values())),
        members_add=form.members_add and form.community_id is not None,
    )


def check(form: CollectionForm) -> None:
    """Raise Invalid with everything that is wrong in a tidy form."""
    errors = []
    if not form.title:
        errors.append(Invalid("Give it a title, so that people can find it.", field="title"))
    if len(form.title) > MAX_TITLE:
        errors.append(Invalid(f"Use at most {MAX_TITLE} characters.", field="title"))
    if len(form.intro) > INTRO:
        errors.append(Invalid(f"Use at most {INTRO} characters.", field="intro"))
    if not form.items:
        errors.append(Invalid("Put the first thing in: paste the address of its page.", field="address"))
    if len(form.items) > MOST:
        errors.append(Invalid(f"At most {MOST} things are in a collection. Begin a second one.", field="address"))
    for number, item in enumerate(form.items, 1):
        errors += why_errors(item.why, f"why-{number}")
    if form.language not in LANGUAGES:
        errors.append(Invalid("Choose the language it is in.", field="language"))
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))


def why_errors(why: str, field: str) -> list[Invalid]:
    """What is wrong with the sentence of one thing."""
    if not why:
        return [Invalid("Say in one sentence why this is in it.", field=field)]
    return [Invalid(f"Use at most {WHY} characters.", field=field)] if len(why) > WHY else []
