"""FEDERATION.md and docs/peers.md say what was tried with whom, no more and no less."""

import pytest

from tests.interop import matrix

pytestmark = pytest.mark.skipif(not matrix.INDEX.is_file(), reason=f"the recorded documents are not at {matrix.INDEX}")

DUE = "run: make peers, or make documents"


def test_every_scenario_is_of_a_capability_and_was_seen_to_work() -> None:
    scenarios = matrix.scenarios()
    assert scenarios
    assert {each.capability for each in scenarios} <= matrix.CAPABILITIES.keys()
    results = matrix.results()
    assert {each: results.get(each, "not run") for each in scenarios} == dict.fromkeys(scenarios, "passed"), DUE


def test_the_list_of_peers_is_what_the_tests_and_the_recorded_documents_say() -> None:
    assert matrix.PEERS.read_text(encoding="utf-8") == matrix.peers(matrix.results()), DUE


def test_the_matrix_is_what_the_tests_and_the_recorded_documents_say() -> None:
    text = matrix.FEDERATION.read_text(encoding="utf-8")
    assert text.partition(matrix.BEGIN)[2].partition(matrix.END)[0].strip() == matrix.matrix(), DUE


def test_everything_recorded_has_its_place() -> None:
    outside = {each.capability for each in matrix.recorded()} - matrix.CAPABILITIES.keys()
    assert outside == {"accept_and_ignore", "reject"}
