"""Prints a table of times and sizes of one instance, with the ratio to the run that was kept in `baseline.json`.

Single figures on a busy machine mean little: look at CPU per unit and at the ratios. Above 1.00 is slower or larger
than the baseline, except for rates, where it is faster. Where GoToSocial (PEERHALL_GOTOSOCIAL) and the Fedify server of
tests/interop are installed, they do the same work in the same run, and the last columns say how much more CPU they use.
"""

import argparse
import asyncio
import json
import platform
import tempfile
from pathlib import Path

from server.settings import load
from tests.bench import bounds, digests, live, scaled, scenarios, searching, theirs
from tests.bench.instance import Served, free_port
from tests.bench.peer import Peer
from tests.bench.scenarios import Figures
from tests.bench.seed import seed

BASELINE = Path(__file__).parent / "baseline.json"
TARGETS = {"idle memory, MB": 120.0, "start to listening, s": 3.0, "weekly mails for 5,000 people, s": 60.0}


async def measure(*, activities: int, hosts: int, repeats: int, only: str | None) -> Figures:
    """All figures, by name; `only` names one scenario, where not all are wanted."""
    port, peer = free_port(), Peer(free_port())
    await peer.start()
    with tempfile.TemporaryDirectory(prefix="peerhall-bench-") as folder:
        environment = {
            "PEERHALL_ORIGIN": f"http://127.0.0.1:{port}",
            "PEERHALL_DATA_DIR": folder,
            "PEERHALL_FEDERATION": "open",
            "PEERHALL_ALLOWED_PRIVATE_ADDRESSES": "127.0.0.0/8",
            "PEERHALL_LOG": "info",
        }
        database = Path(folder) / "peerhall.sqlite3"
        facts = await seed(load(environment, Path("/dev/null")), peer, hosts)
        await (await Served.start(environment, port)).stop()  # what is compiled at the first start is kept
        served = await Served.start(environment, port)
        try:
            await asyncio.sleep(3)  # idle means idle: the first rounds of the worker are over
            figures = {"start to listening, s": served.start_seconds, "idle memory, MB": served.memory_mb()}
            if only in {None, "pages"}:
                figures |= await scenarios.pages(served, facts, repeats)
                figures |= await scenarios.client_api(served, facts, database, repeats)
            if only in {None, "inbox"}:
                figures |= await scenarios.inbox(served, peer, facts, database, activities)
            if only in {None, "fan_out"}:
                figures |= await scenarios.fan_out(served, peer, facts, database, hosts)
            figures["memory after all this, MB"] = served.memory_mb()
        finally:
            await served.stop()
        try:
            if only in {None, "inbox"}:
                figures |= await scenarios.acceptance(environment, peer, facts, activities)
        finally:
            await peer.stop()
    return figures


def show(figures: Figures, baseline: Figures, others: dict[str, Figures]) -> None:
    """Print the table."""
    width = max(len(name) for name in figures | {name: 0 for each in others.values() for name in each})
    columns = "".join(f"  {name:>10}  {'ratio':>6}" for name in others)
    print(f"{'':<{width}}  {'now':>10}  {'baseline':>10}  {'ratio':>6}{columns}")
    for name, value in figures.items():
        target = f"   target: under {TARGETS[name]:g}" if name in TARGETS else ""
        compared = "".join(_column(each.get(name)) + _ratio(each.get(name), value) for each in others.values())
        kept = baseline.get(name)
        print(f"{name:<{width}}  {value:10.2f}{_column(kept)}{_ratio(value, kept)}{compared}{target}")
    for other, found in others.items():
        for name in found.keys() - figures.keys():
            print(f"{name:<{width}}  {'-':>10}   ({other}: {found[name]:.2f})")


def _column(value: float | None) -> str:
    return f"  {'-':>10}" if value is None else f"  {value:10.2f}"


def _ratio(above: float | None, below: float | None) -> str:
    return f"  {'-':>6}" if not above or not below else f"  {above / below:6.2f}"


async def compare(*, activities: int, hosts: int, repeats: int) -> dict[str, Figures]:
    """Other servers at the same work."""
    peer = Peer(free_port())
    await peer.start()
    try:
        return await theirs.measure_all(peer, activities=activities, hosts=hosts, repeats=repeats)
    finally:
        await peer.stop()


async def between_two() -> Figures:
    """Two of ours."""
    peer = Peer(free_port())
    await peer.start()
    try:
        return await live.measure(peer)
    finally:
        await peer.stop()


async def on_postgres(*, activities: int) -> Figures:
    """Ours again, on PostgreSQL with several processes."""
    peer = Peer(free_port())
    await peer.start()
    try:
        return await scaled.measure(peer, activities=activities)
    finally:
        await peer.stop()


def main() -> None:
    """Measure, print, and keep if asked to."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Times and sizes of one instance.")
    parser.add_argument("--save", action="store_true", help="keep this run as the baseline")
    parser.add_argument("--activities", type=int, default=1000, help="how many arrive (default: 1000)")
    parser.add_argument("--hosts", type=int, default=1000, help="how many servers get a post (default: 1000)")
    parser.add_argument("--repeats", type=int, default=200, help="how often a page is asked for (default: 200)")
    parser.add_argument(
        "--only",
        choices=("pages", "inbox", "fan_out", "scaled", "live", "search", "digests"),
        help="one scenario (default: all)",
    )
    parser.add_argument("--alone", action="store_true", help="without GoToSocial and Fedify, also where they are here")
    options = parser.parse_args()
    sizes = {"activities": options.activities, "hosts": options.hosts, "repeats": options.repeats}
    figures = bounds.measure()
    if options.only not in {"scaled", "live", "search", "digests"}:
        figures |= asyncio.run(measure(**sizes, only=options.only))
    if options.only in {None, "live"}:
        figures |= asyncio.run(between_two())
    if options.only in {None, "scaled"}:
        figures |= asyncio.run(on_postgres(activities=options.activities))
    if options.only in {None, "search"}:
        figures |= searching.measure()
    if options.only in {None, "digests"}:
        figures |= digests.measure()
    others = {} if options.alone or options.only else asyncio.run(compare(**sizes))
    baseline = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.is_file() else {}
    show(figures, baseline.get("figures", {}), others)
    if options.save:
        kept = {
            "machine": f"{platform.machine()}, Python {platform.python_version()}",
            "figures": {name: round(value, 3) for name, value in figures.items()},
        }
        BASELINE.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
