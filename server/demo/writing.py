"""Notes that people of the demo write together: a project at one school, in which a member from the library writes."""

from collections.abc import Mapping

from server.actors import actions as actors
from server.actors.viewer import Viewer
from server.communities import queries as communities
from server.instance import Instance
from server.pads import actions, publishing, writing
from server.pads.access import Standing, stand
from server.pads.actions import PadForm
from server.pads.models import PadSection

TITLE = "Exit tickets: what we do with them"
SECTIONS = (
    ("What we did", "samuel@northfield", "Three questions at the door, on **coloured** cards. Nobody signs."),
    ("What we saw", "maya@northfield", "- The quiet ones write more than they say.\n- Two classes asked for it."),
    ("At the library", "tom@riverside", "With adults we draw instead: one line, one picture, up on the wall."),
    ("What we would tell others", "maya@northfield", "Read them *before* the next lesson, or leave it."),
)
NAMED = ("maya@northfield", "tom@riverside")
LATE = ("What we saw", "joel@northfield", "- The quiet ones write more than they say.\n- In Year 7 it took too long.")


async def write_notes(opened: Mapping[str, Instance], viewers: Mapping[str, Viewer]) -> None:
    """Samuel begins, the others write; what Joel wrote came late, and stands beside what Maya has written meanwhile.

    Maya and Tom want to be named when a practice is made of it; the others have not said.
    """
    here = opened["northfield"]
    group = await here.run(communities.community_by_slug, here, "science", viewers["maya@northfield"])
    if group is None:
        return

    async def standing(handle: str) -> Standing | None:
        viewer = viewers.get(handle)
        if viewer is None or handle.endswith("@northfield"):
            return await here.run(stand, here, viewer, group.id, None) if viewer is not None else None
        name, slug = handle.split("@")
        known = await here.run(actors.resolve, here, f"@{name}@{opened[slug].settings.domain}")
        return Standing(known.id, is_guest=True)

    host = await standing("samuel@northfield")
    if host is None:
        return
    form = PadForm(title=TITLE, headings=tuple(heading for heading, _, _ in SECTIONS), is_project=True)
    pad = await here.run(actions.start, here, host, group.id, None, form)
    for heading, who, text in (*SECTIONS, LATE):
        writer = await standing(who)
        section = await here.run(PadSection.get, pad_id=pad.id, heading=heading)
        if writer is not None:
            await here.run(writing.save, here, writer, pad, section.id, writing.Draft(heading, text, 0))
            if who in NAMED:
                await here.run(publishing.choose_name, here, writer, pad, named=True)
