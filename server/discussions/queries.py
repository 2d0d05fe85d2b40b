"""Reading conversations: a question's state beside its thread."""

from dataclasses import dataclass

from server.discussions.models import Ask
from server.discussions.policy import ask_state
from server.instance import Instance
from server.posts.queries import PostView


@dataclass(frozen=True, slots=True)
class AskFacts:
    """`state`: ``open``, ``answered`` or ``closed``; the sentences are the asker's."""

    state: str
    clear: str
    unclear: str
    helped_count: int


async def ask(here: Instance, post: PostView) -> AskFacts:
    """What a question that the viewer was shown says of itself."""
    found = await Ask.get_or_none(id=post.id)
    unclear = found.unclear if found else ""
    return AskFacts(
        state=ask_state(is_closed=bool(found and found.is_closed), helped_count=post.helped_count, unclear=unclear),
        clear=found.clear if found else "",
        unclear=unclear,
        helped_count=post.helped_count,
    )
