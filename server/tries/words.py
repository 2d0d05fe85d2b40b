"""How it went, read off a sentence such as "#triedit worked with changes: used sticky notes".

In English and German, in any case, with any HTML around it, as apps of Mastodon and others send it.
"""

import re
from dataclasses import dataclass

from server.text import plain
from server.tries.form import LINE

MOST = 5000
_TAG = re.compile(r"#\s?tried[-_]?it\b[\s:,.;!–—-]*", re.IGNORECASE)
_NAMES = re.compile(r"(?<!\S)@[\w.-]+(?:@[\w.:-]+)?")
_CLAUSE = re.compile(r"[:.;!?\n]|\s[–—-]\s")
_NOT = r"(?:not|n['’]?t|never|hardly|nicht|kaum)"
_OUTCOMES = (
    ("stopped-early", r"\bstopped\b|\bgave up\b|\babandoned\b|\bbroke off\b|\babgebrochen\b|\baufgegeben\b"),
    (
        "did-not-work",
        rf"{_NOT}\b[\w\s]{{0,12}}\b(?:work|geklappt|funktioniert)|\bfailed\b|\bflopped\b|\bgescheitert\b"
        rf"|\b(?:klappte|funktionierte)\s{_NOT}",
    ),
    (
        "worked",
        r"\b(?:no|without|ohne)\s+(?:any\s+)?(?:changes?|änderung)|\bas\s+(?:it\s+)?is\b|\bunchanged\b"
        rf"|{_NOT}\s+(?:chang|änder)",
    ),
    ("worked-with-changes", r"\bchang(?:es?|ed|ing)\b|\badapt\w*|\bmodif\w*|\btweak\w*|\bänderung\w*|\bangepasst\b"),
    ("worked", r"\bwork(?:s|ed|ing)?\b|\bsuccess\w*|\bgeklappt\b|\bfunktioniert\w*|\bklappte\b"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a reply says: the outcome, and the rest of it in one line."""

    outcome: str
    more: str


def said_in(html: str) -> Said | None:
    """What a reply with the hashtag says; None without it, or where it does not say how it went."""
    if "tried" not in html.lower():
        return None
    words = _NAMES.sub(" ", plain(html)[:MOST])
    tag = _TAG.search(words)
    if tag is None:
        return None
    after = words[tag.end() :].strip()
    head, cut, rest = _parted(after)
    for part in (head, after, words[: tag.start()]):
        outcome = _outcome(part)
        if outcome is not None:
            return Said(outcome, (rest if part is head and cut else "").strip()[:LINE])
    return None


def _parted(text: str) -> tuple[str, str, str]:
    found = _CLAUSE.search(text)
    return (text, "", "") if found is None else (text[: found.start()], found[0], " ".join(text[found.end() :].split()))


def _outcome(text: str) -> str | None:
    lowered = text.lower()
    return next((outcome for outcome, pattern in _OUTCOMES if re.search(pattern, lowered)), None)
