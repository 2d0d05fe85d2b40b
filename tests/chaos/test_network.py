"""A few of the stories of `make chaos FAULT=network`: what a bad network does, the end does not show (R3)."""

from tests.chaos.network import Stage
from tests.conftest import Fediverse

SEEDS = range(1, 4)


async def test_r3_servers_know_the_same_in_the_end_on_a_network_that_loses_repeats_and_reorders(
    fediverse: Fediverse,
) -> None:
    stage = await Stage.make(fediverse)
    assert {seed: found for seed in SEEDS if (found := await stage.compare(seed))} == {}
