"""The words of pages are plain (N14): short sentences, no jargon where educators read, and help that is easy to read.

That the German catalogue is whole says `tests/web/test_labels.py`; this is about the English that all is made from.
"""

import re
from collections.abc import Iterator

import pytest
from babel.messages.pofile import read_po

from tests.project.reading import ROOT

CATALOGUE = ROOT / "web" / "locale" / "de" / "LC_MESSAGES" / "peerhall.po"
MOST_WORDS = 30
"""In a sentence of a button, label, hint or error; help explains, and may take a few more."""
MOST_WORDS_OF_HELP = 34
LEAST_EASE = 70
"""Reading ease after Flesch (1948): from 70 on, people of thirteen read it easily."""
JARGON = re.compile(
    r"ActivityPub|ActivityStreams|WebFinger|WebAuthn|NodeInfo|OAuth|OIDC|TOTP|fediverse|federat\w*|defederat\w*|\bAPI\b|JSON|\binbox\w*"
    r"|\boutbox\w*|\btokens?\b|\bURIs?\b|\bURLs?\b|\bHTTPS?\b|\bTLS\b|\bDNS\b|\bSQL\b|\bIDs?\b|\bcach\w+|\bdatabases?\b"
    r"|\bpayloads?\b|\bendpoints?\b|\bwebhooks?\b|\bschemas?\b|\bmetadata\b|\bquer(?:y|ies)\b|\btimestamps?\b|\bactors?\b"
    r"|\bbackend\b|\bfrontend\b|\bslugs?\b|\binstances\b|\bcron\b|\bregex\w*|\bsynchron\w*",
    re.IGNORECASE,
)
FOR_THE_TECHNICAL = (
    "web/admin/",  # whoever runs the server has to know what it says to others
    "web/oidc/admin",  # the same, for signing in with accounts of the organisation
    "web/oauth/",  # people who make a token for a script of theirs
    "web/help/scripts.html",  # people who write scripts
    "web/demo/",  # the tour shows those who ask what goes from server to server
    "web/webhooks/",  # the name under which Slack, Mattermost and Teams list it
)
MAY_SAY = {
    ("web/help/help.html", "fediverse"): "what people who come from there call it",
    ("web/welcome/servers.html", "json"): "the link is for programs, and says so",
    ("web/privacy/data.html", "activitystreams"): "the name of the form, for whoever takes an archive elsewhere",
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|<[^>]+>|&\w+;")


def _messages() -> Iterator[tuple[str, list[str]]]:
    """Each English message as people read it, and the files it stands in."""
    with CATALOGUE.open("rb") as file:
        for message in read_po(file):
            for text in message.id if isinstance(message.id, tuple | list) else [message.id]:
                if text:
                    yield (
                        PLACEHOLDER.sub("Maya" if "%(" in text else "", text),
                        [place for place, _ in message.locations],
                    )


def _sentences(text: str) -> list[list[str]]:
    return [found for part in re.split(r"(?<=[.!?:;])\s+|\n", text) if (found := re.findall(r"[\w’'-]+", part))]


def test_n14_no_sentence_is_too_long_for_a_corridor() -> None:
    long = [
        f"{len(words)} words in {places[0]}: {' '.join(words)}"
        for text, places in _messages()
        for words in _sentences(text)
        if len(words) > (MOST_WORDS_OF_HELP if all("/help/" in place for place in places) else MOST_WORDS)
    ]
    assert not long, "make two sentences of these:\n" + "\n".join(long)


def test_n14_pages_for_educators_have_no_jargon() -> None:
    said = [
        f"{word!r} in {place}: {text}"
        for text, places in _messages()
        for word in JARGON.findall(text)
        for place in places
        if not place.startswith(FOR_THE_TECHNICAL) and (place, word.lower()) not in MAY_SAY
    ]
    assert not said, "say these in words of teachers, or why not:\n" + "\n".join(said)


@pytest.mark.parametrize("page", ["web/help/help.html", "web/welcome/", "web/accounts/", "web/communities/"])
def test_n14_help_and_first_pages_are_easy_to_read(page: str) -> None:
    texts = [text for text, places in _messages() if places[0].startswith(page) and len(text.split()) > 5]
    sentences = [sentence for text in texts for sentence in _sentences(text)]
    words = [word for sentence in sentences for word in sentence]
    assert len(words) > 100
    syllables = sum(_syllables(word) for word in words)
    ease = 206.835 - 1.015 * len(words) / len(sentences) - 84.6 * syllables / len(words)
    assert ease >= LEAST_EASE, f"{page}: {ease:.0f}"


def _syllables(word: str) -> int:
    """Groups of vowels, without an e that is not heard."""
    word = re.sub(r"(?:[^laeiouy]es|ed|[^laeiouy]e)$", "", word.lower())
    return max(1, len(re.findall(r"[aeiouy]+", word)))
