"""What somebody saw, piece by piece, each with its kind (C23): in the form, on the page, on other servers."""

import re

from hypothesis import given
from hypothesis import strategies as st

from server.practices.evidence import KINDS, MOST, Piece, joined, pieces
from tests.conftest import Fediverse
from tests.posting import document, follow, found
from tests.web.practices.test_practice_pages import check

SAID = [
    Piece("observation", "Two *asked* again."),
    Piece("numbers", "From 9 to 3:\n\n```\n**Quotation**\n9 3"),
    Piece("quote", "“I could explain this.”"),
]
PRACTICE = {
    "speed": "quick",
    "title": "Exit tickets",
    "steps": ["Ask.", "Sort."],
    "would_change": "Two chairs.",
    "licence": "CC-BY-4.0",
    "language": "en",
    "visibility": "public",
    "evidence": [piece.text for piece in SAID],
    "evidence_kind": ["observation", "", "quote"],
    "certainty": "tried",
    "share": "1",
}


@given(
    st.lists(
        st.builds(Piece, st.sampled_from([*KINDS, ""]), st.text(alphabet="a*`~#\n >Quotain", max_size=40)), max_size=6
    )
)
def test_c23_pieces_are_the_same_after_they_were_one_text(said: list[Piece]) -> None:
    once = pieces(joined(said))
    assert pieces(joined(once)) == once
    assert len(once) <= MOST + 1
    everything = "".join(joined(said).split())
    assert all("".join(piece.text.split()) in everything for piece in said)


def test_c23_a_kind_inside_of_code_is_code_and_what_has_none_stays_without() -> None:
    assert [piece.kind for piece in pieces(joined(SAID))] == ["observation", "numbers", "quote"]
    assert pieces("From 9 to 3.") == [Piece("", "From 9 to 3.")]
    assert pieces("") == pieces("**Quotation**\n\n") == []
    assert pieces("Before.\n**Numbers**\n9") == [Piece("", "Before."), Piece("numbers", "9")]


async def test_c23_each_piece_says_its_kind_and_nobody_can_be_identified(fediverse: Fediverse) -> None:
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    await follow(tom, maya)
    await fediverse.settle()
    async with fediverse.client(maya.here, maya) as client:
        page = (await client.get("/practices/new")).text
        check(page)
        assert page.count('name="evidence_kind"') == 1
        refused = await client.post("/practices/new", data=PRACTICE)
        assert refused.status_code == 422
        check(refused.text)
        assert "Say of everything that you saw what kind it is." in refused.text
        assert "Check that nobody can be identified" in refused.text
        assert all(words in refused.text for words in ("Two *asked* again.", "From 9 to 3", "I could explain this."))
        told = {**PRACTICE, "evidence_kind": ["observation", "numbers", "quote"]}
        more = (await client.post("/practices/new", data={**told, "share": "", "add_evidence": "1"})).text
        assert more.count('name="evidence_kind"') == 4
        tip = (await client.post("/practices/new", data={**told, "share": "", "to_speed": "tip"})).text
        assert tip.count('name="evidence_kind" value="') == 3
        assert (await client.post("/practices/new", data=told)).status_code == 422  # the box
        shared = await client.post("/practices/new", data={**told, "nobody_identifiable": "1"})
        assert shared.status_code == 303
        path = shared.headers["location"]
        edit = (await client.get(f"{path}/edit")).text
        assert re.findall(r'<option value="(\w+)" selected', edit.partition("evidence")[2])[:3] == [
            "observation", "numbers", "quote",
        ]  # fmt: skip
    await fediverse.settle()
    uri = await maya.here.run(maya.here.db.value, "SELECT uri FROM post WHERE kind = 'practice'")
    wire = (await document(fediverse, maya.here, uri))[1]
    assert wire["learning"]["ph:evidence"].startswith("**Observation**\n\nTwo *asked* again.\n\n**Numbers**")
    for words in ("<strong>Observation</strong>", "<strong>Numbers</strong>", "<strong>Quotation</strong>"):
        assert words in wire["content"]
    async with fediverse.client(tom.here, tom) as client:
        short = (await found(tom.here, uri)).short
        page = (await client.get(f"/p/{short}", follow_redirects=True)).text
        check(page)
        sheet = (await client.get(f"/p/{short}/sheet")).text
    for shown in (page, sheet):
        assert shown.count('class="kicker">') >= 3
        assert re.search(r'"kicker">Numbers</p><p>From 9 to 3:</p>', shown)
        assert "**" not in shown.partition("What I saw")[2].partition("How sure")[0].replace("**Quotation**\n9 3", "")
