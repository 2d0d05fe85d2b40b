"""Reports and counts from the wire: whatever comes, nothing but our own words and bounded numbers gets through."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from server.tries.bands import FIELDS, OUTCOMES, Bands, bands_of
from server.tries.wire import (
    MAX_COUNT,
    Counts,
    counts_json,
    counts_of,
    read_trials,
    read_tried,
    total_of,
    trials,
    tried_object,
    version_of,
)
from server.tries.words import said_in

PRACTICE = "https://alder.example/ap/p/1"
AT = datetime(2026, 1, 15, 10, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
TERMS = ("ph:context", "ph:changedSteps", "ph:changed", "ph:saw", "ph:mayContact", "ph:practiceVersion")
BANDS = st.builds(Bands, **{name: st.sampled_from(["", *bands]) for name, bands in FIELDS.items()})
COUNTS = st.dictionaries(st.tuples(st.sampled_from(list(OUTCOMES)), BANDS), st.integers(1, 1000), max_size=20)


@given(
    st.fixed_dictionaries({"ph:outcome": st.sampled_from(list(OUTCOMES)) | JSON}, optional=dict.fromkeys(TERMS, JSON))
)
def test_any_report_is_read_or_none(value):
    told = read_tried(value)
    if told is not None:
        assert told.outcome in OUTCOMES
        assert all(getattr(told.context, name) in {"", *bands} for name, bands in FIELDS.items())
        assert max(len(told.changed), len(told.saw)) <= 300
        assert 1 <= told.version <= 100_000


@given(JSON)
def test_any_json_makes_no_counts_of_another_practice(value):
    assert read_tried(value) is None
    assert read_trials(value, PRACTICE) is None or not isinstance(value, dict)
    assert read_trials({"id": "https://birch.example/x", "trialCounts": value}, PRACTICE) is None


@given(JSON)
def test_counts_are_bounded(value):
    said = {"ph:practice": PRACTICE, "ph:organisations": value, "ph:groups": value}
    told = read_trials({"id": f"{PRACTICE}/trials", "trialCounts": said}, PRACTICE)
    assert told.counts.total <= MAX_COUNT * 500
    assert told.counts.organisations <= told.counts.total


@given(COUNTS, st.integers(0, 50))
def test_counts_come_back_as_they_were_told(groups, organisations):
    counts = Counts(groups, min(organisations, sum(groups.values())))
    told = read_trials(trials(f"{PRACTICE}/trials", PRACTICE, counts, AT), PRACTICE)
    assert (told.counts, told.at, told.address) == (counts, AT, f"{PRACTICE}/trials")
    assert counts_of(counts_json(counts)) == counts
    assert (
        total_of([key for key, number in groups.items() for _ in range(number)], ["a", "b", "a"]).total == counts.total
    )


@given(BANDS, st.sampled_from(list(OUTCOMES)), st.booleans())
def test_a_report_comes_back_as_it_was_told(context, outcome, may_contact):
    report = {
        "outcome": outcome,
        "steps": [2, 1],
        "changed": "This.",
        "saw": "",
        "may_contact": may_contact,
        "version": 3,
    }
    told = read_tried(tried_object(report, context))
    assert (told.outcome, told.context, told.steps, told.changed, told.saw) == (outcome, context, (1, 2), "This.", "")
    assert (told.may_contact, told.version) == (may_contact, 3)


@given(JSON)
def test_any_version_is_a_number(value):
    assert 1 <= version_of(value) <= 100_000


@given(st.text())
def test_any_words_say_how_it_went_or_nothing(text):
    for html in (text, f"<p>#triedit {text}</p>", f"{text} #TriedIt"):
        said = said_in(html)
        assert said is None or (said.outcome in OUTCOMES and len(said.more) <= 300)


@given(st.text(), st.text(), st.integers() | st.none(), st.integers() | st.none(), st.text())
def test_any_context_falls_into_bands_that_there_are(subject, level, size, minutes, setting):
    found = bands_of(subject, level, size, minutes, setting)
    assert all(getattr(found, name) in {"", *bands} for name, bands in FIELDS.items())
