"""What keeps a practice from being shared, and what does not."""

from dataclasses import replace

import pytest

from server.errors import Invalid
from server.media.queries import MediaFile
from server.practices.form import TIP_CHARACTERS, Material, PracticeForm, check, check_draft, tidy

QUICK = PracticeForm(title="Exit tickets", steps=("Ask one.",), would_change="Two chairs.", licence="CC-BY-4.0")
FULL = replace(QUICK, entry="full", promise="You know tomorrow's start.", problem="I never know what they took home.")
TIP = PracticeForm(entry="tip", text="Start with the odd one out.", licence="CC-BY-4.0")


def picture(*, alt: str = "", decorative: bool = False, kind: str = "image") -> MediaFile:
    return MediaFile("m1", kind, "/media/m1", "/media/m1", "image/webp", 9, 4, 3, alt, decorative, "slip.png", False)


def fields(form: PracticeForm, files: list[MediaFile] | None = None) -> set[str]:
    with pytest.raises(Invalid) as refused:
        check(tidy(form, "CC-BY-4.0"), files or [])
    return {error["field"] for error in refused.value.errors}


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        (replace(QUICK, title="  "), {"title"}),
        (replace(QUICK, steps=("", "  ")), {"steps"}),
        (replace(QUICK, would_change=""), {"would_change"}),
        (replace(FULL, would_change=""), {"would_change"}),
        (replace(FULL, promise="", problem=""), {"promise", "problem"}),
        (replace(QUICK, minutes=-1, group_size=0), {"minutes", "group_size"}),
        (replace(QUICK, evidence="9 of 30", nobody_identifiable=True), {"certainty"}),
        (replace(QUICK, evidence="9 of 30", certainty="measured"), {"nobody_identifiable"}),
        (replace(QUICK, certainty="surely"), {"certainty"}),
        (replace(QUICK, licence="MINE"), {"licence"}),
        (replace(QUICK, language="xx"), {"language"}),
        (replace(QUICK, materials=(Material("javascript:alert(1)"),)), {"material_url"}),
        (replace(QUICK, materials=(Material("https://user@host.example/"),)), {"material_url"}),
        (replace(QUICK, materials=(Material("", "a name alone"),)), {"material_url"}),
        (replace(QUICK, title="x" * 151), {"title"}),
        (replace(TIP, text=""), {"text"}),
        (replace(TIP, text="x" * (TIP_CHARACTERS + 1)), {"text"}),
        (replace(QUICK, entry="essay"), {"speed"}),
    ],
)
def test_what_is_missing_or_wrong_is_named(form: PracticeForm, wrong: set[str]) -> None:
    assert fields(form) == wrong


def test_all_errors_come_at_once() -> None:
    assert fields(PracticeForm(entry="full")) == {"title", "promise", "problem", "steps", "would_change"}


def test_a_picture_needs_words_and_the_check_that_nobody_is_on_it() -> None:
    assert fields(QUICK, [picture()]) == {"alt", "nobody_identifiable"}
    assert fields(replace(QUICK, nobody_identifiable=True), [picture()]) == {"alt"}
    check(tidy(replace(QUICK, nobody_identifiable=True), "CC-BY-4.0"), [picture(decorative=True)])


def test_a_tip_takes_one_picture_and_no_file() -> None:
    tip = replace(TIP, nobody_identifiable=True)
    assert fields(tip, [picture(alt="a"), picture(alt="b")]) == {"files"}
    assert fields(tip, [picture(kind="document")]) == {"files"}
    check(tidy(tip, "CC-BY-4.0"), [picture(alt="a slip")])


def test_a_draft_may_lack_anything_but_not_be_nonsense() -> None:
    check_draft(tidy(PracticeForm(entry="full"), "CC-BY-4.0"))
    with pytest.raises(Invalid):
        check_draft(PracticeForm(minutes=-1, licence="CC-BY-4.0"))


def test_a_complete_form_is_taken() -> None:
    check(tidy(QUICK, "CC-BY-4.0"), [])
    check(tidy(replace(FULL, evidence="9 of 30", certainty="hunch", nobody_identifiable=True), "CC-BY-4.0"), [])
    check(tidy(TIP, "CC-BY-4.0"), [])


def test_the_licence_is_the_default_of_the_place_unless_chosen() -> None:
    assert tidy(PracticeForm(), "CC-BY-SA-4.0").licence == "CC-BY-SA-4.0"
    assert tidy(PracticeForm(licence="CC0-1.0"), "CC-BY-SA-4.0").licence == "CC0-1.0"
