"""What thanks and celebrations say beyond their text, for posts to send and receive."""

from federation.vocab.base import id_of, is_web_uri
from federation.vocab.objects import RemotePost
from server.instance import Instance
from server.thanks.models import Thanks

FOR = "ph:thanksFor"


class ThanksDetail:
    """`server.posts.details.KindDetail` over the table `thanks`."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """What was done, by its id; the text has a link to it for people."""
        kept = await Thanks.get_or_none(id=post_id)
        return {FOR: kept.act_uri} if kept is not None and kept.act_uri else {}

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Keep what one from elsewhere is about."""
        uri = id_of(remote.raw.get(FOR))
        is_act = uri is not None and is_web_uri(uri) and len(uri) <= 500
        await Thanks.update_or_create(defaults={"act_uri": uri if is_act else None}, id=post_id)

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase it with its post."""
        await Thanks.filter(id=post_id).delete()

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """Nothing that versions are compared by."""
        return {}
