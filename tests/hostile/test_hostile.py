"""A hostile server gets nowhere: each attack over real sockets, within its budget, and logged with the reason."""

import asyncio
import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest

import tests.hostile
from federation.inbox import door
from server.fediverse import refusals
from tests.hostile.attacks import ATTACKS, Attack, Verdict, carried_out
from tests.hostile.stage import Stage, heartbeat, raised

for _module in pkgutil.iter_modules(tests.hostile.__path__):
    if _module.name.startswith("on_"):
        importlib.import_module(f"tests.hostile.{_module.name}")

pytestmark = pytest.mark.timeout(300)

AT_ONCE = 10
LONGEST_HOLD_SECONDS = 0.5


@pytest.fixture(scope="module")
def verdicts(
    template: Any, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[str, Verdict]:
    """How all attacks went that are asked for."""
    wanted = {item.name for item in request.session.items}
    chosen = [one for one in ATTACKS if any(one.name in name for name in wanted)]
    return asyncio.run(_carry_out(chosen, template, tmp_path_factory.mktemp("hostile")))


async def _carry_out(chosen: list[Attack], template: Any, folder: Path) -> dict[str, Verdict]:
    """Several at once; those that take longest begin."""
    found: dict[str, Verdict] = {}
    places = asyncio.Semaphore(AT_ONCE)

    async def carry_out(stage: Stage, one: Attack) -> None:
        async with places:
            found[one.name] = await carried_out(stage, one)

    async with raised(template, folder) as stage:
        async with heartbeat() as held:
            # Attacks that name no server share the few lines of the nameless (`test_refusals` holds that bound), and
            # on a quick machine all of them may come between two times that these are written down.
            with pytest.MonkeyPatch.context() as patch:
                lines = len(chosen) * refusals.WRITTEN_PER_HOST
                patch.setattr(refusals, "WRITTEN_PER_HOST", lines)
                patch.setattr(refusals, "MAX_WAITING", max(lines, refusals.MAX_WAITING))
                # All of them come from one address, which in earnest each would have to itself (`test_door`).
                patch.setattr(door, "MUCH", door.MAX_SENDERS)
                async with asyncio.TaskGroup() as group:
                    for one in sorted((one for one in chosen if not one.alone), key=lambda one: -one.seconds):
                        group.create_task(carry_out(stage, one))
            for one in chosen:
                if one.alone:
                    await carry_out(stage, one)
        everything = found["everything"] = Verdict()
        everything.changed = stage.servers.strays
        everything.seconds = max(held)
    return found


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: f"{'-'.join(one.numbers)}-{one.name}")
def test_an_attack_gets_nowhere(attack: Attack, verdicts: dict[str, Verdict]) -> None:
    """S1 to S24, as the attack says."""
    verdict = verdicts[attack.name]
    assert verdict.error == ""
    assert verdict.changed == []
    assert verdict.requests <= attack.requests
    assert verdict.sent_bytes <= attack.sent_bytes
    assert verdict.seconds <= attack.seconds
    if attack.words:
        assert verdict.words & set(attack.words), f"logged were {verdict.words}"


def test_s13_nobody_is_reached_who_must_not_be(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["everything"].changed == []


def test_s12_the_loop_is_never_held_for_long(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["everything"].seconds < LONGEST_HOLD_SECONDS


def test_there_are_enough_attacks() -> None:
    assert len(ATTACKS) >= 60
