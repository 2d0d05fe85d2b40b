"""FEDERATION.md says what each grade does, exactly as the code has it."""

import re

from server.peers import policy
from tests.project.reading import ROOT, table

FEDERATION = ROOT / "FEDERATION.md"


def test_the_table_of_grades_is_the_codes_own() -> None:
    said = {
        row[0].strip("` "): [cell.strip() for cell in row[1:]] for row in table(FEDERATION, "### What a grade does")
    }
    yes = {True: "yes", False: "no"}
    assert said == {
        grade: [
            yes[line.receives],
            yes[line.sends],
            line.holds,
            yes[line.found],
            yes[line.strangers_notify],
            yes[line.letters],
            yes[line.media],
            yes[line.shown],
            yes[line.is_network],
        ]
        for grade, line in policy.OF_GRADE.items()
    }


def test_what_comes_in_through_a_window_is_listed() -> None:
    text = FEDERATION.read_text(encoding="utf-8")
    match = re.search(r"takes `Follow` and what ends or answers\nsomething \(([^)]*)\)", text)
    assert match is not None
    assert {"Follow", *re.findall(r"`(\w+)`", match[1])} == policy.IN_A_WINDOW


def test_what_never_waits_is_listed() -> None:
    text = FEDERATION.read_text(encoding="utf-8")
    match = re.search(r"never waits \(([^)]*)\)", text)
    assert match is not None
    assert set(re.findall(r"`(\w+)`", match[1])) == policy.PASSES_THOUGH_HELD
