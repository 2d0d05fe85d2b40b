"""What those who look after a community or server say to one person."""

from server.actors.models import Actor
from server.communities.events import PersonBanned
from server.ids import new_id
from server.instance import Instance
from server.moderation.events import NoticeGiven
from server.moderation.models import Notice

MAX_TEXT = 2_000


async def give(
    here: Instance,
    *,
    person_id: str,
    kind: str,
    uri: str,
    by_uri: str,
    place: str,
    text: str,
    post_id: str | None = None,
) -> None:
    """Keep a notice and tell the person, in the caller's transaction; the same one twice is given once."""
    if await Notice.exists(uri=uri):
        return
    now = here.clock.now()
    notice = await Notice.create(
        id=new_id(now),
        person_id=person_id,
        uri=uri,
        kind=kind,
        by_uri=by_uri,
        place=place[:300],
        post_id=post_id,
        text=text[:MAX_TEXT],
        created_at=now,
    )
    await here.events.emit(NoticeGiven(notice.id))


async def on_banned(here: Instance, event: PersonBanned) -> None:
    """A person here is kept out of a community or of another server: they are told, with the reason."""
    person = await Actor.get(id=event.person_id)
    if person.is_local:
        uri = f"{event.uri}#{int(here.clock.now().timestamp())}"
        await give(
            here,
            person_id=person.id,
            kind="ban",
            uri=uri[:500],
            by_uri=event.by_uri,
            place=event.place,
            text=event.reason,
        )
