"""Starts the six probes of fediverse-pasture, from PyPI, in an environment of their own."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.live import Ours, Process, alive, cannot, free_port, ours_with_maya

FOLDER = Path(__file__).parent
INSTALL_SECONDS = 200


def _python() -> str:
    """The Python of their environment, installed from the committed lock on first use."""
    environment = FOLDER / ".venv"
    python, done = environment / "bin" / "python", environment / "installed"
    if done.is_file():
        return str(python)
    lock = ["--require-hashes", "-r", "requirements.txt"]
    uv = shutil.which("uv")
    steps = (
        [[uv, "venv", "--python", sys.executable, ".venv"], [uv, "pip", "install", "--python", str(python), *lock]]
        if uv
        else [[sys.executable, "-m", "venv", ".venv"], [str(python), "-m", "pip", "install", "--no-input", *lock]]
    )
    shutil.rmtree(environment, ignore_errors=True)
    for command in steps:
        try:
            run = subprocess.run(
                command, cwd=FOLDER, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            cannot(f"fediverse-pasture could not be installed within {INSTALL_SECONDS} s")
        if run.returncode:
            cannot(f"fediverse-pasture could not be installed: {run.stderr.strip()[-600:]}")
    done.touch()
    return str(python)


@pytest.fixture(scope="module")
def probes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the running probes."""
    folder, port = tmp_path_factory.mktemp("probes"), free_port()
    running = Process([_python(), str(FOLDER / "serve.py"), str(port)], log=folder / "probes.log", cwd=folder)
    try:
        running.wait_for(lambda: alive(f"http://127.0.0.1:{port}/alice"))
        yield f"http://127.0.0.1:{port}"
    finally:
        running.close()


@pytest.fixture(scope="module")
def ours(probes: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ours]:
    """A Peerhall with Maya and a community."""
    assert probes
    with ours_with_maya(tmp_path_factory.mktemp("ours")) as served:
        yield served
