"""Update of the list of a network, from its host: a reason to read the list, and nothing more.

Authority: only the host of a network says that its list changed (S5). What the activity says of the list is not
believed: the list itself is read where it stands, with its proof.
"""

from federation.errors import Forbidden, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab.memberlists import server_actor_of
from server.consortium import lists
from server.consortium.models import Consortium
from server.instance import Instance


async def on_news(here: Instance, received: VerifiedActivity) -> None:
    """The list of a network that we are in has changed."""
    activity = received.activity
    network = await Consortium.get_or_none(uri=activity.object_id) if activity.object_id else None
    if network is None or network.is_ours:
        raise Ignored("no network that we are in")
    if activity.actor != server_actor_of(network.uri):
        raise Forbidden("only the host of a network changes its list")
    if network.state != "member":
        raise Ignored("we are not in this network")
    await here.jobs.enqueue(lists.FETCH, network.id, unique=f"{lists.FETCH}:{network.id}")
