"""A co-author's change in an `Offer`, and the digest by which the home of a practice knows what was changed.

Both sides reckon the digest from what travels, read as the other side reads it; so a copy that came whole gives the
same one as the home, whatever number its version has there.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace

from server.practices.form import Material, PracticeForm
from server.practices.wire import learning_object, read_learning, text
from server.text import clean_text

KIND = "practice edit"
BASE = "ph:base"
NOBODY = "ph:nobodyIdentifiable"
TITLE_CHARACTERS = 150
FIELDS = (
    "entry", "promise", "subject", "level", "group_size", "minutes", "setting", "constraints", "problem", "evidence",
    "certainty", "would_change",
)  # fmt: skip
"""What a co-author changes, besides title, steps and materials. Files, licence, language, content note and audience
stay the author's."""


def values_of(form: PracticeForm) -> dict[str, object]:
    """The words of a form as JSON, as they are stored and sent."""
    return {
        "title": form.title,
        **{name: getattr(form, name) for name in FIELDS},
        "steps": list(form.steps),
        "materials": [asdict(item) for item in form.materials],
        "nobody_identifiable": form.nobody_identifiable,
    }


def changed(form: PracticeForm, values: Mapping[str, object]) -> PracticeForm:
    """The form with the words that a co-author gave it; all else stays as it is."""
    steps, materials = values.get("steps"), values.get("materials")
    words: dict[str, object] = {name: values[name] for name in FIELDS if name in values}
    return replace(
        form,
        **words,  # type: ignore[arg-type]  # they were read as the columns of a practice are
        title=str(values.get("title", "")),
        steps=tuple(str(step) for step in steps) if isinstance(steps, list) else (),
        materials=tuple(Material(**item) for item in materials) if isinstance(materials, list) else (),
        nobody_identifiable=form.nobody_identifiable or values.get("nobody_identifiable") is True,
    )


def digest(form: PracticeForm) -> str:
    """What tells one version from another: its title and words, as they are read by whoever gets them."""
    read = read_learning(learning_object(values_of(form), language="en", version=1))
    return hashlib.sha256(json.dumps([_line(form.title), read], sort_keys=True).encode()).hexdigest()


def edit_object(values: Mapping[str, object], base: str, *, offer: str, by: str) -> dict[str, object]:
    """The object of an `Offer`: what the practice should say, made from the version with the digest `base`."""
    return {
        "id": f"{offer}#practice",
        "type": "Document",
        "kind": KIND,
        "attributedTo": by,
        "name": values["title"],
        BASE: base,
        NOBODY: values["nobody_identifiable"] is True,
        "learning": learning_object(values, language="en", version=1),
    }


def read_edit(document: Mapping[str, object]) -> tuple[dict[str, object], str] | None:
    """What a co-author elsewhere wants a practice to say, and the digest of what they changed; None for nonsense."""
    learning, base = document.get("learning"), document.get(BASE)
    read = read_learning(learning) if isinstance(learning, Mapping) else None
    title = _line(text(document.get("name"), TITLE_CHARACTERS))
    if document.get("kind") != KIND or read is None or not title or not isinstance(base, str) or len(base) != 64:
        return None
    return {**read, "title": title, "nobody_identifiable": document.get(NOBODY) is True}, base


def _line(words: str) -> str:
    return " ".join(clean_text(words).split())[:TITLE_CHARACTERS]
