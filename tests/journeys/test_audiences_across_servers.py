"""Who gets what on other servers: the network, narrowing, and replies that stay inside (S15; product/safety.md 5.1)."""

from typing import Any

import pytest

from federation.signatures import cavage
from federation.testing import make_signer
from server.actors import actions as actors
from server.actors.models import Actor
from server.communities import actions as communities
from server.errors import Invalid
from server.fediverse import receipts
from server.peers import actions as peers
from server.posts import actions as posts
from server.posts.actions import PostChange
from tests.conftest import Fediverse, Person
from tests.posting import Stranger, community, document, follow, found, join, outcome, reply, sees, write


def signed(fediverse: Fediverse, actor: str, here: Any, uri: str) -> dict[str, str]:
    """Headers of a GET that somebody on a stranger's server signs."""
    key = make_signer(actor)
    return cavage.headers(
        "GET",
        here.settings.domain,
        uri.removeprefix(here.settings.origin),
        body=None,
        key_id=key.rsa_key_id,
        key=key.rsa_key,
        now=fediverse.clock.now(),
    )


class Three:
    """Amara at Alder and Bruno at Birch, which trust each other; and Tom on a server that nobody chose."""

    def __init__(self, fediverse: Fediverse, amara: Person, bruno: Person, stranger: Stranger, tom: str) -> None:
        self.fediverse, self.amara, self.bruno, self.stranger, self.tom = fediverse, amara, bruno, stranger, tom

    def created(self) -> list[str]:
        return [item["object"]["id"] for item in self.stranger.received if item["type"] == "Create"]


async def three(fediverse: Fediverse, **settings: Any) -> Three:
    # What is for the network goes to Peerhalls alone, and what members share in public communities never to Lemmy.
    fediverse.watch.let_deliveries_pass()
    alder, birch = (
        await fediverse.start("alder.example", **settings),
        await fediverse.start("birch.example", **settings),
    )
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    stranger = Stranger(fediverse, "elsewhere.example")
    tom = stranger.actor("tom")
    for here, host in ((alder, "birch.example"), (birch, "alder.example")):
        await here.run(peers.set_grade, here, host, "trusted", "@ana")
    await fediverse.settle()
    return Three(fediverse, amara, bruno, stranger, tom)


async def test_v1_what_is_for_the_network_goes_to_its_servers_and_to_nobody_else(fediverse: Fediverse) -> None:
    met = await three(fediverse)
    alder, birch = met.amara.here, met.bruno.here
    await met.stranger.send(alder, met.stranger.activity("Follow", met.tom, met.amara.uri))
    post = await write(met.amara, "A draft for us", visibility="network")
    await fediverse.settle()
    there = await sees(met.bruno, post.uri)
    assert (there.visibility, there.title) == ("network", "A title")
    assert await sees(birch, post.uri) is None, "only people who are signed in"
    assert met.created() == []
    assert "A draft for us" not in str(met.stranger.received)
    sent = await alder.run(alder.db.value, "SELECT body FROM sent_activity WHERE post_id = :id", id=post.id)
    assert "activitystreams#Public" not in sent
    assert "https://alder.example/ap/network" in sent
    for uri in (post.uri, "https://alder.example/ap/network", f"https://alder.example/ap/a/create/{post.id}"):
        assert (await document(fediverse, alder, uri))[0] == 404, uri
        assert (await document(fediverse, alder, uri, headers=signed(fediverse, met.tom, alder, uri)))[0] == 404, uri
        fetched = await birch.run(birch.engine.fetch, uri)
        assert fetched["id"] == uri


async def test_v1_answers_from_the_network_come_home_and_stay_inside(fediverse: Fediverse) -> None:
    met = await three(fediverse)
    post = await write(met.amara, "What do you think?", visibility="network")
    await fediverse.settle()
    answer = await reply(
        met.bruno, await found(met.bruno.here, post.uri), "Yes @tom@elsewhere.example", visibility="public"
    )
    await fediverse.settle()
    home = await sees(met.amara, answer.uri)
    assert home.visibility == "network"
    assert met.created() == []
    stored = await met.bruno.here.run(
        met.bruno.here.db.rows, "SELECT actor_id FROM post_mention WHERE post_id = :id", id=answer.id
    )
    assert len(stored) == 1, "naming somebody outside lets nobody in"


async def test_v1_from_a_server_that_nobody_chose_is_refused(fediverse: Fediverse) -> None:
    met = await three(fediverse)
    note = met.stranger.note(met.tom, "p/1", to=["https://elsewhere.example/ap/network"], cc=[])
    activity = met.stranger.activity("Create", met.tom, note)
    await met.stranger.send(met.amara.here, activity)
    await fediverse.settle()
    assert (await outcome(met.amara.here, activity["id"]))[0] == "refused"
    assert await found(met.amara.here, note["id"]) is None
    # Nobody speaks of another server's network.
    note = met.stranger.note(met.tom, "p/2", to=["https://birch.example/ap/network"], cc=[])
    await met.stranger.send(met.amara.here, met.stranger.activity("Create", met.tom, note))
    await fediverse.settle()
    assert (await found(met.amara.here, note["id"])).visibility == "direct"
    assert await sees(met.amara, note["id"]) is None


async def test_v1_ends_with_the_trust(fediverse: Fediverse) -> None:
    met = await three(fediverse)
    alder = met.amara.here
    post = await write(met.amara, "For us", visibility="network")
    await fediverse.settle()
    await alder.run(peers.set_grade, alder, "birch.example", "normal", "@ana")
    later = await write(met.amara, "For those who are left", visibility="network")
    await fediverse.settle()
    assert await found(met.bruno.here, later.uri) is None
    with pytest.raises(Exception, match="no such document"):
        await met.bruno.here.run(met.bruno.here.engine.fetch, post.uri)


async def test_v1_of_a_network_community_goes_as_its_authors_and_the_community_stays_home(fediverse: Fediverse) -> None:
    met = await three(fediverse)
    group = await community(met.amara, visibility="network")
    post = await write(met.amara, "Shared calendar", community_id=group.id, visibility="network")
    await fediverse.settle()
    there = await sees(met.bruno, post.uri)
    assert there.community is None
    body = str(await met.bruno.here.run(met.bruno.here.db.rows, "SELECT body FROM inbox_receipt"))
    assert group.uri not in body
    answer = await reply(met.bruno, await found(met.bruno.here, post.uri), "Thank you")
    await fediverse.settle()
    assert (await sees(met.amara, answer.uri)).community.handle == "@science"


async def test_a_consortium_shares_with_everybody_it_chose(fediverse: Fediverse) -> None:
    met = await three(fediverse, federation="consortium")
    for here, host in ((met.amara.here, "birch.example"), (met.bruno.here, "alder.example")):
        await here.run(peers.set_grade, here, host, "normal", "@ana")
    await fediverse.settle()
    post = await write(met.amara, "For the schools of our board", visibility="network")
    await fediverse.settle()
    assert (await sees(met.bruno, post.uri)).visibility == "network"


async def test_narrowing_sends_an_update_to_those_who_keep_it_and_a_delete_to_those_who_lose_it(
    fediverse: Fediverse,
) -> None:
    met = await three(fediverse)
    alder, birch = met.amara.here, met.bruno.here
    group = await community(met.amara)
    await join(met.bruno, group)
    await met.stranger.send(alder, met.stranger.activity("Follow", met.tom, group.uri))
    await fediverse.settle()
    post = await write(met.amara, "Secret later", community_id=group.id, visibility="public")
    await fediverse.settle()
    assert await found(birch, post.uri) is not None
    met.stranger.received.clear()
    async with fediverse.client(alder, met.amara) as browser:
        refused = await browser.post(f"/p/{post.short}/audience", data={"audience": "public"})
        assert refused.status_code == 422
        await browser.post(f"/p/{post.short}/audience", data={"audience": "members"})
        await fediverse.settle()
        page = await browser.get(f"/p/{post.short}/audience")
    there = await sees(met.bruno, post.uri)
    assert (there.visibility, there.content_html) == ("members", "<p>Secret later</p>")
    assert await sees(birch, post.uri) is None
    kinds = {item["type"] for item in met.stranger.received}
    assert "Delete" in kinds
    assert "Update" not in kinds
    assert "Secret later" not in str(met.stranger.received)
    assert "1 of 1 confirmed" in page.text
    state = (await alder.run(receipts.states, alder, [post.uri]))[post.uri]
    assert state.hosts("accepted") == ("elsewhere.example",)
    # What was sent before is not read any more by those who lost it.
    for uri in (post.uri, f"https://alder.example/ap/a/create/{post.id}"):
        headers = signed(fediverse, met.tom, alder, uri)
        assert (await document(fediverse, alder, uri, headers=headers))[0] == 404, uri
    outbox = await document(fediverse, alder, f"{group.uri}/outbox")
    assert outbox[1]["totalItems"] == 0


async def test_narrowing_to_oneself_takes_it_back_everywhere(fediverse: Fediverse) -> None:
    met = await three(fediverse)
    await follow(met.bruno, met.amara)
    await fediverse.settle()
    post = await write(met.amara, "Hello", visibility="public")
    await fediverse.settle()
    fediverse.network.down.add("birch.example")
    await met.amara.do(posts.edit_post, post.id, PostChange(visibility="instance"))
    await fediverse.settle()
    alder = met.amara.here
    state = (await alder.run(receipts.states, alder, [post.uri]))[post.uri]
    assert (state.confirmed, state.total) == (0, 1), "nothing is claimed that nobody confirmed"
    fediverse.network.down.clear()
    fediverse.clock.advance(3600)
    await fediverse.settle()
    assert await sees(met.bruno, post.uri) is None
    state = (await alder.run(receipts.states, alder, [post.uri]))[post.uri]
    assert (state.confirmed, state.total) == (1, 1)


@pytest.mark.parametrize(
    ("now", "wanted"),
    [("followers", "public"), ("instance", "members"), ("instance", "followers"), ("network", "followers"),
     ("members", "followers"), ("private", "public"), ("instance", "direct"), ("members", "direct")],
)  # fmt: skip
async def test_s15_nothing_is_widened(fediverse: Fediverse, now: str, wanted: str) -> None:
    amara = await fediverse.person(await fediverse.start("alder.example"), "amara")
    group = await community(amara)
    post = await write(amara, "Hello", visibility=now, community_id=group.id if now == "members" else None)
    with pytest.raises(Invalid):
        await amara.do(posts.edit_post, post.id, PostChange(visibility=wanted))


async def test_s15_an_edit_reaches_nobody_who_was_a_member_once(fediverse: Fediverse) -> None:
    """Whoever liked or answered it while they were in is not told what it says after they are out."""
    met = await three(fediverse)
    alder = met.amara.here
    group = await community(met.amara, visibility="members", join_policy="open")
    await join(met.bruno, group)
    await fediverse.settle()
    post = await write(met.amara, "First", community_id=group.id, visibility="members")
    await fediverse.settle()
    there = await found(met.bruno.here, post.uri)
    await met.bruno.do(posts.like_post, there.id)
    await reply(met.bruno, there)
    await fediverse.settle()
    bruno = await alder.run(Actor.get, uri=met.bruno.uri)
    create = f"https://alder.example/ap/a/create/{post.id}"
    await met.bruno.here.run(met.bruno.here.engine.fetch, create)
    await met.amara.do(communities.remove_member, group.id, bruno.id)
    await fediverse.settle()
    await met.amara.do(posts.edit_post, post.id, PostChange(source_md="Second"))
    await write(met.amara, "Third @bruno@birch.example", community_id=group.id, visibility="members")
    await fediverse.settle()
    receipts_there = str(await met.bruno.here.run(met.bruno.here.db.rows, "SELECT body FROM inbox_receipt"))
    assert "First" in receipts_there
    assert "Second" not in receipts_there
    assert "Third" not in receipts_there
    for uri in (post.uri, create):
        with pytest.raises(Exception, match="no such document"):
            await met.bruno.here.run(met.bruno.here.engine.fetch, uri)


async def test_s15_a_direct_answer_in_a_community_elsewhere_goes_to_those_named_alone(fediverse: Fediverse) -> None:
    """Not to the server of the community, which nobody addressed."""
    met = await three(fediverse)
    carla = await fediverse.person(await fediverse.start("cedar.example"), "carla")
    group = await community(met.bruno)
    for person in (met.amara, carla):
        await join(person, group)
    await fediverse.settle()
    there = await met.amara.here.run(actors.resolve, met.amara.here, group.uri)
    post = await write(met.amara, "Question", community_id=there.id, visibility="public")
    await fediverse.settle()
    answer = await reply(carla, await found(carla.here, post.uri), "Between us", visibility="direct")
    await fediverse.settle()
    assert (await sees(met.amara, answer.uri)).visibility == "direct"
    assert "Between us" not in str(await met.bruno.here.run(met.bruno.here.db.rows, "SELECT body FROM inbox_receipt"))
