"""Coverage-guided fuzzing: ``python -m tests.fuzz TARGET --seconds N`` (`make fuzz`).

Inputs that reach something new are kept in ``.fuzz/TARGET``; one that fails or takes over a second stops the run and
lies there as ``crash-…`` or ``timeout-…``. Move the telling ones to ``tests/fuzz/corpus``.
"""

import argparse
import json
import random
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["federation", "rfc8785", "json", "server.text", "tests.fuzz.targets"]):
    from tests.fuzz.targets import TARGETS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EXAMPLES = ROOT.parent / "shared" / "fixtures" / "activities"

STRANGE = (None, True, -1, 2**60, 1.5e300, "", "x", "https://birch.example/ap/u/bruno", "as:Public", [], {}, [[]], [{}])


def mutate(raw: bytes, max_size: int, seed: int) -> bytes:
    """One step away from an input: half of the time another shape of the same JSON, else other bytes."""
    chance = random.Random(seed)
    if chance.random() < 0.5:
        try:
            document = json.loads(raw)
            changed = json.dumps(_reshaped(document, chance), ensure_ascii=chance.random() < 0.5).encode()
        except (ValueError, RecursionError):
            changed = b""
        if 0 < len(changed) <= max_size:
            return changed
    return bytes(atheris.Mutate(raw, max_size))


def _reshaped(document: object, chance: random.Random) -> object:
    """The document with something in it replaced, wrapped, doubled, moved or left out."""
    places: list[tuple[dict[str, object] | list[object], object]] = []
    todo = [document]
    while todo and len(places) < 2_000:
        here = todo.pop()
        if isinstance(here, dict | list):
            places += [(here, key) for key in (here if isinstance(here, dict) else range(len(here)))]
            todo += here.values() if isinstance(here, dict) else here
    for _ in range(chance.randint(1, 4)):
        if not places:
            break
        (here, key), (there, other) = chance.choice(places), chance.choice(places)
        try:
            moved = json.loads(json.dumps(there[other]))  # type: ignore[index]
            choices = (chance.choice(STRANGE), moved, [here[key]], [here[key], moved], {"id": here[key]}, None)  # type: ignore[index]
            here[key] = chance.choice(choices)  # type: ignore[index]
            if chance.random() < 0.2:
                del here[key]  # type: ignore[arg-type]
        except (LookupError, RecursionError):
            continue
    return document


def main() -> None:
    """Fuzz one target for a while."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Coverage-guided fuzzing.")
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=1200)
    parser.add_argument("--folder", type=Path, default=ROOT / ".fuzz")
    arguments = parser.parse_args()
    found = arguments.folder / arguments.target
    found.mkdir(parents=True, exist_ok=True)
    seeds = [HERE / "corpus" / arguments.target]
    if arguments.target == "inbox" and EXAMPLES.is_dir():
        seeds.append(EXAMPLES)
    options = [
        "-timeout=1",
        f"-max_total_time={arguments.seconds}",
        f"-max_len={16_384 if arguments.target in {'inbox', 'text'} else 4_096}",
        f"-artifact_prefix={found}/",
        f"-dict={HERE / f'{arguments.target}.dict'}",
        "-print_final_stats=1",
        "-report_slow_units=1",
    ]
    target = TARGETS[arguments.target]
    mutator = {"custom_mutator": mutate} if arguments.target == "inbox" else {}
    atheris.Setup([sys.argv[0], *options, str(found), *map(str, seeds)], target, **mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
