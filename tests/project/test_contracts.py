"""The import contracts hold, and each of them notices when it is broken."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.project.reading import PACKAGES, ROOT

DIRECTION = "web sits on server, server sits on federation"
NO_DATABASE = "federation knows no database and no HTML"
NO_PROTOCOL = "web never speaks ActivityPub or SQL itself"
LADDER = "features form a ladder"

# A contract, where somebody breaks it, and how.
VIOLATIONS = [
    (DIRECTION, "server/ids.py", "import web.render"),
    (DIRECTION, "federation/errors.py", "import server.ids"),
    (NO_DATABASE, "federation/errors.py", "import tortoise"),
    (NO_DATABASE, "federation/errors.py", "import jinja2"),
    (NO_PROTOCOL, "web/request.py", "import federation.errors"),
    (NO_PROTOCOL, "web/request.py", "import httpx"),
    (NO_PROTOCOL, "web/request.py", "import server.actors.models"),
    (LADDER, "server/peers/policy.py", "import server.posts.models"),
    (LADDER, "server/instance.py", "import server.peers.policy"),
]


def contracts() -> list[str]:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [contract["name"] for contract in configuration["tool"]["importlinter"]["contracts"]]


def broken_contracts(folder: Path, cache: Path) -> set[str]:
    """Which contracts `lint-imports` finds broken in a copy of the packages."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--cache-dir", str(cache)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    found = dict(re.findall(r"^(.+?) (KEPT|BROKEN)\b", done.stdout, re.MULTILINE))
    assert set(found) == set(contracts()), done.stdout + done.stderr
    assert (done.returncode == 0) == ("BROKEN" not in found.values()), done.stdout
    return {name for name, verdict in found.items() if verdict == "BROKEN"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three packages and the contracts, to be broken."""
    folder = tmp_path_factory.mktemp("contracts")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_all_contracts_hold(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert broken_contracts(copy, copy / ".cache") == set()


def test_every_contract_is_put_to_the_test() -> None:
    assert {contract for contract, _, _ in VIOLATIONS} == set(contracts())


@pytest.mark.parametrize(("contract", "path", "line"), VIOLATIONS, ids=str)
def test_a_violation_is_noticed(copy: Path, contract: str, path: str, line: str) -> None:
    module = copy / path
    before = module.read_text(encoding="utf-8")
    try:
        module.write_text(f"{before}\n{line}\n", encoding="utf-8")
        assert contract in broken_contracts(copy, copy / ".cache")
    finally:
        module.write_text(before, encoding="utf-8")
