"""Prints a table of times and sizes of one instance, with the ratio to the run that was kept in `baseline.json`.

Single figures on a busy machine mean little: look at CPU per unit and at the ratios. Above 1.00 is slower or larger
than the baseline, except for rates, where it is faster.
"""

import argparse
import asyncio
import json
import platform
import tempfile
from pathlib import Path

from server.settings import load
from tests.bench import scenarios
from tests.bench.instance import Served, free_port
from tests.bench.peer import Peer
from tests.bench.seed import seed

BASELINE = Path(__file__).parent / "baseline.json"
TARGETS = {"idle memory, MB": 120.0, "start to listening, s": 3.0}


async def measure(*, activities: int, hosts: int, repeats: int, only: str | None) -> dict[str, float]:
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
        facts = await seed(load(environment, Path("/dev/null")), peer, hosts)
        served = await Served.start(environment, port)
        try:
            await asyncio.sleep(3)  # idle means idle: the first rounds of the worker are over
            figures = {"start to listening, s": served.start_seconds, "idle memory, MB": served.memory_mb()}
            if only in {None, "pages"}:
                figures |= await scenarios.pages(served, facts, repeats)
            if only in {None, "inbox"}:
                database = Path(folder) / "peerhall.sqlite3"
                figures |= await scenarios.inbox(served, peer, facts, database, activities)
            if only in {None, "fan_out"}:
                figures |= await scenarios.fan_out(served, peer, facts, hosts)
            figures["memory after all this, MB"] = served.memory_mb()
        finally:
            await served.stop()
            await peer.stop()
    return figures


def show(figures: dict[str, float], baseline: dict[str, float]) -> None:
    """Print the table."""
    width = max(len(name) for name in figures)
    print(f"{'':<{width}}  {'now':>10}  {'baseline':>10}  {'ratio':>6}")
    for name, value in figures.items():
        before = baseline.get(name)
        ratio = f"{value / before:6.2f}" if before else f"{'-':>6}"
        kept = f"{before:10.2f}" if before else f"{'-':>10}"
        target = f"   target: under {TARGETS[name]:g}" if name in TARGETS else ""
        print(f"{name:<{width}}  {value:10.2f}  {kept}  {ratio}{target}")


def main() -> None:
    """Measure, print, and keep if asked to."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Times and sizes of one instance.")
    parser.add_argument("--save", action="store_true", help="keep this run as the baseline")
    parser.add_argument("--activities", type=int, default=1000, help="how many arrive (default: 1000)")
    parser.add_argument("--hosts", type=int, default=1000, help="how many servers get a post (default: 1000)")
    parser.add_argument("--repeats", type=int, default=200, help="how often a page is asked for (default: 200)")
    parser.add_argument("--only", choices=("pages", "inbox", "fan_out"), help="one scenario (default: all)")
    options = parser.parse_args()
    figures = asyncio.run(
        measure(activities=options.activities, hosts=options.hosts, repeats=options.repeats, only=options.only)
    )
    baseline = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.is_file() else {}
    show(figures, baseline.get("figures", {}))
    if options.save:
        kept = {
            "machine": f"{platform.machine()}, Python {platform.python_version()}",
            "figures": {name: round(value, 3) for name, value in figures.items()},
        }
        BASELINE.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
