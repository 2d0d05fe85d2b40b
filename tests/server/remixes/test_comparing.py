"""Steps beside steps: what changed is named, and any choice of changes makes steps that are whole."""

from hypothesis import given
from hypothesis import strategies as st

from server.remixes.comparing import step_changes, with_changes

STEPS = st.lists(st.sampled_from(["Ask.", "Sort.", "Point.", "Wait.", "Read."]), max_size=6)


def test_changed_new_and_left_out_steps_are_named():
    found = list(step_changes(["Ask.", "Sort.", "Point."], ["Ask two.", "Sort.", "Wait.", "Point."]))
    assert [(step.kind, step.before_number, step.after_number) for step in found] == [
        ("changed", 1, 1),
        ("same", 2, 2),
        ("added", 0, 3),
        ("same", 3, 4),
    ]
    assert [(piece.kind, piece.text) for piece in found[0].pieces] == [
        ("same", "Ask"),
        ("added", " two"),
        ("same", "."),
    ]
    left = list(step_changes(["Ask.", "Sort."], ["Sort."]))
    assert [(step.kind, step.before) for step in left] == [("removed", "Ask."), ("same", "Sort.")]


def test_what_was_written_anew_is_shown_whole():
    (step,) = step_changes(["While the room empties, split the pile."], ["Next week, read the slips aloud."])
    assert [(piece.kind, piece.text) for piece in step.pieces] == [
        ("removed", "While the room empties, split the pile."),
        ("added", "Next week, read the slips aloud."),
    ]


@given(STEPS, STEPS)
def test_all_changes_make_the_remix_and_none_the_source(before, after):
    found = list(step_changes(before, after))
    assert with_changes(found, {step.number for step in found}) == tuple(after)
    assert with_changes(found, ()) == tuple(before)
    assert [step.number for step in found] == list(range(len(found)))


@given(STEPS, STEPS, st.sets(st.integers(-1, 12)))
def test_any_choice_has_only_steps_of_both(before, after, chosen):
    assert set(with_changes(list(step_changes(before, after)), chosen)) <= {*before, *after}
