"""What the server says in English on cards, in the reader's language; and German that speaks to everybody alike."""

import re

import pytest
from babel.messages.pofile import read_po

from server.posts.policy import KIND_LABELS, VISIBILITY_LABELS
from server.posts.shapes import LABELS
from server.rounds import actions
from server.rounds.actions import RoundForm
from tests.posting import community, document, join
from web.i18n import LOCALES, use_language
from web.labels import FIXED, OTHERWISE, said

FORMAL = re.compile(r"(?<=[a-zäöüß,…] )Sie\b|\bIhnen\b|\b[Bb]itte \w+en Sie\b")


@pytest.fixture
def german():
    use_language("de")
    yield
    use_language("en")


def test_every_kind_and_audience_has_its_words(german):
    named = {*KIND_LABELS.values(), *LABELS.values(), *VISIBILITY_LABELS.values(), "Another way"}
    assert named <= FIXED | OTHERWISE.keys()
    assert [said(text) for text in ("Round", "Reply", "Open", "Practice")] == ["Runde", "Antwort", "Offen", "Praxis"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3 of 6 heard", "3 von 6 gehört"),
        ("12 answers", "12 Antworten"),
        ("12 answers to choose from", "12 Antworten zur Wahl"),
        ("Members of 100% Science", "Mitglieder von 100% Science"),
        ("Old Hall, and online", "Old Hall, und online"),
        (
            "Tue 10 Nov 2026, 17:00 – Wed 11 Nov 2026, 18:00 (Europe/Berlin)",
            "Di., 10. Nov. 2026, 17:00 – Mi., 11. Nov. 2026, 18:00 (Europe/Berlin)",
        ),
        ("Room 3 of 6 heard", "Room 3 of 6 heard"),
        ("Tue 99 Nov 2026, 17:00", "Tue 99 Nov 2026, 17:00"),
        ("%(count)s answers", "%(count)s answers"),
    ],
)
def test_facts_are_said_and_what_somebody_typed_stays(german, text, words):
    assert said(text) == words
    use_language("en")
    assert said(text) == text


async def test_a_card_is_in_the_readers_language_and_the_wire_is_as_it_was(fediverse):
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    group = await community(maya, "science")
    await join(tom, group)
    post = await maya.do(actions.open_round, RoundForm(title="What do we stop doing?", community_id=group.id))
    async with fediverse.client(here, tom) as client:
        for language, words in (("de", ("Runde", "0 von 2 gehört")), ("en", ("Round", "0 of 2 heard"))):
            await here.run(here.db.execute, "UPDATE account SET language = :language", language=language)
            page = (await client.get("/c/science")).text
            assert [word in page for word in words] == [True, True], language
    assert "Runde" not in str((await document(fediverse, here, post.uri))[1])


def test_german_says_du_to_everybody():
    with (LOCALES / "de" / "LC_MESSAGES" / "peerhall.po").open("rb") as source:
        for message in read_po(source):
            words = message.string if isinstance(message.string, tuple) else (message.string,)
            assert not any(FORMAL.search(text) for text in words), message.id
