"""Reading conversations: a question's state beside its thread."""

from dataclasses import dataclass

from server.actors.viewer import Viewer
from server.discussions import peers_first
from server.discussions.models import Ask
from server.discussions.peers_first import PeersFirst
from server.discussions.policy import ask_state
from server.instance import Instance
from server.posts.models import Post
from server.posts.queries import PostView


@dataclass(frozen=True, slots=True)
class AskFacts:
    """`state`: ``open``, ``answered`` or ``closed``; the sentences are the asker's."""

    state: str
    clear: str
    unclear: str
    helped_count: int
    peers_first: PeersFirst | None = None


async def ask(here: Instance, viewer: Viewer, post: PostView) -> AskFacts:
    """What a question that the viewer was shown says of itself."""
    found = await Ask.get_or_none(id=post.id)
    unclear = found.unclear if found else ""
    until, first = found.peers_first_until if found else None, None
    if until is not None and post.state == "visible":
        first = await peers_first.now(here, viewer, await Post.get(id=post.id), until)
    return AskFacts(
        state=ask_state(is_closed=bool(found and found.is_closed), helped_count=post.helped_count, unclear=unclear),
        clear=found.clear if found else "",
        unclear=unclear,
        helped_count=post.helped_count,
        peers_first=first,
    )
