"""The network that the organisations of the demo are: the first hosts it, the others ask and are let in."""

from collections.abc import Awaitable, Callable, Mapping

from server.consortium import actions, joining
from server.instance import Instance

NAME = "Learning across the valley"
PURPOSE = "A school, a library and a university that try each other’s practices and say honestly how it went."
GUIDELINES = """
1. **No pupils by name**, and nothing by which one could be recognised.
2. *It did not work here* is as welcome as *it worked*.
3. What we take up, we credit, with its licence.
4. Each of us answers reports within two working days.
5. Whoever wants to leave, leaves; nobody has to say why.
"""
WHY = {
    "riverside": "Our circles try what Northfield shares, and we would like to say how it went.",
    "lakeside": "Our student teachers learn from practices that were really tried.",
}


async def form_network(opened: Mapping[str, Instance], settle: Callable[[], Awaitable[None]]) -> None:
    """Found it at the first organisation, and let the others in."""
    host, *others = opened.items()
    if not others:
        return
    here = host[1]
    network = await here.run(actions.found, here, "@ana", name=NAME, purpose=PURPOSE, guidelines=GUIDELINES)
    for slug, other in others:
        await other.run(joining.ask, other, "demo", network.uri, why=WHY.get(slug, ""))
        await settle()
        await here.run(actions.accept, here, "@ana", network.slug, other.settings.origin.split("://", 1)[1])
        await settle()
