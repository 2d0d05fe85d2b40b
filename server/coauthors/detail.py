"""What a practice says of its co-authors, where it is received and where it ends."""

from federation.vocab.objects import RemotePost
from server.actors.models import Actor
from server.coauthors.actions import ACTIVE
from server.coauthors.models import Coauthor, CoauthorEdit
from server.instance import Instance
from server.posts import bylines
from server.posts.models import Post


class CoauthorsDetail:
    """`server.posts.details.KindDetail` over who writes a practice."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """Nothing: names are of the envelope (`server.posts.bylines`)."""
        return {}

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Name nobody of this server who did not agree to it: anybody can write a name under anything."""
        post = await Post.get(id=post_id)
        named = bylines.of(post.particulars)
        kept = [item for item in named if not here.is_local_uri(item.uri) or await _agreed(post_id, item.uri)]
        if len(kept) < len(named):
            await Post.filter(id=post_id).update(particulars=bylines.with_names(post.particulars, kept) or None)

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """Nothing: who wrote it does not change with its words."""
        return {}

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase it with its post."""
        await Coauthor.filter(post_id=post_id).delete()
        await CoauthorEdit.filter(post_id=post_id).delete()


async def _agreed(post_id: str, uri: str) -> bool:
    person = await Actor.get_or_none(uri=uri)
    return person is not None and await Coauthor.exists(
        post_id=post_id, person_id=person.id, state__in=[ACTIVE, "removed"]
    )
