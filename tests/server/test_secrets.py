"""Signed texts and the secret key (S35)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from server.ids import is_id, new_id
from server.secrets import Signatures, load_or_create_key

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("change", ["", "x", ".", "..", "a.b", "YQ.abc.def", "é.1.x"])
def test_s35_what_we_did_not_sign_is_refused(change: str) -> None:
    assert Signatures(b"k" * 32).verify("toast", change, now=NOW) is None


def test_s35_a_signed_text_serves_one_purpose_until_its_end() -> None:
    signatures = Signatures(b"k" * 32)
    signed = signatures.sign("toast", "Héllo", until=NOW + timedelta(minutes=1))
    assert signatures.verify("reset", signed, now=NOW) is None
    assert signatures.verify("toast", signed, now=NOW + timedelta(minutes=2)) is None
    assert Signatures(b"l" * 32).verify("toast", signed, now=NOW) is None
    assert signatures.verify("toast", signed[:-1] + ("A" if signed[-1] != "A" else "B"), now=NOW) is None
    assert signatures.verify("toast", signed, now=NOW) == "Héllo"


def test_s35_the_generated_key_is_ours_alone_and_stays(tmp_path: Path) -> None:
    first = load_or_create_key("", tmp_path)
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "secret-key").chmod(0o644)
    assert load_or_create_key("", tmp_path) == first
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600


def test_s35_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    together = Barrier(8)

    def start(folder: Path) -> bytes:
        together.wait()
        return load_or_create_key("", folder)

    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            folder = tmp_path / str(number)
            keys = {starting.result() for starting in [pool.submit(start, folder) for _ in range(8)]}
            assert keys == {load_or_create_key("", folder)}
            assert [path.name for path in folder.iterdir()] == ["secret-key"]


def test_ids_sort_by_time_and_are_recognised() -> None:
    made = [new_id(NOW + timedelta(milliseconds=step)) for step in range(50)]
    assert made == sorted(made)
    assert all(is_id(item) and len(item) == 26 for item in made)
    assert len({item[-8:] for item in made}) == 50
    assert not any(is_id(text) for text in ("", "a" * 26, made[0].upper(), made[0] + "0", "../" + made[0][3:]))
