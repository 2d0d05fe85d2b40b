"""Steps one after the other: each does something in the app and looks at the server whether it really happened."""

import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.interop.clients.front import Asked
from tests.interop.clients.stage import Stage
from tests.interop.clients.watching import Window

GRACE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Step:
    """What is done, and how. `do` raises AssertionError where it had no effect."""

    name: str
    do: Callable[[], None]


@dataclass(slots=True)
class Outcome:
    """How one step ended. `refused` are requests that were answered with an error."""

    name: str
    seconds: float
    why: str = ""
    complaints: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    refused: list[Asked] = field(default_factory=list)


def run(stage: Stage, window: Window, steps: Sequence[Step]) -> list[Outcome]:
    """All of them, whatever becomes of one; but nothing where the first, signing in, does not work."""
    outcomes = []
    for step in steps:
        begun, since = time.monotonic(), time.time()
        why = ""
        try:
            step.do()
        except Exception as error:  # noqa: BLE001 whatever it is, the next step has its chance
            why = _short(error)
        seconds = time.monotonic() - begun
        try:
            window.picture(step.name)
        except Exception as error:  # noqa: BLE001
            why = why or f"no picture: {_short(error)}"
        time.sleep(GRACE_SECONDS)
        complaints, failed = window.taken()
        refused = [each for each in stage.front.asked() if each.at >= since and is_trouble(each)]
        outcomes.append(Outcome(step.name, seconds, why, complaints, failed, refused))
        print(f"{'FAIL' if why else 'pass'}  {seconds:5.1f} s  {step.name}{': ' + why if why else ''}", flush=True)
        if why and len(outcomes) == 1:
            break
    return outcomes


def is_trouble(asked: Asked) -> bool:
    """A request of an app that got no good answer. A socket that worked has 0 once it is closed."""
    return asked.host == "alder.test" and asked.is_api and asked.status >= 400


def _short(error: Exception) -> str:
    """The first lines of what went wrong, and where in our own code."""
    frames = [
        each for each in traceback.extract_tb(sys.exc_info()[2] or error.__traceback__) if "/clients/" in each.filename
    ]
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{' | '.join(lines[:2])[:300] or type(error).__name__}{place}"


def report(client: str, outcomes: Sequence[Outcome]) -> str:
    """The table of a whole run."""
    lines = ["", f"{client}: {sum(not each.why for each in outcomes)} of {len(outcomes)} steps", ""]
    for each in outcomes:
        lines.append(
            f"{'FAIL' if each.why else 'pass'}  {each.seconds:5.1f} s  {each.name}{': ' + each.why if each.why else ''}"
        )
        lines += [f"        refused  {count} x {asked}" for asked, count in Counter(map(str, each.refused)).items()]
        lines += [f"        failed   {line}" for line in each.failed]
        lines += [f"        console  {line}" for line in each.complaints]
    return "\n".join(lines)


def missing(client: str, outcomes: Sequence[Outcome]) -> list[str]:
    """What was asked for and not there, most often asked first."""
    counted: Counter[tuple[int, str, str]] = Counter()
    steps: dict[tuple[int, str, str], list[str]] = {}
    for outcome in outcomes:
        for asked in outcome.refused:
            key = (asked.status, asked.method, asked.shape)
            counted[key] += 1
            steps.setdefault(key, [])
            if outcome.name not in steps[key]:
                steps[key].append(outcome.name)
    return [
        f"{method:6} {path:55} {status}  {client:7} {count:3} x  {', '.join(steps[status, method, path])}"
        for (status, method, path), count in counted.most_common()
    ]
