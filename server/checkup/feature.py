"""The check-up as a feature."""

from functools import partial

from server.checkup import actions
from server.feature import Feature
from server.instance import Instance


def _install(here: Instance) -> None:
    here.jobs.on(actions.MAIL_JOB, partial(actions.try_mail, here))
    here.jobs.every(actions.LOOK_JOB, actions.EVERY, partial(actions.look, here))


feature = Feature("checkup", models=None, install=_install)
"""Registered in `server.features`."""
