"""What is installed: pinned requirements that name no registry, and a wheel that holds three packages and no more."""

import importlib.metadata
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.project.reading import PACKAGES, ROOT

REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirements_are_pinned_and_hashed(name: str) -> None:
    text = re.sub(r"\\\n\s*", " ", (ROOT / name).read_text(encoding="utf-8"))
    requirements = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert len(requirements) > 20
    for requirement in requirements:
        assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,_-]+\])?==[0-9]", requirement), requirement
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", requirement), requirement


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirements_name_no_registry(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.findall(r"\S*://\S*|--(?:extra-)?index-url|--find-links|--trusted-host", text) == []


def test_npm_locks_name_no_registry() -> None:
    locks = [path for path in (ROOT / "tests").rglob("package-lock.json") if "node_modules" not in path.parts]
    assert locks != []
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        assert '"resolved"' not in text, lock
        assert text.count('"integrity"') >= 1, lock


def test_nothing_else_provides_our_names() -> None:
    """`federation` and `web` are names of published libraries too: see docs/adr/0002-import-names.md."""
    providers = importlib.metadata.packages_distributions()
    for package in PACKAGES:
        assert set(providers.get(package, ["peerhall"])) == {"peerhall"}


def test_the_wheel_holds_the_three_packages_whole(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("peerhall-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    packaged = {name for name in names if not name.split("/")[0].endswith(".dist-info")}
    assert {name.split("/")[0] for name in packaged} == set(PACKAGES)
    wanted = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }
    assert wanted - packaged == set(), "left out of the wheel"
    assert packaged - wanted == set(), "in the wheel, and nobody knows why"
    licences = [name for name in names if name.endswith("/licenses/LICENSE")]
    assert len(licences) == 1
