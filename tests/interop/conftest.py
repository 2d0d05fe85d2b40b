"""Notes what becomes of the scenarios that live tests show, for docs/peers.md, when PEERHALL_RECORD is 1."""

import os
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop import matrix

_outcomes: dict[matrix.Scenario, set[str]] = defaultdict(set)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Note how a test with a `scenario` mark went."""
    outcome: Any = yield
    report = outcome.get_result()
    for mark in item.iter_markers("scenario"):
        if report.when == "call" or report.outcome != "passed":
            _outcomes[matrix.Scenario(*mark.args)].add(report.outcome)


def pytest_sessionfinish() -> None:
    """Write the results down; what was skipped stays as it was."""
    if os.environ.get("PEERHALL_RECORD") == "1":
        run = {scenario: found for scenario, found in _outcomes.items() if found != {"skipped"}}
        matrix.write({scenario: "passed" if found == {"passed"} else "failed" for scenario, found in run.items()})
