"""How a community of the demo works: its goals, and a change that two schools talk about."""

from collections.abc import Awaitable, Callable, Mapping

from server.actors.viewer import Viewer
from server.communities import goals
from server.hosting import actions as hosting
from server.instance import Instance
from server.proposals import actions as proposals
from server.proposals.actions import ProposalForm

GOAL = "Six reading routines that three departments have tried"
CHANGE = {"cadence": "First and third Thursday of the month, 15:45 to 16:10"}
WHY = "A month is long. Two short meetings would remind us of what we promised."
DELIVERABLES = (("A list of routines to choose from", True), ("Two routines, each tried by three departments", False))
MEETING = "SELECT id FROM post WHERE community_id = :id AND kind = 'session' AND state = 'visible' ORDER BY id LIMIT 1"

Settle = Callable[[], Awaitable[None]]


async def work_together(
    opened: Mapping[str, Instance], viewers: Mapping[str, Viewer], community_id: str, settle: Settle
) -> None:
    """Maya proposes a change in the group for reading; Hannah agrees, and so does somebody from Riverside, nearly."""
    home = opened["northfield"]
    hannah, maya = viewers["hannah@northfield"], viewers["maya@northfield"]
    for text, _ in DELIVERABLES:
        await home.run(goals.add_deliverable, home, hannah, community_id, goal=GOAL, text=text)
    known = await home.run(goals.of, home, community_id)
    for item in known:
        if dict(DELIVERABLES)[item.text]:
            await home.run(goals.tick, home, maya, community_id, item.id, done=True)
    for viewer in (hannah, maya):
        await home.run(hosting.take_turns, home, viewer, community_id, hosts=True, greets=True)
    event_id = await home.run(home.db.value, MEETING, id=community_id)
    if event_id:
        await home.run(hosting.go_round, home, hannah, str(event_id))
    form = ProposalForm(about="charter", parts=CHANGE, why=WHY)
    post = await home.run(proposals.propose, home, maya, community_id, form)
    await settle()
    await home.run(proposals.say, home, hannah, post.id, "agree", "Twenty-five minutes I can find.")
    there = opened.get("riverside")
    if there is not None:
        known_there = await there.run(there.db.value, "SELECT id FROM post WHERE uri = :uri", uri=post.uri)
        if known_there:
            reason = "Every other month from ten to four, please: I teach until three."
            await there.run(proposals.say, there, viewers["nadia@riverside"], str(known_there), "change", reason)
