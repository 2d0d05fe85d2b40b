"""The chat rooms of a community, as those see them who look after it."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from server.instance import Instance
from server.webhooks import policy
from server.webhooks.models import Webhook


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room; `where` names the chat and the end of its address, which is all that is shown of it."""

    id: str
    where: str
    form: str
    wants: tuple[str, ...]
    is_on: bool
    last_at: datetime | None
    last_error: str


async def rooms(here: Instance, community_id: str) -> list[RoomView]:
    """All of them, the oldest first."""
    found = await Webhook.filter(community_id=community_id).order_by("id").limit(policy.MOST)
    return [
        RoomView(
            id=room.id,
            where=f"{urlsplit(room.url).hostname}/…{room.url[-4:]}",
            form=room.form,
            wants=tuple(room.wants.split()),
            is_on=room.is_on,
            last_at=room.last_at,
            last_error=room.last_error,
        )
        for room in found
    ]


async def hosts(here: Instance) -> dict[str, int]:
    """Where the chats of all rooms that are told something are, by host, and how many rooms."""
    urls = await Webhook.filter(is_on=True).order_by("id").limit(1000).values_list("url", flat=True)
    return dict(sorted(Counter(urlsplit(str(url)).hostname or "" for url in urls).items()))
