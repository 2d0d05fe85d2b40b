"""What ties the organisations of the demo: a network, a subject that somebody elsewhere follows, a shared practice."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from server.actors import actions as actors
from server.actors.viewer import Viewer
from server.coauthors import actions as coauthors
from server.coauthors import edits
from server.consortium import actions, joining
from server.instance import Instance
from server.subjects import actions as subjects

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


async def offer_subject(
    opened: Mapping[str, Instance], viewers: Mapping[str, Viewer], settle: Callable[[], Awaitable[None]]
) -> None:
    """Northfield passes on its practices in science; Tom at Riverside follows that."""
    here, steward = opened["northfield"], viewers["ana@northfield"]
    await here.run(subjects.offer, here, steward, subject="Science", handle="science-practices")
    await settle()
    tom, riverside = viewers.get("tom@riverside"), opened.get("riverside")
    if tom is not None and riverside is not None:
        found = await riverside.run(actors.resolve, riverside, f"@science-practices@{here.settings.domain}")
        await riverside.run(actors.request_follow, riverside, str(tom.actor_id), found.id)
        await settle()


WRITTEN_TOGETHER = "One circuit, seven faults: practical work for 32"
INES_ADDS = "Swap the boards between groups, and let them find a fault that somebody else has hidden."
INES_SAYS = "What my student teachers add at the end"


async def write_together(
    opened: Mapping[str, Instance], viewers: Mapping[str, Viewer], settle: Callable[[], Awaitable[None]]
) -> None:
    """Joel at Northfield asks Inês at Lakeside to write his practice with him; she adds a step from there."""
    here, there = opened["northfield"], opened.get("lakeside")
    joel, ines = viewers["joel@northfield"], viewers.get("ines@lakeside")
    if there is None or ines is None:
        return
    uri = await here.run(here.db.value, "SELECT uri FROM post WHERE title = :title", title=WRITTEN_TOGETHER)
    if uri is None:
        return
    await here.run(coauthors.invite, here, joel, await _known(here, uri), f"@ines@{there.settings.domain}")
    await settle()
    known = await _known(there, uri)
    await there.run(coauthors.answer, there, ines, known, accepted=True)
    await settle()
    post, form, base = await there.run(edits.begin, there, ines, known)
    form = replace(form, steps=(*form.steps, INES_ADDS), nobody_identifiable=True)
    await there.run(edits.submit, there, ines, post.id, form, base, INES_SAYS)


async def _known(here: Instance, uri: object) -> str:
    return str(await here.run(here.db.value, "SELECT id FROM post WHERE uri = :uri", uri=uri))
