"""What we tell other servers about questions that are needed today, by our instance actor, in the present transaction.

Without a proof and without a copy at its id: nobody can pass it on or look it up.
"""

import json

from federation.vocab import activities
from server.actors.models import Actor
from server.ids import new_id
from server.instance import Instance
from server.needs.models import NeedOffer

SEATS, TOLD = "ph:seats", "ph:told"
_INVITES = "/ap/a/invite/"


def offer_of(here: Instance, invite: str) -> str | None:
    """The id of the offer that an Invite of ours made, by the id of that; None for any other id."""
    start = here.url(_INVITES)
    return invite.removeprefix(start) if invite.startswith(start) else None


async def send_invite(here: Instance, question: str, server: Actor, row: NeedOffer) -> None:
    """Ask a server to tell people of its own of a question, as many as it has seats."""
    document = activities.activity(
        "Invite",
        id=here.url(f"{_INVITES}{row.id}"),
        actor=here.url("/ap/actor"),
        object=question,
        target=server.uri,
        to=[server.uri],
        cc=None,
        published=row.at,
        extra={SEATS: row.seats},
    )
    await _send(here, document, server)


async def send_answer(here: Instance, invite: str, asker: Actor, told: int) -> None:
    """Tell the server of a question how many people of ours were told, and nothing else."""
    document = activities.accept(
        id=here.url(f"/ap/a/accept/{new_id(here.clock.now())}"),
        actor=here.url("/ap/actor"),
        object=invite,
        to=[asker.uri],
        extra={TOLD: told},
    )
    await _send(here, document, asker)


async def _send(here: Instance, document: activities.Json, server: Actor) -> None:
    await here.deliveries.enqueue(
        activity_id=str(document["id"]),
        sender=here.url("/ap/actor"),
        body=json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),
        inboxes=[server.inbox_url],
    )
