"""Node.js and packages from npm, installed from a committed lock on first use."""

import platform
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from tests.interop.live import cannot

RUNTIME = Path(__file__).parent / "fedify" / "runtime"
OLDEST_NODE = 20
INSTALL_SECONDS = 110


def npm_ci(folder: Path) -> None:
    """Install what the lock of a folder names."""
    npm = shutil.which("npm")
    if npm is None:
        cannot("this needs npm; on Debian: apt-get install npm")
    command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        cannot(f"the packages of {folder.name} could not be installed within {INSTALL_SECONDS} s")
    if done.returncode:
        cannot(f"the packages of {folder.name} could not be installed: {done.stderr.strip()[-600:]}")


@cache
def node() -> str:
    """A Node.js that is new enough: the machine's, or one from npm where that is missing or too old."""
    own = shutil.which("node")
    if own is not None:
        version = subprocess.run([own, "--version"], capture_output=True, text=True, check=False).stdout
        found = re.match(r"v(\d+)", version)
        if found is not None and int(found[1]) >= OLDEST_NODE:
            return own
    architecture = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    installed = RUNTIME / "node_modules" / f"node-linux-{architecture}" / "bin" / "node"
    if not installed.is_file():
        npm_ci(RUNTIME)
    if not installed.is_file():
        cannot(f"this needs Node.js {OLDEST_NODE} or later")
    return str(installed)


def package(folder: Path, name: str) -> Path:
    """The folder of an installed package, installed with its whole lock where it is not there yet."""
    found = folder / "node_modules" / name
    if not (found / "package.json").is_file():
        npm_ci(folder)
    return found
