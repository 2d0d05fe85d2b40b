"""A network and a hosts file of our own: port 443 and all names, without touching what the machine has.

On Linux a program may have a network and mounts that nobody else sees (`unshare`, util-linux). There, every address of
127.0.0.0/8 is free, and names lead where the test wants them.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

MARK = "--inside"
HOSTS = {"alder.test": "127.0.0.11", "birch.test": "127.0.0.12", "phanpy.test": "127.0.0.13", "elk.test": "127.0.0.14"}
"""Two Peerhalls and two clients, each at an address of its own."""


class NotHere(Exception):
    """Something that this needs is not on this machine; the message says what."""


def program(name: str, package: str) -> str:
    """Where a program is. Raises NotHere, naming what brings it on Debian."""
    found = shutil.which(name)
    if found is None:
        raise NotHere(f"there is no {name}; on Debian: apt-get install {package}")
    return found


def enter(module: str, arguments: Sequence[str]) -> int:
    """Run a module once more, inside; returns its status."""
    unshare, _ = program("unshare", "util-linux"), program("ip", "iproute2")
    kept = ["--user", "--map-root-user", "--mount", "--net", "--kill-child"]
    done = subprocess.run([unshare, *kept, sys.executable, "-m", module, MARK, *arguments], check=False)
    return done.returncode


def arrange(hosts: Mapping[str, str] = HOSTS) -> None:
    """Inside: loopback up, and names that lead to it."""
    # Browsers call themselves offline where there is nothing but loopback: a cable that ends where it begins.
    for words in (
        "link set lo up",
        "link add near type veth peer name far",
        "address add 192.0.2.1/24 dev near",
        "link set near up",
        "link set far up",
    ):
        subprocess.run([program("ip", "iproute2"), *words.split()], check=True)
    lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in hosts.items())]
    handle, path = tempfile.mkstemp(prefix="hosts")
    with os.fdopen(handle, "w") as file:
        file.write("\n".join(lines) + "\n")
    Path(path).chmod(0o644)
    subprocess.run([program("mount", "mount"), "--bind", path, "/etc/hosts"], check=True)
    Path(path).unlink()
