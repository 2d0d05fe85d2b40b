"""Answers by mail as a feature: what arrived is taken in by a job, and a mailbox is looked into where there is one."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

from server.actors.events import ActorDeleted
from server.feature import Feature
from server.instance import Instance
from server.letterbox import actions
from server.letterbox.mailbox import Mailbox

LOOK = "letterbox.look"
EVERY = timedelta(seconds=20)


async def look(here: Instance, payload: Any) -> None:
    """Fetch what is new in the mailbox; what we took is deleted there only after it was kept here."""
    mailbox = Mailbox(here.settings.imap_url, here.settings.reply_address, here.settings.origin)
    try:
        ours: list[str] = []
        others: list[str] = []
        for number, arrived in await asyncio.to_thread(mailbox.fetch):
            is_ours = bool(arrived.tokens)
            await actions.arrive(here, arrived)
            (ours if is_ours else others).append(number)
        await asyncio.to_thread(mailbox.done, ours, others)
    finally:
        await asyncio.to_thread(mailbox.close)


async def _clean_up(here: Instance, payload: Any) -> None:
    await actions.clean_up(here)


async def _on_actor_deleted(here: Instance, event: ActorDeleted) -> None:
    await here.db.execute("DELETE FROM mail_answer WHERE reader_id = :id", id=event.actor_id)


def _install(here: Instance) -> None:
    here.events.on(ActorDeleted, partial(_on_actor_deleted, here))
    here.jobs.on(actions.TAKE_IN, partial(actions.take_in, here))
    here.jobs.every("letterbox.clean_up", timedelta(days=1), partial(_clean_up, here))
    if here.settings.imap_url:
        here.jobs.every(LOOK, EVERY, partial(look, here))


feature = Feature("letterbox", models="server.letterbox.models", install=_install)
