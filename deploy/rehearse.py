"""Does what the handbook says, on an empty Debian, and looks whether it came out: `make rehearse`.

An empty Debian is made in a folder (debootstrap) and booted with its own systemd, without a way to any network
(systemd-nspawn). The blocks of commands come out of docs/handbook.md, word for word. A second machine gets the backup.
Needs root on Debian: apt-get install debootstrap systemd-container.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HANDBOOK = ROOT / "docs" / "handbook.md"
RELEASE = "bookworm"
PACKAGES = "systemd,systemd-sysv,dbus,curl"
HOST = "hall.school.example"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
UNITS = ("peerhall", "peerhall-backup")
NEEDED = ("debootstrap", "systemd-nspawn", "git")
BLOCK = re.compile(r"^```sh ([a-z-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
UNIT = """[Unit]
After=multi-user.target
[Service]
Type=oneshot
Environment=LC_ALL=C.UTF-8
ExecStart=/bin/bash /root/act.sh
StandardOutput=file:/root/act.log
StandardError=file:/root/act.log
ExecStopPost=/bin/systemctl --no-block poweroff
[Install]
WantedBy=default.target
"""
ANSWERS = f"https://{HOST}\nA school\ninvite\ncareful\nana\n"
LOOK = f"""
until curl --silent --fail --output /dev/null --cacert /etc/peerhall/authority.crt https://{HOST}/health; do
  sleep 1; test $((waited += 1)) -lt 60 || {{ journalctl -u peerhall -u caddy -n 60 --no-pager; exit 1; }}
done
curl --silent --fail --cacert /etc/peerhall/authority.crt https://{HOST}/@ana \\
  --header 'accept: application/activity+json' > /root/ana.json
curl --silent --fail --cacert /etc/peerhall/authority.crt https://{HOST}/sign-in | grep --quiet '<form'
"""
"""The page answers over TLS, and so does the document of the first admin."""


class Failed(Exception):
    """A step did not come out as it should."""


def blocks() -> dict[str, str]:
    """The commands of the handbook by name, as they stand there."""
    return dict(BLOCK.findall(HANDBOOK.read_text(encoding="utf-8")))


@dataclass
class Machine:
    """A folder with an empty Debian in it."""

    folder: Path
    timed: dict[str, float] = field(default_factory=dict)

    def make(self) -> None:
        """Debian's own packages and nothing else."""
        run(["debootstrap", "--variant=minbase", f"--include={PACKAGES}", RELEASE, str(self.folder)])
        (self.folder / "etc" / "hosts").write_text(f"127.0.0.1 localhost {HOST}\n")

    def copy(self, other: Path) -> "Machine":
        """The same machine again."""
        run(["cp", "--archive", "--reflink=auto", str(self.folder), str(other)])
        return Machine(other)

    def install(self, script: str, source: Path) -> None:
        """Run what needs the packages of others: with the network, without systemd."""
        environment = {key: value for key, value in os.environ.items() if key.startswith("PIP_")}
        environment |= {"PIP_CERT": "/root/authorities.crt"}
        passed = [f"--setenv={key}={value}" for key, value in environment.items()]
        links = environment.get("PIP_FIND_LINKS", "")
        shared = [f"--bind-ro={links}"] if links.startswith("/") and Path(links).exists() else []
        (self.folder / "root" / "act.sh").write_text(
            f"set -e -x\nexport DEBIAN_FRONTEND=noninteractive {_GIT}\n{script}"
        )
        authorities = AUTHORITIES.read_bytes()
        command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--pipe", "--resolv-conf=copy-host"]
        command += [
            f"--directory={self.folder}",
            f"--bind-ro={source}:/source",
            "--setenv=PEERHALL_SOURCE=file:///source",
        ]
        command += [*passed, *shared, "/bin/bash", "-c", f"{_SEED % len(authorities)}exec bash /root/act.sh"]
        run(command, given=authorities)

    def boot(self, script: str) -> str:
        """Boot, run it when all is up, and switch off; what it said. No network but its own loopback."""
        root = self.folder / "root"
        (root / "act.sh").write_text(f"set -e -x -o pipefail\n{script}\necho DONE\n")
        (root / "act.log").unlink(missing_ok=True)
        unit = self.folder / "etc" / "systemd" / "system" / "rehearse.service"
        unit.write_text(UNIT)
        wanted = unit.parent / "default.target.wants" / unit.name
        wanted.parent.mkdir(exist_ok=True)
        if not wanted.is_symlink():
            wanted.symlink_to(unit.name)
        command = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--private-network"]
        try:
            run([*command, f"--directory={self.folder}"], most_seconds=600)
        finally:
            said = (root / "act.log").read_text(errors="replace") if (root / "act.log").exists() else ""
        if not said.rstrip().endswith("DONE"):
            raise Failed(f"this did not come to its end:\n{said[-6000:]}")
        return said

    def read(self, path: str) -> str:
        """A file of it."""
        return (self.folder / path.lstrip("/")).read_text(encoding="utf-8")


_GIT = "GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'"
"""The clone that stands for the repository belongs to somebody else."""
_SEED = "head --bytes=%d > /root/authorities.crt; "
"""The authorities that this machine believes, so that packages of Python are fetched as they are here."""


def run(command: list[str], *, given: bytes | None = None, most_seconds: int = 1800) -> str:
    """Run it; what it said. Raises Failed with that."""
    feed = {"input": given} if given is not None else {"stdin": subprocess.DEVNULL}
    done = subprocess.run(  # noqa: S603  # commands of this file
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=most_seconds, **feed
    )
    said = done.stdout.decode(errors="replace")
    if done.returncode:
        raise Failed(f"{' '.join(command[:3])} … ended with {done.returncode}:\n{said[-6000:]}")
    return said


def rehearse(place: Path, earlier: str) -> None:
    """All of it, with the time that each step took."""
    said = blocks()
    source, times = place / "source.git", Times()
    run(["git", "clone", "--quiet", "--bare", str(ROOT), str(source)])
    newest = run(["git", "-C", str(source), "rev-parse", "HEAD"]).strip()
    before = run(["git", "-C", str(source), "rev-parse", earlier]).strip()
    branch = run(["git", "-C", str(source), "symbolic-ref", "HEAD"]).strip()
    run(["git", "-C", str(source), "update-ref", branch, before])
    first = Machine(place / "first")
    with times.of("an empty Debian (debootstrap)"):
        first.make()
    with times.of("install: packages of Debian, clone, packages of Python"):
        first.install(said["install"], source)
    bare = first.copy(place / "second")
    with times.of("init, units, proxy, TLS, check"):
        questions = said["init"].rstrip().replace("\\\n", "")
        told = first.boot(
            f"printf %s '{ANSWERS}' > /root/answers\n{{\n{questions}\n}} < /root/answers\n"
            + said["start"]
            + said["proxy"]
            + said["closed-network"]
            + LOOK
            + f"(\n{said['check']}) || true  # strict at the end, with the newest version\n"
            + "".join(f"systemd-analyze security --no-pager {unit} | tail -1\n" for unit in UNITS)
        )
    print(*(line for line in told.splitlines() if re.match(r"ok |FAIL|→ Overall", line)), sep="\n")
    with times.of("backup"):
        first.boot(LOOK + said["backup"] + "cp /var/lib/peerhall-backups/*.tar.gz /root/peerhall-backup.tar.gz\n")
    second = bare
    shutil.copy(first.folder / "root/peerhall-backup.tar.gz", second.folder / "root/peerhall-backup.tar.gz")
    settings = first.read("etc/peerhall/peerhall.toml")  # the authority is another one there
    kept = [line for line in settings.splitlines(keepends=True) if not line.startswith("ca_file")]
    (second.folder / "root/peerhall.toml").write_text("".join(kept), encoding="utf-8")
    with times.of("restore on a second empty machine, and its start"):
        told = second.boot(said["restore"] + said["start"] + said["proxy"] + said["closed-network"] + LOOK)
    print(*(line for line in told.splitlines() if line.startswith("restored ")), sep="\n")
    same(first, second)
    run(["git", "-C", str(source), "update-ref", branch, newest])
    with times.of(f"upgrade from {before[:7]} to {newest[:7]}: install"):
        first.install(said["upgrade"], source)
    with times.of("upgrade: backup, restart with migration"):
        told = first.boot(LOOK + said["restart"] + LOOK + "ls /var/lib/peerhall\n" + said["check"])
    same(first, second)
    print(
        "after the upgrade:", *(line for line in told.splitlines() if re.match(r"FAIL|ok .*database", line)), sep="\n"
    )
    times.tell()


def same(first: Machine, second: Machine) -> None:
    """Both say the same of the same person, with the same keys. Raises Failed."""
    one, other = (json.loads(machine.read("/root/ana.json")) for machine in (first, second))
    for key in ("id", "inbox", "publicKey", "preferredUsername"):
        if one[key] != other[key]:
            raise Failed(f"{key} is {other[key]} on the second machine, and was {one[key]}")
    print("the same person with the same keys on both machines")


class Times:
    """How long what took."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, float]] = []

    def of(self, what: str) -> "Times":
        """The next step, as a context."""
        print(f"… {what}", flush=True)
        self.rows.append((what, 0.0))
        return self

    def __enter__(self) -> None:
        self._begun = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.rows[-1] = (self.rows[-1][0], time.monotonic() - self._begun)

    def tell(self) -> None:
        """The table."""
        for what, seconds in self.rows:
            print(f"{seconds:6.0f} s  {what}")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Do what docs/handbook.md says, on an empty Debian.")
    parser.add_argument("--from", dest="earlier", default="HEAD~20", help="the version to upgrade from")
    parser.add_argument("--place", type=Path, help="a folder for the machines; kept")
    wanted = parser.parse_args()
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing or os.geteuid() != 0:
        sys.exit(
            f"needs root, and {', '.join(missing) or 'nothing else'}: apt-get install debootstrap systemd-container"
        )
    place = wanted.place or Path(tempfile.mkdtemp(prefix="peerhall-rehearsal-"))
    try:
        rehearse(place, wanted.earlier)
    except Failed as error:
        sys.exit(f"{error}\n(the machines are in {place})")
    if not wanted.place:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
