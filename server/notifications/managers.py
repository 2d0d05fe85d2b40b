"""A warning for both, where who leads somebody at work is to look after them here (A10)."""

from server.instance import Instance
from server.notifications.actions import News, about_community, notify
from server.workcards.events import ManagerLooksAfter


async def on_looks_after(here: Instance, event: ManagerLooksAfter) -> None:
    """Tell both, each what concerns them; neither is told by whom it was said."""
    for reader_id, kind in ((event.manager_id, "leads"), (event.person_id, "led")):
        key = f"{event.community_id}:{event.manager_id}:{event.person_id}" if kind == "led" else event.community_id
        news = News(kind=kind, thing=about_community(event.community_id), key=key, community_id=event.community_id)
        await notify(here, [reader_id], news)
