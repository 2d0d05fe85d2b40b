"""Formats of conversations (D5, D15): what a conversation asks of its answers, and which part each answer has in it.

All of it is kept among the facts of posts (`Post.particulars`). Readers elsewhere get it as words in the text; the
terms beside that only say where an answer belongs on the page.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from federation.vocab.base import timestamp_of
from federation.vocab.objects import RemotePost
from server.text import clean_text, plain

FORMATS: dict[str, tuple[str, ...]] = {
    "sides": ("for", "against"),
    "fishbowl": ("inside", "outside"),
    "feedback": (),
}
"""Formats, each with the parts that its answers have. With ``sides``, another way (`policy.ANOTHER_WAY`) is a third."""
PARTS = frozenset(part for parts in FORMATS.values() for part in parts)
SAYING_BACK = frozenset({"feedback"})
"""Formats whose answers begin by saying back what one heard."""
SENTENCE, SUMMARY = 500, 2_000
SEATED = "fishbowl"
"""The format that has seats, if its author says how many: one of NUMBERS_OF_SEATS."""
NUMBERS_OF_SEATS = range(2, 7)
FORMAT, PART, HEARD, SUMMED_UP, SEATS, STOOD_UP = "format", "part", "heard", "summed-up", "seats", "stood-up"
KEYS = frozenset({FORMAT, PART, HEARD, SUMMED_UP, SEATS, STOOD_UP})

_WORDS = {
    "en": {
        "sides": "For, against, or another way? Say why, and take up the strongest reason of the other side."
        " Elsewhere, write #for, #against or #anotherway in your answer.",
        "fishbowl": "A few speak in the middle, the others listen, and may step in where something is missing."
        " Elsewhere, write #inside or #outside in your answer.",
        SEATS: "%d people speak in the middle: who begins has a seat, and gives it up by answering from outside."
        " The others listen, and step in where a seat is free and something is missing."
        " Elsewhere, write #inside or #outside in your answer.",
        "feedback": "Feedback, please. Begin with one sentence that says back what you heard;"
        " then what works, what you wonder about, and what could be next.",
        "for": "For",
        "against": "Against",
        "inside": "From the middle",
        "outside": "From outside",
        HEARD: "What I heard:",
        SUMMED_UP: "What came of it:",
    },
    "de": {
        "sides": "Dafür, dagegen oder anders? Sag, warum, und geh auf den stärksten Grund der anderen ein."
        " Anderswo schreibst du #for, #against oder #anotherway in die Antwort.",
        "fishbowl": "Einige sprechen in der Mitte, die anderen hören zu und steigen ein, wo etwas fehlt."
        " Anderswo schreibst du #inside oder #outside in die Antwort.",
        SEATS: "%d Leute sprechen in der Mitte: Wer anfängt, hat einen Platz und gibt ihn mit einer Antwort von außen"
        " wieder frei. Die anderen hören zu und steigen ein, wo ein Platz frei ist und etwas fehlt."
        " Anderswo schreibst du #inside oder #outside in die Antwort.",
        "feedback": "Rückmeldungen, bitte. Beginn mit einem Satz, der wiedergibt, was du gehört hast;"
        " dann, was gelingt, was du dich fragst und was als Nächstes kommen könnte.",
        "for": "Dafür",
        "against": "Dagegen",
        "inside": "Aus der Mitte",
        "outside": "Von außen",
        HEARD: "Was ich gehört habe:",
        SUMMED_UP: "Was dabei herauskam:",
    },
}
_HEARD = re.compile(
    r"\s*\*\*(?:" + "|".join(re.escape(words[HEARD]) for words in _WORDS.values()) + r")\*\*[ \t]+(\S[^\n]*)"
)
_MARKUP = re.compile(r"([\\`*_\[\]<>#&!|~@])")


@dataclass(frozen=True, slots=True)
class Formed:
    """What a post says of formats: a conversation its `format` and what it was `summed_up` to; an answer its `part`.

    `heard` is the sentence in which an answer says back what its author heard. `seats` are those of a fishbowl, 0 where
    nobody counts them; `stood_up` is when somebody gave up the seat from which they answered, as on the wire.
    """

    format: str = ""
    part: str = ""
    heard: str = ""
    summed_up: str = ""
    seats: int = 0
    stood_up: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that its answers have."""
        return FORMATS.get(self.format, ())

    @property
    def says_back(self) -> bool:
        """Whether its answers begin by saying back what was heard."""
        return self.format in SAYING_BACK


NONE = Formed()


def formed(particulars: Sequence[Sequence[str]] | None) -> Formed:
    """What the facts of a post say of formats."""
    facts = {item[0]: item[1] for item in particulars or ()}
    return Formed(
        format=facts.get(FORMAT, ""),
        part=facts.get(PART, ""),
        heard=facts.get(HEARD, ""),
        summed_up=facts.get(SUMMED_UP, ""),
        seats=int(facts.get(SEATS, 0)),
        stood_up=facts.get(STOOD_UP, ""),
    )


def loaded(stored: str | None) -> list[list[str]]:
    """The facts of a row that was read by a statement of its own."""
    found: list[list[str]] = json.loads(stored or "[]")
    return found


def with_facts(particulars: Sequence[Sequence[str]] | None, **said: str) -> list[list[str]] | None:
    """The facts of a post with other ones of formats; an empty one is left out."""
    new = {FORMAT: said.get("format"), PART: said.get("part"), HEARD: said.get("heard")}
    new |= {SUMMED_UP: said.get("summed_up"), SEATS: said.get("seats"), STOOD_UP: said.get("stood_up")}
    changed = {key: words for key, words in new.items() if words is not None}
    kept = [list(item) for item in particulars or () if item[0] not in changed]
    return kept + [[key, words] for key, words in changed.items() if words] or None


def heard_in(source: str) -> str:
    """The sentence at the top of an answer that says back what was heard; empty where there is none."""
    found = _HEARD.match(source)
    return re.sub(r"\\(.)", r"\1", found.group(1)).strip() if found else ""


def say_back(sentence: str, text: str, language: str) -> str:
    """An answer with the sentence on top, as Markdown."""
    plainly = _MARKUP.sub(r"\\\1", sentence)
    return f"**{_words(language)[HEARD]}** {plainly}\n\n{text}"


def around(particulars: Sequence[Sequence[str]] | None, language: str) -> tuple[str, str]:
    """HTML before and after the text of a post of ours, for those who read nothing but the text."""
    said, words = formed(particulars), _words(language)
    before = f"<p><strong>{words[said.part]}</strong></p>" if said.part in PARTS else ""
    if said.summed_up:
        summary = escape(said.summed_up, quote=False).replace("\n", "<br>")
        before += f"<p><strong>{words[SUMMED_UP]}</strong> {summary}</p>"
    asks = words[SEATS] % said.seats if said.seats else words.get(said.format, "")
    return before, f"<p><em>{asks}</em></p>" if said.format in FORMATS else ""


def wire(particulars: Sequence[Sequence[str]] | None) -> dict[str, object]:
    """The terms of a document of ours."""
    said = formed(particulars)
    terms: dict[str, object] = {"ph:format": said.format, "ph:part": said.part, "ph:heard": said.heard}
    terms |= {"ph:summedUp": said.summed_up, "ph:seats": said.seats, "ph:stoodUp": said.stood_up}
    return {term: words for term, words in terms.items() if words}


def read(remote: RemotePost, kind: str) -> list[list[str]]:
    """What a post of anybody's says of formats; what is unknown, or stands where it means nothing, is left out.

    Only conversations have one: elsewhere nobody is asked for a part, and nobody is to be blamed for having none.

    A sentence that says something back counts only where it stands in the text. Software without parts uses hashtags.
    """
    raw = remote.raw
    if remote.in_reply_to is None:
        chosen = raw.get("ph:format")
        if kind != "discussion" or not isinstance(chosen, str) or chosen not in FORMATS:
            return []
        summary = _text(raw.get("ph:summedUp"), SUMMARY)
        seats = raw.get("ph:seats") if chosen == SEATED else None
        counted = str(seats) if type(seats) is int and seats in NUMBERS_OF_SEATS else ""
        return with_facts(None, format=chosen, summed_up=summary, seats=counted) or []
    part, tags = raw.get("ph:part"), {tag.lower() for tag in remote.hashtags} & PARTS
    if not isinstance(part, str) or part not in PARTS:
        part = tags.pop() if len(tags) == 1 else ""
    heard = " ".join(_text(raw.get("ph:heard"), SENTENCE).split())
    if heard not in " ".join(plain(remote.content_html).split()):
        heard = ""
    stood_up = _text(raw.get("ph:stoodUp"), 50) if part else ""
    if timestamp_of(stood_up) is None:
        stood_up = ""
    return with_facts(None, part=part, heard=heard, stood_up=stood_up) or []


def _words(language: str) -> dict[str, str]:
    return _WORDS.get(language.partition("-")[0], _WORDS["en"])


def _text(value: object, most: int) -> str:
    return clean_text(value[:most]).strip() if isinstance(value, str) else ""
