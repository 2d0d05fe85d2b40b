"""What apps with an open line may have to hear, told to every process: ids, never what they stand for.

Whether somebody may hear it is asked when it is told (S15). A message is a list whose first word says what it is.
"""

from collections.abc import Sequence
from functools import partial

from server.accounts.events import AccountDeleted, AccountSuspended
from server.conversations.events import ConversationChanged
from server.filters.events import FiltersChanged
from server.instance import Instance
from server.live.lines import CHANNEL, switchboard
from server.notifications.events import Told
from server.oauth.actions import ACCESS
from server.posts.events import (
    PostBoosted,
    PostDeleted,
    PostEdited,
    PostNarrowed,
    PostPublished,
    PostRemoved,
)

MAX_NAMED = 50


def install(here: Instance) -> None:
    """Hear what happens here, and what other processes say."""
    on = here.events.on
    here.bus.on(CHANNEL, switchboard(here).heard)
    here.bus.on(ACCESS, switchboard(here).look_again)
    here.when_leaving(switchboard(here).end_all)
    here.events.on_all(PostPublished, partial(_published, here))
    on(PostBoosted, partial(_boosted, here))
    on(PostEdited, partial(_edited, here))
    on(PostNarrowed, partial(_edited, here))
    on(PostDeleted, partial(_deleted, here))
    on(PostRemoved, partial(_removed, here))
    on(Told, partial(_told, here))
    on(FiltersChanged, partial(_filters, here))
    on(ConversationChanged, partial(_talk, here))
    on(AccountSuspended, partial(_locked_out, here))
    on(AccountDeleted, partial(_gone, here))


async def _published(here: Instance, events: Sequence[PostPublished]) -> None:
    for event in events:
        here.bus.tell(CHANNEL, ["post", event.post_id])


async def _boosted(here: Instance, event: PostBoosted) -> None:
    here.bus.tell(CHANNEL, ["boost", event.post_id, event.actor_id])


async def _edited(here: Instance, event: PostEdited | PostNarrowed) -> None:
    here.bus.tell(CHANNEL, ["edit", event.post_id])


async def _deleted(here: Instance, event: PostDeleted) -> None:
    """Only of what could be read: nobody hears of a draft. Whom it named is asked now, for it is forgotten then."""
    if await here.db.value("SELECT state FROM post WHERE id = :id", id=event.post_id) != "visible":
        return
    named = await here.db.rows(
        "SELECT post_mention.actor_id FROM post_mention JOIN actor ON actor.id = post_mention.actor_id"
        " WHERE post_mention.post_id = :id AND actor.is_local ORDER BY post_mention.id LIMIT :limit",
        id=event.post_id,
        limit=MAX_NAMED,
    )
    here.bus.tell(CHANNEL, ["gone", event.post_id, *(row["actor_id"] for row in named)])


async def _removed(here: Instance, event: PostRemoved) -> None:
    here.bus.tell(CHANNEL, ["gone", event.post_id])


async def _told(here: Instance, event: Told) -> None:
    for reader_id, notification_id in event.told:
        here.bus.tell(CHANNEL, ["news", notification_id, reader_id])


async def _filters(here: Instance, event: FiltersChanged) -> None:
    here.bus.tell(CHANNEL, ["filters", event.owner_id, event.owner_id])


async def _talk(here: Instance, event: ConversationChanged) -> None:
    here.bus.tell(CHANNEL, ["talk", event.root_id, event.owner_id])


async def _locked_out(here: Instance, event: AccountSuspended) -> None:
    here.bus.tell(ACCESS, event.account_id)


async def _gone(here: Instance, event: AccountDeleted) -> None:
    here.bus.tell(ACCESS)
