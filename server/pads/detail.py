"""Shared notes of an event or round go with it; no document says a word of them."""

from federation.vocab.objects import RemotePost
from server.instance import Instance
from server.pads.actions import erase
from server.pads.models import Pad


class PadDetail:
    """`server.posts.details.KindDetail` for posts that have shared notes: nothing to say, and something to erase."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """Nothing: notes never leave."""
        return {}

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Nothing: notes of others stay with them."""

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """Nothing: they have a history of their own."""
        return {}

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase them with the post."""
        for pad in await Pad.filter(post_id=post_id).order_by("id").limit(200):
            await erase(pad.id)
