"""Mail as a feature: a job that sends one message and is tried again when the mail server is away."""

from functools import partial
from typing import Any

from server.feature import Feature
from server.instance import Instance
from server.mailer import Mail

SEND = "mail.send"


async def send_later(here: Instance, *, to: str, subject: str, text: str) -> None:
    """Send a message after the present transaction has committed."""
    await here.jobs.enqueue(SEND, {"to": to, "subject": subject, "text": text})


async def _send(here: Instance, payload: Any) -> None:
    await here.mailer.send(Mail(**payload))


def _install(here: Instance) -> None:
    here.jobs.on(SEND, partial(_send, here))


feature = Feature("mail", models=None, install=_install)
