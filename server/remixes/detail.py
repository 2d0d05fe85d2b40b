"""What a practice is based on, for posts to send, receive and keep: beside the fields of the practice."""

from federation.vocab.objects import RemotePost
from server.instance import Instance
from server.remixes import ties
from server.remixes.models import Remix, RemixCredit, RemixOffer
from server.remixes.wire import Basis, ancestors_of, based_on, read_based_on, read_thanks, with_thanks
from server.shelf import MadeFrom

MADE_FROM = (MadeFrom("remix", "t.id = post.id"), MadeFrom("remix_credit", "t.id = post.id"))
"""What `document` looks at."""


class RemixDetail:
    """`server.posts.details.KindDetail` over the table `remix`."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """`isBasedOn` and our terms beside it, in `learning`."""
        remix = await Remix.get_or_none(id=post_id)
        credit = await RemixCredit.get_or_none(id=post_id)
        learning = based_on(basis_of(remix)) if remix is not None else {}
        learning |= with_thanks(ancestors_of(credit.thanks)) if credit is not None else {}
        return {"learning": learning} if learning else {}

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Keep what a practice from elsewhere says of its source."""
        basis = read_based_on(remote.learning or {}, remote.id)
        if basis is None:
            await Remix.filter(id=post_id).delete()
        else:
            await ties.keep(here, post_id, remote.id, basis)
        thanks = [item.as_row() for item in read_thanks(remote.learning or {})]
        if thanks:
            await RemixCredit.update_or_create(defaults={"thanks": thanks}, id=post_id)
        else:
            await RemixCredit.filter(id=post_id).delete()

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase it with its post, and what was offered of it or for it."""
        await Remix.filter(id=post_id).delete()
        await RemixCredit.filter(id=post_id).delete()
        await RemixOffer.filter(remix_id=post_id).delete()
        await RemixOffer.filter(source_id=post_id).delete()

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """Nothing: where something comes from does not change with it."""
        return {}


def basis_of(remix: Remix) -> Basis:
    """What is stored of where a practice comes from."""
    return Basis(ancestors_of(remix.lineage), remix.what_changed, remix.why)
