"""Runs a real app against two Peerhalls and prints what worked: `python -m tests.interop.clients phanpy --folder …`.

Ends with status 1 where a step failed, 2 where something is not on this machine.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.interop.clients import elk, inside, phanpy, steps, watching
from tests.interop.clients.journey import Journey
from tests.interop.clients.stage import stage

APPS = {"elk": (elk, elk.Elk), "phanpy": (phanpy, phanpy.Phanpy)}


def main(arguments: list[str]) -> int:
    """One app, from signing in to signing out."""
    parser = argparse.ArgumentParser(prog="python -m tests.interop.clients", description=__doc__)
    parser.add_argument("app", choices=sorted(APPS))
    parser.add_argument("--folder", type=Path, required=True, help="a build of the app")
    parser.add_argument("--pictures", type=Path, required=True, help="where pictures of each step go")
    parser.add_argument("--missing", type=Path, help="a file for what it asked for in vain")
    parser.add_argument("--only", default="", help="sign in, and then only steps with this word")
    parser.add_argument(inside.MARK, action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    try:
        if not chosen.inside:
            return inside.enter("tests.interop.clients", arguments)
        inside.arrange()
        return _run(chosen)
    except inside.NotHere as reason:
        print(reason, file=sys.stderr)
        return 2


def _run(chosen: argparse.Namespace) -> int:
    module, kind = APPS[chosen.app]
    pictures = chosen.pictures.absolute() / chosen.app
    with tempfile.TemporaryDirectory(prefix="clients") as name:
        folder = Path(name)
        sites = {module.HOST: module.site(chosen.folder.absolute(), folder)}
        with (
            stage(folder, sites) as made,
            module.serving(chosen.folder.absolute(), folder, made.front),
            watching.browser() as opened,
        ):
            app = kind(watching.window(opened, pictures))
            todo = Journey(made, app, folder).steps()
            wanted = [step for step in todo if chosen.only in step.name or step.name == "sign in"]
            outcomes = steps.run(made, app.window, wanted)
    print(steps.report(app.name, outcomes))
    if chosen.missing is not None:
        chosen.missing.write_text("\n".join(steps.missing(app.name, outcomes)) + "\n", encoding="utf-8")
    return int(any(outcome.why for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
