"""docs/features.md says which tests prove what, no more and no less."""

from tests.project.features import GROUPS, PAGE, STATES, features, named, page
from tests.project.reading import ROOT

DUE = "run: make features"


def test_each_row_has_an_id_a_state_and_words() -> None:
    ids = [feature.id for feature in features()]
    assert len(ids) == len(set(ids))
    for feature in features():
        assert feature.id[0] in GROUPS, feature.id
        assert feature.state in STATES, feature.id
        assert feature.what, feature.id
        assert not feature.missing or feature.state == "partly", f"{feature.id} is built, or is not"


def test_what_is_there_has_tests_and_what_is_not_has_none() -> None:
    for feature in features():
        assert (feature.id in named()) == (feature.state != "not yet"), f"{feature.id} is said to be {feature.state}"


def test_tests_name_only_rows_that_there_are() -> None:
    known = {feature.id for feature in features()}
    assert set(named()) - known == set()


def test_files_and_folders_that_are_about_one_row_are_there() -> None:
    assert [place for feature in features() for place in feature.places if not (ROOT / place).exists()] == []


def test_the_page_is_what_the_tests_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), DUE
