"""What a question says beyond its text, for posts to send, receive and keep in versions."""

from federation.vocab.base import timestamp, timestamp_of
from federation.vocab.objects import RemotePost
from server.discussions.models import Ask
from server.discussions.peers_first import LONGEST
from server.instance import Instance
from server.posts.models import Like, Post
from server.posts.reactions import add_helped, end_helped
from server.practices.wire import text

SENTENCE = 500


class AskDetail:
    """`server.posts.details.KindDetail` over the table `ask`. The terms are ours; `ph` is defined in every document."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """What is clear now, what is not, and whether it is closed."""
        ask = await Ask.get_or_none(id=post_id)
        if ask is None:
            return {}
        found: dict[str, object] = {"ph:clearNow": ask.clear, "ph:stillUnclear": ask.unclear}
        if ask.peers_first_until is not None:
            found["ph:peersFirstUntil"] = timestamp(ask.peers_first_until)
        return {term: words for term, words in found.items() if words} | ({"ph:closed": True} if ask.is_closed else {})

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Keep what a question from elsewhere says of itself."""
        until = timestamp_of(remote.raw.get("ph:peersFirstUntil"))
        latest = here.clock.now() + LONGEST
        await Ask.update_or_create(
            defaults={
                "is_closed": remote.raw.get("ph:closed") is True,
                "clear": text(remote.raw.get("ph:clearNow"), SENTENCE),
                "unclear": text(remote.raw.get("ph:stillUnclear"), SENTENCE),
                "changed_at": here.clock.now(),
                "peers_first_until": None if until is None else min(until, latest),
            },
            id=post_id,
        )
        await _accept(here, post_id, remote)

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase it with its post."""
        await Ask.filter(id=post_id).delete()

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """The sentences as they are."""
        ask = await Ask.get_or_none(id=post_id)
        return {} if ask is None else {"clear": ask.clear, "unclear": ask.unclear, "is_closed": ask.is_closed}


async def _accept(here: Instance, ask_id: str, remote: RemotePost) -> None:
    """Which answer helped, as the question itself says it (`acceptedAnswer`), in its author's name.

    Where a community tells of every choice, this adds what was missed; elsewhere it is all that is ever told.
    """
    ask = await Post.get(id=ask_id)
    wanted = None
    if remote.accepted_answer is not None:
        wanted = await Post.get_or_none(uri=remote.accepted_answer, root_id=ask.id, state="visible")
    if ask.community_id is None and remote.kind == "question":
        marked = Like.filter(actor_id=ask.author_id, kind="helped", post__root_id=ask.id).order_by("id").limit(100)
        for mark in await marked.prefetch_related("post"):
            if wanted is None or mark.post_id != wanted.id:
                await end_helped(here, mark.post, ask, ask.author_id)
    if wanted is not None and wanted.id != ask.id and wanted.author_id != ask.author_id:
        await add_helped(here, wanted, ask, ask.author_id)
