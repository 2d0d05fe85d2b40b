"""What we tell other servers about networks: sent by our instance actor, in the present transaction."""

from html import escape

from federation.vocab import activities
from federation.vocab.memberlists import KIND, server_actor_of
from server.actors.models import Actor
from server.actors.sending import send
from server.consortium.models import Consortium, ConsortiumMember
from server.ids import new_id
from server.instance import Instance


async def send_join(here: Instance, network: Consortium, inbox: str, why: str) -> None:
    """Ask the host of a network, in the present transaction."""
    ours = here.url("/ap/actor")
    document = activities.activity(
        "Join",
        id=str(network.join_uri),
        actor=ours,
        object=network.uri,
        to=[server_actor_of(network.uri)],
        cc=None,
        published=here.clock.now(),
        content=f"<p>{escape(why)}</p>" if why else None,
    )
    await send(here, ours, document, inboxes=[inbox])


async def send_leave(here: Instance, network: Consortium) -> None:
    """Tell the host that we leave, in the present transaction."""
    ours, host = here.url("/ap/actor"), await Actor.get_or_none(uri=server_actor_of(network.uri))
    if host is None:
        return
    document = activities.activity(
        "Leave",
        id=here.url(f"/ap/a/leave/{new_id(here.clock.now())}"),
        actor=ours,
        object=network.uri,
        to=[host.uri],
        cc=None,
    )
    await send(here, ours, document, inboxes=[host.inbox_url])


async def send_answer(here: Instance, network: Consortium, member: ConsortiumMember, *, accepted: bool) -> None:
    """Say yes or no to a server; no also ends a membership. In the present transaction."""
    asker = await Actor.get_or_none(uri=member.uri)
    if asker is None or member.join_uri is None:
        return
    build, verb = (activities.accept, "accept") if accepted else (activities.reject, "reject")
    ours = here.url("/ap/actor")
    document = build(
        id=here.url(f"/ap/a/{verb}/{new_id(here.clock.now())}"),
        actor=ours,
        object={"id": member.join_uri, "type": "Join", "actor": member.uri, "object": network.uri},
        to=[member.uri],
        content=f"<p>{escape(member.reason)}</p>" if member.reason else None,
    )
    await send(here, ours, document, inboxes=[asker.inbox_url])


async def send_news(here: Instance, network: Consortium) -> None:
    """Tell every member that the list changed: they read it where it stands, and believe only that."""
    rows = await here.db.rows(
        "SELECT actor.uri, actor.inbox_url FROM consortium_member JOIN actor ON actor.uri = consortium_member.uri"
        " WHERE consortium_member.consortium_id = :id AND consortium_member.state = 'member' ORDER BY actor.uri",
        id=network.id,
    )
    if not rows:
        return
    ours = here.url("/ap/actor")
    document = activities.update(
        id=here.url(f"/ap/a/update/{new_id(here.clock.now())}"),
        actor=ours,
        object={
            "id": network.uri,
            "type": "Collection",
            "kind": KIND,
            "attributedTo": ours,
            "name": network.name,
            "listVersion": network.version,
        },
        to=[row["uri"] for row in rows],
        published=here.clock.now(),
    )
    await send(here, ours, document, inboxes=[row["inbox_url"] for row in rows])
