"""Mail as a feature: a job that sends one message and is tried again when the mail server is away."""

from functools import partial
from typing import Any

from server.feature import Feature
from server.instance import Instance
from server.mail.actions import SEND, deliver
from server.mailer import Mail


async def _send(here: Instance, payload: Any) -> None:
    await deliver(here, Mail(**payload))


def _install(here: Instance) -> None:
    here.jobs.on(SEND, partial(_send, here))


feature = Feature("mail", models="server.mail.models", install=_install)
