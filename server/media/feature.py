"""Uploads and pictures from elsewhere as a feature."""

from datetime import timedelta
from functools import partial
from typing import Any

from server.actors.events import PicturesChanged
from server.feature import Feature
from server.instance import Instance
from server.media import actions, queries, remote
from server.media.storage import open_storage


async def _delete(here: Instance, payload: Any) -> None:
    await actions.delete_file(here, payload["id"])


async def _sweep(here: Instance, payload: Any) -> None:
    await actions.sweep(here)
    await remote.prune(here)


def _install(here: Instance) -> None:
    here.caches[queries.CACHE] = open_storage(here.settings)
    here.media_url = partial(remote.media_url, here)
    here.events.on(PicturesChanged, partial(actions.pictures_changed, here))
    here.jobs.on(actions.DELETE_JOB, partial(_delete, here))
    here.jobs.every("media.sweep", timedelta(hours=1), partial(_sweep, here))


feature = Feature("media", models="server.media.models", install=_install)
