"""What happens between the author of a draft and its first reader, as news for the other of the two."""

from server.beforehand.events import FirstReaderAsked, FirstRemarkMade
from server.instance import Instance
from server.notifications.actions import PEOPLE, News, notify, withdraw

KIND = "beforehand"


async def on_shown(here: Instance, event: FirstReaderAsked | FirstRemarkMade) -> None:
    """Tell that there is a draft, or something said about one: not which, for it is between the two."""
    key = f"{event.post_id}:{event.author_id}"
    await withdraw(here, event.reader_id, KIND, key)  # said again, it is news again
    await notify(here, [event.reader_id], News(kind=KIND, thing=PEOPLE, key=key, actor_id=event.author_id))
