"""What a question says beyond its text, for posts to send, receive and keep in versions."""

from federation.vocab.objects import RemotePost
from server.discussions.models import Ask
from server.instance import Instance
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
        return {term: words for term, words in found.items() if words} | ({"ph:closed": True} if ask.is_closed else {})

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Keep what a question from elsewhere says of itself."""
        await Ask.update_or_create(
            defaults={
                "is_closed": remote.raw.get("ph:closed") is True,
                "clear": text(remote.raw.get("ph:clearNow"), SENTENCE),
                "unclear": text(remote.raw.get("ph:stillUnclear"), SENTENCE),
                "changed_at": here.clock.now(),
            },
            id=post_id,
        )

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase it with its post."""
        await Ask.filter(id=post_id).delete()

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """The sentences as they are."""
        ask = await Ask.get_or_none(id=post_id)
        return {} if ask is None else {"clear": ask.clear, "unclear": ask.unclear, "is_closed": ask.is_closed}
