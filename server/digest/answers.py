"""Answers with one tap out of a mail: a link stands for one person, one deed and one thing, and for some weeks.

A link only leads to a page that asks (mail systems open links by themselves); who presses its button need not be signed
in, and can do nothing else by it. Doing it twice is doing it once.
"""

from dataclasses import dataclass

import msgspec

from server.accounts.sessions import VIEWER_COLUMNS, viewer_of_row
from server.actors.viewer import Viewer
from server.digest.actions import set_day
from server.digest.planning import NEVER
from server.errors import NotFound
from server.instance import Instance
from server.notifications.actions import no_mail_today, set_mail_now
from server.notifications.links import GOING, KEEP, NOT_GOING, OFF, OFF_NOW, OFF_TODAY, PURPOSE
from server.posts.marks import bookmark_post
from server.posts.policy import OPEN
from server.posts.queries import show
from server.sessions.actions import leave, take_part


@dataclass(frozen=True, slots=True)
class Asked:
    """What a link asks: the deed, by whom, and the title and page of what it is about.

    A mail may have been passed on: the title of what not everybody may read any more is not said (S15).
    """

    deed: str
    viewer: Viewer
    post_id: str
    title: str
    path: str


async def asked(here: Instance, token: str) -> Asked:
    """What a link asks. Raises NotFound for one that is not ours, is too old, or is about what is gone."""
    text = here.signatures.verify(PURPOSE, token, now=here.clock.now()) if token.count(".") == 2 else None
    if text is None:
        raise NotFound("This link works no more. Sign in, and do it here.")
    reader_id, deed, post_id = msgspec.json.decode(text, type=tuple[str, str, str])
    row = await here.db.row(
        f"SELECT {VIEWER_COLUMNS} FROM account JOIN actor ON actor.id = account.actor_id"
        " WHERE account.actor_id = :reader AND account.state = 'active'"
        " AND actor.suspended_at IS NULL AND actor.deleted_at IS NULL AND NOT actor.hidden",
        reader=reader_id,
    )
    if row is None:
        raise NotFound("This link works no more. Sign in, and do it here.")
    viewer = viewer_of_row(here, row)
    post = await show(here, viewer, post_id) if post_id else None
    if post_id and post is None:
        raise NotFound("What this is about is gone, or no longer shared with you.")
    if post is not None and post.visibility not in OPEN:
        return Asked(deed, viewer, post_id, "", f"/p/{post.short}")
    return Asked(deed, viewer, post_id, post.title if post else "", post.url if post else "")


async def do(here: Instance, token: str) -> Asked:
    """Do what a link asks."""
    found = await asked(here, token)
    if found.deed == GOING:
        await take_part(here, found.viewer, found.post_id)
    elif found.deed == NOT_GOING:
        await leave(here, found.viewer, found.post_id)
    elif found.deed == KEEP:
        await bookmark_post(here, found.viewer, found.post_id)
    elif found.deed == OFF:
        await set_day(here, found.viewer, NEVER)
    elif found.deed == OFF_NOW:
        await set_mail_now(here, found.viewer, False)
    elif found.deed == OFF_TODAY:
        await no_mail_today(here, found.viewer)
    return found
