"""Join, Leave, and the answers to Join, between the instance actors of two servers: membership in a network.

Sent by `telling`. Authority: a server asks and leaves for itself, by its instance actor and nobody else
there; only the host of the network answers (S5). An answer counts only for the request that it names, and what was
settled is not settled anew by the same activity, however often it comes (S3).
"""

from federation.errors import Forbidden, Gone, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab.base import id_of
from federation.vocab.memberlists import server_actor_of
from server.actors.remote import MAX_URI, ensure_remote
from server.consortium import actions, joining, policy, standing
from server.consortium.models import Consortium, ConsortiumMember
from server.errors import Refused
from server.instance import Instance
from server.text import plain


async def on_join(here: Instance, received: VerifiedActivity) -> bool:
    """A server asks to be a member of a network here. False: it is about something else."""
    activity = received.activity
    network = await _hosted(here, activity.object_id)
    if network is None:
        return False
    _check_is_server(activity.actor)
    if not activity.id or len(activity.id) > MAX_URI:
        raise Forbidden("the request has no id, or too long an id")
    try:
        asker = await ensure_remote(here, activity.actor)
    except Gone as error:
        raise Ignored("who asks is gone") from error
    if asker.kind != "Application" or asker.suspended_at is not None or asker.deleted_at is not None:
        raise Forbidden("only a server joins a network")
    async with here.db.transaction():
        await standing.hold(here, network)
        if network.state != "hosted":
            raise Ignored("the network has ended")
        row = await ConsortiumMember.get_or_none(consortium_id=network.id, uri=asker.uri)
        if row is not None and row.join_uri == activity.id and row.state not in {"asked", "member"}:
            raise Ignored("this request was answered")
        try:
            await actions.receive_request(
                here,
                network,
                actor=asker.uri,
                name=asker.name or asker.host,
                join_uri=activity.id,
                why=plain(activity.content),
            )
        except Refused as error:
            raise Forbidden(error.message) from error
    return True


async def on_leave(here: Instance, received: VerifiedActivity) -> bool:
    """A member leaves, or takes its request back. False: it is about something else."""
    activity = received.activity
    network = await _hosted(here, activity.object_id)
    if network is None:
        return False
    async with here.db.transaction():
        await standing.hold(here, network)
        if not await actions.receive_leave(here, network, activity.actor):
            raise Ignored("they are no member")
    return True


async def on_answer(here: Instance, received: VerifiedActivity) -> bool:
    """The host of a network answers our Join, or ends our membership by a Reject. False: it is no such answer."""
    return await _answered(here, received, id_of(received.activity.object))


async def answer_by_id(here: Instance, received: VerifiedActivity) -> bool:
    """An answer that names the Join by its id."""
    return await _answered(here, received, received.activity.object_id)


async def _answered(here: Instance, received: VerifiedActivity, join_uri: str | None) -> bool:
    activity = received.activity
    network = await Consortium.get_or_none(join_uri=join_uri) if join_uri else None
    if network is None:
        return False
    if activity.actor != server_actor_of(network.uri):
        raise Forbidden("only the host of the network answers")
    async with here.db.transaction():
        await standing.hold(here, network)
        if network.join_uri != join_uri:
            raise Ignored("this request was replaced by another one")
        reason = plain(activity.content)[: policy.MAX_REASON]
        if not await joining.receive_answer(here, network, accepted=activity.type == "Accept", reason=reason):
            raise Ignored("nobody here waits for that")
    return True


def _check_is_server(actor: str) -> None:
    """Whoever may write documents on a server is not that server."""
    if actor != server_actor_of(actor):
        raise Forbidden("only a server joins a network")


async def _hosted(here: Instance, uri: str | None) -> Consortium | None:
    if uri is None or not here.is_local_uri(uri):
        return None
    return await Consortium.get_or_none(uri=uri, state="hosted")
