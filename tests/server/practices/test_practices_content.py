"""A practice as text: complete for those who see nothing else, and with no way out of its fields."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from server.practices.content import write
from server.practices.differences import Piece, changed, compare
from server.practices.form import Material, PracticeForm
from server.practices.mastodon import as_on_mastodon
from server.practices.wire import learning_object, minutes, read_learning
from server.practices.writing import embedded, rendered

ORIGIN = "https://alder.example"
FULL = PracticeForm(
    entry="full",
    title="Exit tickets",
    promise="You know tomorrow's start.",
    subject="Science",
    level="Year 8",
    group_size=28,
    minutes=5,
    setting="Classroom",
    constraints="No printer.",
    problem="I never know what they took home.",
    steps=("Ask *one* question.", "Sort the slips."),
    evidence="From 9 to 3.",
    certainty="tried",
    would_change="Two chairs.",
    materials=(Material("https://example.org/questions", "Twelve questions"),),
    licence="CC-BY-4.0",
)


def html(form: PracticeForm) -> str:
    return rendered(write(form, ORIGIN).source_md, ORIGIN)


def test_s20_fields_cannot_bring_markup() -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>[x](javascript:alert(1))"
    everywhere = replace(
        FULL,
        promise=evil,
        subject=evil,
        problem=evil,
        steps=(evil,),
        evidence=evil,
        would_change=evil,
        materials=(Material('https://e.example/"><script>', evil),),
    )
    shown = html(everywhere)
    assert "<script" not in shown
    assert "<img" not in shown
    assert 'href="javascript:' not in shown


def test_an_open_fence_does_not_swallow_the_next_part() -> None:
    shown = html(replace(FULL, problem="```\ncode", steps=("~~~\nmore",)))
    for heading in ("What I did", "What I saw", "What I would change", "Materials"):
        assert f"<h2>{heading}</h2>" in shown


def test_headings_inside_a_field_stay_below_ours() -> None:
    assert embedded("# Big\ntext\n```\n# code\n```") == "## Big\ntext\n```\n# code\n```"
    assert "<h3>Big</h3>" in html(replace(FULL, problem="# Big"))


def test_the_text_is_complete() -> None:
    shown = html(FULL)
    headings = ["What limited us", "The problem", "What I did", "What I saw", "What I would change", "Materials"]
    places = [shown.index(f"<h2>{heading}</h2>") for heading in headings]
    assert places == sorted(places)
    assert "<em>one</em>" in shown
    assert shown.count("<li>") == 3
    assert "Level: Year 8" in shown
    assert "How sure I am: tried a few times." in shown
    assert 'href="https://creativecommons.org/licenses/by/4.0/"' in shown


def test_the_summary_is_the_promise_or_the_problem() -> None:
    assert write(FULL, ORIGIN).summary == "You know tomorrow's start."
    assert write(replace(FULL, promise=""), ORIGIN).summary == "I never know what they took home."


def test_wire_fields_come_back_as_they_were() -> None:
    values = {
        "entry": "full",
        "promise": FULL.promise,
        "subject": FULL.subject,
        "level": FULL.level,
        "group_size": 28,
        "minutes": 5,
        "setting": FULL.setting,
        "constraints": FULL.constraints,
        "problem": FULL.problem,
        "steps": list(FULL.steps),
        "evidence": FULL.evidence,
        "certainty": "tried",
        "would_change": FULL.would_change,
        "materials": [{"url": "https://example.org/questions", "name": "Twelve questions"}],
    }
    document = learning_object(values, language="en", version=2)
    assert document["timeRequired"] == "PT5M"
    assert document["educationalLevel"] == ["Year 8"]
    assert read_learning(document) == values


def test_wire_nonsense_is_left_out() -> None:
    found = read_learning(
        {
            "ph:steps": ["one", 7, None, {"a": 1}, "x" * 90_000],
            "ph:certainty": "sworn",
            "ph:groupSize": "many",
            "timeRequired": ["PT5M"],
            "educationalLevel": {"x": 1},
            "ph:materials": [{"ph:url": "javascript:alert(1)"}, "text", {"ph:url": "https://ok.example/"}],
        }
    )
    assert found is not None
    assert found["steps"] == ["one", "x" * 10_000]
    assert (found["certainty"], found["group_size"], found["minutes"], found["level"]) == ("", None, None, "")
    assert found["materials"] == [{"url": "https://ok.example/", "name": ""}]
    assert read_learning({"ph:steps": "x"}) is not None
    assert read_learning({}) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TERMS = (
    "ph:steps",
    "ph:materials",
    "ph:groupSize",
    "timeRequired",
    "about",
    "educationalLevel",
    "ph:entry",
    "ph:promise",
)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from(TERMS), JSON))
def test_any_learning_object_is_read_or_left(learning: dict[str, object]) -> None:
    found = read_learning(learning)
    assert found is None or found["steps"]


def test_durations() -> None:
    assert minutes("PT1H30M") == 90
    assert minutes("P1DT5M") == 1445
    assert [minutes(value) for value in ("PT0M", "soon", "PT99999M", 5, None)] == [None] * 5


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="ab .\n", max_size=40), st.text(alphabet="ab .\n", max_size=40))
def test_differences_contain_both_texts(before: str, after: str) -> None:
    pieces = compare(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after
    assert changed(pieces) == (before != after)


def test_differences_read_as_words() -> None:
    assert compare("The cat sat", "The dog sat") == [
        Piece("same", "The "),
        Piece("removed", "cat"),
        Piece("added", "dog"),
        Piece("same", " sat"),
    ]


def test_mastodon_shows_title_summary_and_link_of_an_article() -> None:
    seen = as_on_mastodon(
        {
            "type": "Article",
            "name": "Exit <b>tickets",
            "summary": "<p>One line</p>",
            "content": "<h2>No</h2>",
            "url": "https://a.example/p/x",
        }
    )
    assert "<strong>Exit &lt;b&gt;tickets</strong>" in seen.html
    assert "One line" in seen.html
    assert "https://a.example/p/x" in seen.html
    assert "No" not in seen.html
    assert not seen.warning


def test_mastodon_shows_the_content_of_a_note_within_its_tags() -> None:
    files = [{"type": "Image", "mediaType": "image/webp", "url": "https://a.example/m", "name": "A slip"}] * 6
    seen = as_on_mastodon(
        {
            "type": "Note",
            "summary": "Grief",
            "content": '<h2>Head</h2><p><img src="x">a</p><table></table>',
            "attachment": files,
        }
    )
    assert seen.warning == "Grief"
    assert "<p><strong>Head</strong></p>" in seen.html
    assert "<img" not in seen.html
    assert "<table" not in seen.html
    assert (len(seen.pictures), seen.left_out) == (4, 2)
