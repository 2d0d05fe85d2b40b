"""What fuzzing found, replayed: every kept input is read or refused, and none takes long (S1, S12)."""

import time
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).resolve().parent / "corpus"
INPUTS = sorted(path for path in CORPUS.rglob("*") if path.is_file())


def test_there_are_inputs_for_every_target() -> None:
    assert {path.parent.name for path in INPUTS} == set(TARGETS)


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_s12_found_inputs_are_read_or_refused_at_once(name: str) -> None:
    for path in INPUTS:
        if path.parent.name == name:
            started = time.process_time()
            TARGETS[name](path.read_bytes())
            assert time.process_time() - started < 0.5, path.name
