"""Files for those who run it: the same rights everywhere, settings that exist, and a word about each."""

import re
from pathlib import Path

import pytest

from tests.project.reading import ROOT

DEPLOY = ROOT / "deploy"
UNITS = ("peerhall.service", "peerhall-web@.service", "peerhall-worker@.service", "peerhall-backup.service")


def rights(unit: str) -> list[str]:
    """What a unit takes from its process, line by line."""
    text = (DEPLOY / unit).read_text(encoding="utf-8")
    return text[text.index("NoNewPrivileges=yes") : text.index("UMask=0077")].splitlines()


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_gives_away_the_same_rights(unit: str) -> None:
    assert rights(unit) == rights("peerhall.service")
    for needed in ("ProtectSystem=strict", "MemoryDenyWriteExecute=yes", "CapabilityBoundingSet=", "PrivateUsers=yes"):
        assert needed in rights(unit)


@pytest.mark.parametrize("unit", UNITS)
def test_no_unit_runs_as_root(unit: str) -> None:
    assert re.search(r"^User=peerhall$", (DEPLOY / unit).read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", ["compose.yaml", "env.example", "Containerfile", "Caddyfile", "nginx.conf"])
def test_settings_in_deployment_files_exist(name: str) -> None:
    known = set(re.findall(r"PEERHALL_[A-Z_]+", (ROOT / "README.md").read_text(encoding="utf-8")))
    own = {"PEERHALL_HOST", "PEERHALL_BACKEND", "PEERHALL_DATABASE_PASSWORD"}  # of these files alone
    named = set(re.findall(r"PEERHALL_[A-Z_]+", (DEPLOY / name).read_text(encoding="utf-8")))
    assert named <= known | own


@pytest.mark.parametrize("name", ["Caddyfile", "nginx.conf"])
def test_proxies_keep_figures_to_this_machine(name: str) -> None:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    assert "404" in text[text.index("/metrics") :][:80]


def test_every_file_is_explained() -> None:
    readme = (DEPLOY / "README.md").read_text(encoding="utf-8")
    missing = [path.name for path in sorted(DEPLOY.iterdir()) if path.is_file() and f"`{path.name}`" not in readme]
    assert [name for name in missing if name not in {"README.md", ".env"}] == []


def test_the_image_runs_without_root_on_what_is_pinned() -> None:
    text = Path(DEPLOY / "Containerfile").read_text(encoding="utf-8")
    assert "\nUSER peerhall\n" in text
    assert "--require-hashes" in text
    assert "requirements-s3.txt" in text, "object storage is documented, so it is in the image"


@pytest.mark.parametrize("name", ["requirements-s3.txt", "requirements-dev.txt"])
def test_what_everybody_runs_is_the_same_in_every_lock(name: str) -> None:
    first, other = (
        dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / each).read_text(encoding="utf-8"), re.MULTILINE))
        for each in ("requirements.txt", name)
    )
    assert {package: other.get(package) for package in first} == first
