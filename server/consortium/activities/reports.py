"""Add of a report to a network, from the instance actor of a member to that of the host, and to nobody else.

Sent by `reporting`. Authority: only a member tells numbers, by its instance actor, for itself (S5). A quarter counts
once (S3), after its end. A report with a number below five is refused whole: such a number should not have left.
"""

from federation.errors import Forbidden, Ignored, InvalidDocument
from federation.inbox.dispatch import VerifiedActivity
from server.consortium import numbers, reporting, standing
from server.consortium.models import Consortium, ConsortiumMember
from server.instance import Instance

OLDEST_YEARS = 2


async def on_add(here: Instance, received: VerifiedActivity) -> bool:
    """A member tells its numbers. False: it is about something else."""
    activity = received.activity
    said = activity.object or {}
    if said.get("kind") != reporting.KIND:
        return False
    network = await Consortium.get_or_none(uri=activity.target, state="hosted") if activity.target else None
    if network is None:
        raise Ignored("no network here")
    quarter, told = numbers.read_quarter(said.get("ph:quarter")), numbers.read_numbers(said.get("ph:numbers"))
    now = here.clock.now()
    if quarter is None or told is None or quarter.until > now or quarter.year < now.year - OLDEST_YEARS:
        raise InvalidDocument("This is no report that a network takes.")
    async with here.db.transaction():
        await standing.hold(here, network)
        member = await ConsortiumMember.get_or_none(consortium_id=network.id, uri=activity.actor, state="member")
        if member is None or network.state != "hosted":
            raise Forbidden("only a member tells numbers")
        if not await reporting.receive(here, network, host=member.host, quarter=quarter, told=told):
            raise Ignored("this quarter was told already")
    return True
