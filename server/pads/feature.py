"""Shared notes as a feature: they go with their event, send members elsewhere a link, and become practices."""

from functools import partial

from server.feature import Feature
from server.instance import Instance
from server.pads import doors, publishing
from server.pads.access import KINDS
from server.pads.detail import PadDetail
from server.posts import details
from server.posts.events import PostPublished
from server.practices import bonds


def _install(here: Instance) -> None:
    for kind in KINDS:
        details.add(here, kind, PadDetail())
    bonds.register(here, publishing.binding)
    here.events.on(PostPublished, partial(publishing.on_published, here))
    here.jobs.on(doors.SEND, partial(doors.send_link, here))


feature = Feature("pads", models="server.pads.models", install=_install)
