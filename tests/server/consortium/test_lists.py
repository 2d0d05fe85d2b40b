"""What is refused: lists that are forged, old or of somebody else, and requests and answers of those who may not."""

from datetime import timedelta

import pytest

from federation.errors import InvalidDocument
from federation.signatures import proofs
from federation.testing import make_signer
from federation.vocab.memberlists import Listed, MemberList, memberlist_document, parse_memberlist
from server.consortium import actions, joining, policy, queries
from server.consortium.models import Consortium
from server.errors import Invalid, NotFound
from server.peers import actions as peers
from server.peers.queries import effects_for
from tests.posting import Stranger, actor_document, document, outcome

HOST, HERE = "valley.example", "alder.example"
LIST, ACTOR, US = f"https://{HOST}/ap/networks/1", f"https://{HOST}/ap/actor", f"https://{HERE}/ap/actor"
OTHER = "https://cedar.example/ap/actor"


class Host(Stranger):
    """A server that hosts a network and says in its list whatever a test wants."""

    def __init__(self, fediverse):
        super().__init__(fediverse, HOST)
        self.documents[ACTOR] = actor_document(ACTOR, HOST, "Application")
        self.documents[f"https://{HOST}/ap/networks"] = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": f"https://{HOST}/ap/networks",
            "type": "OrderedCollection",
            "orderedItems": [LIST],
        }
        self.version = 0
        self.publish(ACTOR)

    def made(self, *members, version=None, good_for=timedelta(days=7), **facts):
        """A list without proof."""
        now = self.clock.now()
        listed = MemberList(
            **{
                "id": LIST,
                "host_actor": ACTOR,
                "name": "Valley schools",
                "purpose": "We try each other's practices.",
                "guidelines": "",
                "version": version or self.version,
                "url": LIST,
                "valid_until": now + good_for,
                "members": tuple(Listed(uri, uri.split("/")[2].split(".")[0].title()) for uri in members),
            }
            | facts
        )
        return memberlist_document(listed, guidelines_html="", updated=now)

    def signed(self, made, by=ACTOR):
        """A list with a proof by some actor."""
        key = make_signer(by)
        return proofs.add_proof(made, key_id=key.ed25519_key_id, key=key.ed25519_key, created=self.clock.now())

    def publish(self, *members, by=ACTOR, **facts):
        """Serve a new version."""
        self.version += 1
        self.documents[LIST] = self.signed(self.made(*members, **facts), by)

    async def says(self, here, kind, thing, /, **more):
        """Deliver something of the host's instance actor."""
        said = self.activity(kind, ACTOR, thing, path=f"a/{kind.lower()}/{len(self.documents)}", to=[US], **more)
        await self.send(here, said)
        return said["id"]


@pytest.fixture
async def member(fediverse):
    """Alder, which talks with few, is in the network of a host; and that host."""
    fediverse.watch.let_deliveries_pass()
    host, here = Host(fediverse), await fediverse.start(HERE, federation="consortium")
    network = await here.run(joining.ask, here, "@ana", HOST)
    await fediverse.settle()
    host.publish(ACTOR, US)
    await host.says(here, "Accept", {"id": network.join_uri, "type": "Join", "actor": US, "object": LIST})
    await fediverse.settle()
    assert await state(here) == ("member", 2, "")
    return host, here


async def state(here):
    network = await here.run(Consortium.get, uri=LIST)
    return network.state, network.version, network.trouble


async def let_in(here):
    """The hosts that the network lets in."""
    rows = await here.run(here.db.rows, "SELECT DISTINCT host FROM peer_vouch WHERE vouch = 'member' ORDER BY host")
    return [row["host"] for row in rows]


async def looks(fediverse):
    fediverse.clock.advance(3600)
    await fediverse.settle()


def without_proof(made):
    return {name: value for name, value in made.items() if name != "proof"}


def with_one_more(made):
    return made | {"items": [*made["items"], {"id": OTHER, "type": "Application", "name": "Cedar"}]}


FORGED = {
    "unsigned": lambda host: without_proof(host.signed(host.made(ACTOR, US, OTHER, version=9))),
    "changed after it was signed": lambda host: with_one_more(host.signed(host.made(ACTOR, US, version=9))),
    "signed by a person there": lambda host: host.signed(host.made(ACTOR, US, OTHER, version=9), by=host.actor("eve")),
    "signed by another server": lambda host: host.signed(host.made(ACTOR, US, OTHER, version=9), by=OTHER),
    "of a person there": lambda host: host.signed(
        host.made(ACTOR, US, OTHER, version=9, host_actor=host.actor("eve")), by=host.actor("eve")
    ),
    "of another server": lambda host: host.signed(host.made(ACTOR, US, OTHER, version=9, host_actor=OTHER), by=OTHER),
    "another list": lambda host: host.signed(host.made(ACTOR, US, OTHER, version=9, id=LIST + "2")),
    "expired": lambda host: host.signed(host.made(ACTOR, US, OTHER, version=9, good_for=timedelta(seconds=-1))),
    "older": lambda host: host.signed(host.made(ACTOR, US, OTHER, version=1)),
    "two lists under one number": lambda host: host.signed(host.made(ACTOR, US, OTHER, version=2)),
    "names people": lambda host: host.signed(host.made(ACTOR, US, "https://cedar.example/u/eve", version=9)),
    "names one twice": lambda host: host.signed(host.made(ACTOR, US, OTHER, OTHER, version=9)),
    "names too many": lambda host: host.signed(
        host.made(ACTOR, US, *(f"https://a{number}.example/ap/actor" for number in range(500)), version=9)
    ),
    "no list": lambda host: host.signed({**host.made(ACTOR, US, OTHER, version=9), "kind": "list"}),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
async def test_s4_a_list_that_cannot_be_trusted_changes_nothing(fediverse, member, forged):
    host, here = member
    cedar = Stranger(fediverse, "cedar.example")
    cedar.documents[OTHER] = actor_document(OTHER, "cedar.example", "Application")
    host.documents[LIST] = forged(host)
    await looks(fediverse)
    found = await state(here)
    assert found[:2] == ("member", 2)
    assert found[2], "the admins are told"
    assert await let_in(here) == [HOST]
    host.version = 2
    host.publish(ACTOR, US, OTHER)
    await looks(fediverse)
    assert await state(here) == ("member", 3, "")
    assert await let_in(here) == ["cedar.example", HOST]


async def test_a_list_of_another_type_of_content_is_not_believed(fediverse, member):
    host, here = member
    host.publish(ACTOR, US, OTHER)
    made = host.documents.pop(LIST)
    assert made["listVersion"] == 3
    await looks(fediverse)
    assert await state(here) == ("member", 2, "not-found")
    assert await let_in(here) == [HOST]


async def test_who_is_not_in_a_newer_list_is_in_no_more(fediverse, member):
    host, here = member
    host.publish(ACTOR, OTHER)
    await looks(fediverse)
    assert (await state(here))[0] == "removed"
    assert await let_in(here) == []


async def test_s5_only_the_host_gives_news_and_answers(fediverse, member):
    host, here = member
    mallory = Stranger(fediverse, "mallory.example")
    evil = mallory.uri("ap/actor")
    mallory.documents[evil] = actor_document(evil, "mallory.example", "Application")
    await here.run(peers.set_grade, here, "mallory.example", "trusted", "@ana")
    join_uri = (await here.run(Consortium.get, uri=LIST)).join_uri
    asked = {"id": join_uri, "type": "Join", "actor": US, "object": LIST}
    said = [
        mallory.activity("Reject", evil, asked, path="a/1"),
        mallory.activity("Reject", evil, join_uri, path="a/2"),
        mallory.activity("Update", evil, {"id": LIST, "type": "Collection", "kind": "consortium"}, path="a/3"),
        host.activity("Reject", host.actor("eve"), asked, path="a/4"),
    ]
    before = fediverse.network.count("GET", LIST)
    for activity in said:
        await (mallory if activity["actor"] == evil else host).send(here, activity)
    await fediverse.settle()
    assert [(await outcome(here, activity["id"]))[0] for activity in said] == ["refused"] * 4
    assert await state(here) == ("member", 2, "")
    assert fediverse.network.count("GET", LIST) == before


async def test_s3_an_answer_counts_for_its_own_request_alone(fediverse, member):
    host, here = member
    first = (await here.run(Consortium.get, uri=LIST)).join_uri
    await here.run(joining.leave, here, "@ana", "valley-schools")
    await fediverse.settle()
    again = await here.run(joining.ask, here, "@ana", LIST)
    old = await host.says(here, "Accept", {"id": first, "type": "Join", "actor": US, "object": LIST})
    await fediverse.settle()
    assert (await outcome(here, old))[0] in {"ignored", "refused"}
    assert (await state(here))[0] == "asked"
    await host.says(here, "Accept", again.join_uri)
    await fediverse.settle()
    assert (await state(here))[0] == "member"
    await here.run(joining.leave, here, "@ana", "valley-schools")
    late = await host.says(here, "Accept", again.join_uri)
    await fediverse.settle()
    assert (await outcome(here, late))[0] in {"ignored", "refused"}
    assert (await state(here))[0] == "left"
    assert await let_in(here) == []


async def test_news_are_a_reason_to_read_and_are_not_believed(fediverse, member):
    host, here = member
    lie = host.made(ACTOR, US, OTHER, version=99)
    await host.says(here, "Update", host.signed(lie))
    await fediverse.settle()
    assert await state(here) == ("member", 2, "")
    host.publish(ACTOR, US, OTHER)
    await host.says(here, "Update", {"id": LIST, "type": "Collection", "kind": "consortium", "attributedTo": ACTOR})
    await fediverse.settle()
    assert await state(here) == ("member", 3, "")
    assert await let_in(here) == ["cedar.example", HOST]


# At the host


@pytest.fixture
async def hosting(fediverse):
    """Alder hosts a network; another server wants to be in it."""
    fediverse.watch.let_deliveries_pass()
    here = await fediverse.start(HERE, federation="careful")
    network = await here.run(
        actions.found, here, "@ana", name="Valley schools", purpose="We try each other's practices."
    )
    asker = Stranger(fediverse, HOST)
    asker.documents[ACTOR] = actor_document(ACTOR, HOST, "Application")
    return here, network, asker


async def rows(here):
    view = await here.run(queries.network, here, "valley-schools")
    return [item.host for item in view.members], [item.host for item in view.waiting]


async def asks(fediverse, here, asker, activity, signer=None):
    status = await asker.send(here, activity, signer=signer)
    await fediverse.settle()
    return status, (await outcome(here, activity["id"]))[0]


async def test_s5_only_a_server_itself_asks(fediverse, hosting):
    here, network, asker = hosting
    eve, robot = asker.actor("eve"), asker.actor("robot", "Application")
    for number, who in enumerate((eve, robot)):
        join = asker.activity("Join", who, network.uri, path=f"a/{number}")
        assert await asks(fediverse, here, asker, join) == (202, "refused")
    # A request in the server's name, signed by a person there, and not to be found there.
    stolen = asker.activity("Join", ACTOR, network.uri, path="a/9")
    del asker.documents[stolen["id"]]
    assert (await asks(fediverse, here, asker, stolen, signer=eve))[1] != "done"
    assert await rows(here) == ([HERE], [])


async def test_s17_a_blocked_server_cannot_ask(fediverse, hosting):
    here, network, asker = hosting
    await here.run(peers.set_grade, here, HOST, "blocked", "@ana")
    assert await asks(fediverse, here, asker, asker.activity("Join", ACTOR, network.uri)) == (403, None)
    with pytest.raises(Invalid, match="blocked"):
        await here.run(actions.expect, here, "@ana", "valley-schools", HOST)
    with pytest.raises(Invalid, match="blocked"):
        await here.run(joining.ask, here, "@ana", HOST)
    assert await rows(here) == ([HERE], [])


async def test_s3_a_request_that_was_answered_is_not_made_again_by_its_letters(fediverse, hosting):
    here, network, asker = hosting
    join = asker.activity("Join", ACTOR, network.uri, content="<p>We are near.</p>")
    assert await asks(fediverse, here, asker, join) == (202, "done")
    await here.run(actions.refuse, here, "@ana", "valley-schools", HOST, "Not this year.")
    await asker.send(here, join)
    await here.run(here.db.execute, "DELETE FROM inbox_receipt")  # as if it had been forgotten
    assert (await asks(fediverse, here, asker, join))[1] != "done"
    assert await rows(here) == ([HERE], [])


async def test_asking_for_what_is_not_there(fediverse, hosting):
    here, network, asker = hosting
    assert (await asks(fediverse, here, asker, asker.activity("Join", ACTOR, network.uri + "x")))[1] != "done"
    await here.run(actions.close, here, "@ana", "valley-schools")
    assert (await asks(fediverse, here, asker, asker.activity("Join", ACTOR, network.uri)))[1] != "done"
    assert (await document(fediverse, here, network.uri))[0] == 404


async def test_one_who_leaves_is_believed_only_by_itself(fediverse, hosting):
    here, network, asker = hosting
    await asks(fediverse, here, asker, asker.activity("Join", ACTOR, network.uri, path="a/1"))
    await here.run(actions.accept, here, "@ana", "valley-schools", HOST)
    for who in (asker.actor("eve"),):
        assert (await asks(fediverse, here, asker, asker.activity("Leave", who, network.uri)))[1] != "done"
    assert (await rows(here))[0] == [HERE, HOST]
    assert effects_for(here, HOST).is_network
    assert (await asks(fediverse, here, asker, asker.activity("Leave", ACTOR, network.uri)))[1] == "done"
    assert await rows(here) == ([HERE], [])
    assert not effects_for(here, HOST).is_network


async def test_the_list_is_served_to_anybody_and_proves_itself(fediverse, hosting):
    here, network, asker = hosting
    await asks(fediverse, here, asker, asker.activity("Join", ACTOR, network.uri))
    await here.run(actions.accept, here, "@ana", "valley-schools", HOST)
    for uri in (network.uri, network.url):
        status, wire, _ = await document(fediverse, here, uri)
        assert status == 200
        listed = parse_memberlist(wire)
        assert (listed.id, listed.version, listed.host_actor) == (network.uri, 2, US)
        assert [item.actor for item in listed.members] == [US, ACTOR]
        assert wire["proof"]["verificationMethod"] == f"{US}#ed25519-key"
        assert listed.valid_until - fediverse.clock.now() == policy.GOOD_FOR
    assert (await document(fediverse, here, f"https://{HERE}/ap/networks"))[1]["orderedItems"] == [network.uri]
    assert (await document(fediverse, here, network.uri + "?page=1"))[0] == 404


async def test_what_is_missing_is_named(fediverse, hosting):
    here, _, _ = hosting
    with pytest.raises(Invalid) as caught:
        await here.run(actions.found, here, "@ana", name=" ", purpose="", guidelines="x" * 10_001)
    assert [error["field"] for error in caught.value.errors] == ["name", "purpose", "guidelines"]
    for text in ("", "no address", HERE):
        with pytest.raises(Invalid):
            await here.run(joining.ask, here, "@ana", text)
    with pytest.raises(NotFound):
        await here.run(actions.remove, here, "@ana", "valley-schools", "nobody.example", "Why not.")


@pytest.mark.parametrize(
    "broken",
    [
        {"items": "nobody"},
        {"listVersion": 0},
        {"listVersion": True},
        {"listVersion": "3"},
        {"listVersion": 2**60},
        {"validUntil": "tomorrow"},
        {"name": ""},
        {"attributedTo": None},
        {"attributedTo": "https://other.example/ap/actor"},
        {"id": "javascript:alert(1)"},
        {"type": "OrderedCollection"},
    ],
    ids=str,
)
def test_s12_what_is_no_list_is_not_read_as_one(broken):
    made = {
        "id": LIST,
        "type": "Collection",
        "kind": "consortium",
        "attributedTo": ACTOR,
        "name": "Valley schools",
        "listVersion": 3,
        "validUntil": "2026-02-01T00:00:00Z",
        "items": [{"id": ACTOR, "type": "Application", "name": "Valley"}],
    }
    assert parse_memberlist(made).version == 3
    with pytest.raises(InvalidDocument):
        parse_memberlist(made | broken)
