"""The table at the end of a run, and how to repeat what failed."""

import sys
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from tests.chaos.checks import DOUBLED, LOST, ORDER, Violation
from tests.postgres import Cluster

SHOWN = 6


class NotHere(Exception):
    """What a series needs is not on this machine; the message says what."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to run: `rounds` of one fault on one database, the first with this seed."""

    database: str
    rounds: int
    seed: int
    cluster: Cluster | None = None
    """A PostgreSQL; each world has a database of its own in it."""


@dataclass(slots=True)
class Round:
    """One round: how much was acknowledged in it, and what did not hold."""

    seed: int
    acknowledged: int = 0
    violations: Sequence[Violation] = ()
    note: str = ""


Series = Callable[[Options], AsyncIterator[Round]]


@dataclass(slots=True)
class Line:
    """One fault on one database."""

    fault: str
    database: str
    rounds: int = 0
    acknowledged: int = 0
    seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, Sequence[Violation]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


async def follow(fault: str, series: Series, options: Options) -> Line:
    """Run a series, saying on standard error what goes wrong as it does."""
    line, begun = Line(fault, options.database), time.monotonic()
    rounds = series(options)
    try:
        async for each in rounds:
            line.rounds += 1
            line.acknowledged += each.acknowledged
            if each.note:
                line.notes.append(each.note)
            if each.violations:
                line.kinds.update(violation.kind for violation in each.violations)
                line.failures.append((each.seed, each.violations))
            line.seconds = time.monotonic() - begun
            _say(line, each)
    except NotHere as reason:
        line.notes.append(f"NOT RUN: {reason}")
        print(f"  {fault} on {options.database} was not run: {reason}", file=sys.stderr, flush=True)
    except Exception as error:  # noqa: BLE001  # whatever ends a series is a failure of it
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        words = "".join(traceback.format_exception(error))[-1500:]
        line.failures.append((options.seed + line.rounds, [Violation("ended", f"{type(error).__name__}: {error}")]))
        print(f"  {fault} on {options.database} ended: {words}", file=sys.stderr, flush=True)
    line.seconds = time.monotonic() - begun
    return line


def _say(line: Line, each: Round) -> None:
    if each.violations:
        print(f"  {line.fault} on {line.database}, seed {each.seed}:", file=sys.stderr)
        for violation in list(each.violations)[:SHOWN]:
            print(f"    {violation}", file=sys.stderr)
        if len(each.violations) > SHOWN:
            print(f"    … and {len(each.violations) - SHOWN} more", file=sys.stderr)
    elif line.rounds % 20 == 0:
        print(f"  {line.fault} on {line.database}: {line.rounds} rounds, {line.seconds:.0f} s", file=sys.stderr)
    sys.stderr.flush()


def table(lines: Sequence[Line]) -> str:
    """The report."""
    head = ("fault", "database", "rounds", "acknowledged", "lost", "doubled", "out of order", "other", "time")
    rows = [head]
    for line in lines:
        named = line.kinds[LOST], line.kinds[DOUBLED], line.kinds[ORDER]
        other = sum(line.kinds.values()) - sum(named) + sum(v.kind == "ended" for _, vs in line.failures for v in vs)
        rows.append(
            (
                line.fault,
                line.database,
                str(line.rounds),
                str(line.acknowledged),
                *map(str, named),
                str(other),
                f"{line.seconds:.0f} s",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    text = [
        "  ".join(_aligned(cell, width, n) for n, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]
    for line in lines:
        text += [f"{line.fault} on {line.database}: {note}" for note in line.notes]
    failed = [line for line in lines if line.failures]
    if failed:
        text += ["", "Failures, and what repeats them:"]
    for line in failed:
        for seed, violations in line.failures:
            first = str(violations[0]).splitlines()[0][:160]
            text.append(f"  make chaos FAULT={line.fault} DATABASE={line.database} ROUNDS=1 SEED={seed}    {first}")
    return "\n".join(text)


def _aligned(cell: str, width: int, column: int) -> str:
    return f"{cell:<{width}}" if column < 2 else f"{cell:>{width}}"
