"""The addresses in mails that ask whether somebody wants to do something."""

from datetime import timedelta

import msgspec

from server.instance import Instance

PURPOSE = "mail.answer"
GOING, NOT_GOING, KEEP, OFF, OFF_NOW, OFF_TODAY = ("going", "not_going", "keep", "off", "off_now", "off_today")
WORKS_FOR = {GOING: timedelta(days=14), NOT_GOING: timedelta(days=14), KEEP: timedelta(days=30)}
OFF_WORKS_FOR = timedelta(days=400)
"""Somebody may find an old mail, and want no more of them."""


def link(here: Instance, reader_id: str, deed: str, post_id: str = "") -> str:
    """The address that asks somebody whether they want to do something."""
    text = msgspec.json.encode([reader_id, deed, post_id]).decode()
    until = here.clock.now() + WORKS_FOR.get(deed, OFF_WORKS_FOR)
    return here.url(f"/mail/{here.signatures.sign(PURPOSE, text, until=until)}")
