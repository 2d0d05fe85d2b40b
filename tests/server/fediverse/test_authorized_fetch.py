"""PEERHALL_AUTHORIZED_FETCH: every kind of document asks for a signature, but for the instance actor."""

from typing import Any

from federation.signatures import cavage
from federation.testing import make_signer
from server.actors import actions as actors
from server.peers import actions as peers
from server.posts import actions as posts
from tests.conftest import Fediverse
from tests.posting import Stranger, community, document, reply, write


async def test_s15_every_document_asks_for_a_signature_but_the_instance_actor(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example", authorized_fetch=True)
    amara, ben = await fediverse.person(here, "amara"), await fediverse.person(here, "ben")
    stranger = Stranger(fediverse, "elsewhere.example")
    tom = stranger.actor("tom")
    key = make_signer(tom)
    group, office = await community(amara), await community(amara, "office", visibility="instance")
    post = await write(amara, "Hello", community_id=group.id, visibility="public")
    await reply(ben, post)
    await ben.do(posts.boost_post, post.id)
    await here.run(actors.request_follow, here, ben.id, amara.id)
    await fediverse.settle()
    sent = await here.run(here.db.rows, "SELECT uri FROM sent_activity ORDER BY uri")
    asking = [
        amara.uri, group.uri, post.uri, f"{here.settings.origin}/ap/t/{post.id}",
        f"{here.settings.origin}/ap/communities",
        *(row["uri"] for row in sent),
        *(f"{actor}/{part}" for actor in (amara.uri, group.uri) for part in ("outbox", "followers", "following")),
        f"{group.uri}/moderators", f"{group.uri}/featured",
        *(f"{post.uri}/{part}" for part in ("replies", "likes", "shares")),
    ]  # fmt: skip

    def signed(uri: str) -> dict[str, str]:
        return cavage.headers(
            "GET", "alder.example", uri.removeprefix(here.settings.origin), body=None, key_id=key.rsa_key_id,
            key=key.rsa_key, now=fediverse.clock.now(),
        )  # fmt: skip

    async def status(uri: str, headers: dict[str, str] | None = None) -> Any:
        return (await document(fediverse, here, uri, headers=headers))[0]

    assert len(sent) > 3
    for uri in asking:
        assert await status(uri) == 401, uri
        assert await status(uri, signed(uri)) == 200, uri
    for uri in (f"{here.settings.origin}/ap/actor", f"{here.settings.origin}/ap/actor/outbox"):
        assert await status(uri) == 200, "else nobody could check the signatures of our fetches"
    # What there is not, and what is nobody's business, look the same.
    for uri in (office.uri, f"{here.settings.origin}/ap/p/nothing", f"{here.settings.origin}/ap/network"):
        assert (await status(uri), await status(uri, signed(uri))) == (404, 404), uri
    await here.run(peers.set_grade, here, "elsewhere.example", "blocked", "@ana")
    for uri in [*asking, f"{here.settings.origin}/ap/actor"]:
        assert await status(uri, signed(uri)) == 403, uri
