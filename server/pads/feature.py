"""Shared notes as a feature: they go with their event, and send members elsewhere a link. Nothing of them federates."""

from functools import partial

from server.feature import Feature
from server.instance import Instance
from server.pads import doors
from server.pads.access import KINDS
from server.pads.detail import PadDetail
from server.posts import details


def _install(here: Instance) -> None:
    for kind in KINDS:
        details.add(here, kind, PadDetail())
    here.jobs.on(doors.SEND, partial(doors.send_link, here))


feature = Feature("pads", models="server.pads.models", install=_install)
