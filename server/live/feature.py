"""Live updates as a feature: whatever is published is told to all processes, and there to the pages it may concern."""

from functools import partial

from server.feature import Feature
from server.instance import Instance
from server.live import telling
from server.live.streams import CHANNEL, desk
from server.pads.events import PadChanged
from server.posts.events import PostBoosted, PostPublished


def _install(here: Instance) -> None:
    here.bus.on(CHANNEL, desk(here).heard)
    here.when_leaving(partial(desk(here).heard, None))
    telling.install(here)
    here.events.on(PostPublished, partial(_tell, here))
    here.events.on(PostBoosted, partial(_tell, here))
    here.events.on(PadChanged, partial(_tell_notes, here))


async def _tell(here: Instance, event: PostPublished | PostBoosted) -> None:
    here.bus.tell(CHANNEL, event.post_id)


async def _tell_notes(here: Instance, event: PadChanged) -> None:
    here.bus.tell(CHANNEL, [event.short, event.changed_id])


feature = Feature("live", models=None, install=_install)
