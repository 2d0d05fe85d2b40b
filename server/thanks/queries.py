"""Reading thanks and celebrations: what they are about, and one's own choice to be named."""

from dataclasses import dataclass

from server.actors.viewer import Viewer
from server.instance import Instance
from server.posts.addresses import page_path
from server.posts.policy import KIND_LABELS
from server.posts.queries import PostView
from server.posts.readable import readable
from server.thanks.form import ThanksForm


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did, for the page of the thanks for it."""

    title: str
    url: str


async def act_of(here: Instance, viewer: Viewer, post: PostView) -> Act | None:
    """What thanks or a celebration are about, where the viewer may read that; one query."""
    may_read, values = readable(viewer)
    row = await here.db.row(
        "SELECT post.short, post.title, post.kind FROM thanks JOIN post ON post.uri = thanks.act_uri"
        f" WHERE thanks.id = :thanks AND post.state = 'visible' AND {may_read}",
        thanks=post.id,
        **values,
    )
    if row is None:
        return None
    return Act(row["title"] or KIND_LABELS[row["kind"]], page_path(row["short"], row["title"], row["kind"]))


async def form_of(here: Instance, post: PostView) -> ThanksForm:
    """The form of thanks or a celebration of one's own, as it was filled in."""
    row = await here.db.row("SELECT words, people FROM thanks WHERE id = :id", id=post.id)
    return ThanksForm(
        kind=post.kind,
        title=post.title,
        text=row["words"] if row else "",
        people=row["people"] if row else "",
        language=post.language,
        visibility=post.visibility,
    )


async def wants_to_be_named(here: Instance, viewer: Viewer) -> bool:
    """Whether others may name the viewer in thanks and celebrations."""
    return await here.db.value("SELECT id FROM unnamed WHERE id = :me", me=str(viewer.actor_id)) is None
