"""Two servers compare who follows whom, and mend what a lost message left behind (FEP-8fcf)."""

import json
from typing import Any

import httpx
import pytest

from federation.outbox.synchronization import NOBODY, Synchronization, digest_of, header, read
from federation.signatures import cavage, rfc9421
from federation.testing import make_signer
from server.actors import actions as actors
from server.actors import synchronising
from server.actors.models import Actor, Follow
from server.actors.removal import recount
from server.db.database import query_log
from server.instance import Instance
from server.peers import actions as peers
from tests.conftest import Fediverse, Person
from tests.facts import make_follow
from tests.posting import ACTIVITY, Stranger, community, document, follow, write

HOUR = 3600


@pytest.fixture
async def two(fediverse: Fediverse) -> tuple[Person, Person, Person]:
    """Maya at Alder; Tom and Ute at Birch follow her."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    birch = await fediverse.start("birch.example")
    tom, ute = await fediverse.person(birch, "tom"), await fediverse.person(birch, "ute")
    for person in (tom, ute):
        await follow(person, maya)
    await fediverse.settle()
    fediverse.clock.advance(2 * HOUR)
    return maya, tom, ute


async def followers(here: Instance, uri: str) -> list[str]:
    """Who follows an actor as this server sees it: names, sorted."""
    rows = await here.run(
        here.db.rows,
        "SELECT follower.username AS name FROM follow JOIN actor follower ON follower.id = follow.follower_id"
        " JOIN actor target ON target.id = follow.target_id WHERE target.uri = :uri AND follow.state = 'accepted'"
        " ORDER BY follower.username",
        uri=uri,
    )
    return [row["name"] for row in rows]


async def lose(here: Instance, follower: Person, target_uri: str) -> None:
    """Forget a follow on one side, as a restored backup would."""

    async def forget() -> None:
        target = await Actor.get(uri=target_uri)
        there = await Actor.get(uri=follower.uri)
        async with here.db.transaction():
            await Follow.filter(follower_id=there.id, target_id=target.id).delete()
            await recount(here, [there.id, target.id])

    await here.run(forget)


async def test_a_follower_that_its_server_kept_by_mistake_is_taken_off_there(fediverse, two) -> None:
    maya, tom, _ = two
    await lose(maya.here, tom, maya.uri)
    await write(maya, "Only Ute follows me as far as I know")
    await fediverse.settle()
    assert await followers(tom.here, maya.uri) == ["ute"]
    assert (await tom.here.run(Actor.get, uri=maya.uri)).followers_count == 1


async def test_a_follower_that_nobody_knows_of_at_home_is_taken_off_here(fediverse, two) -> None:
    maya, tom, _ = two
    await lose(tom.here, tom, maya.uri)
    await write(maya, "Tom’s server has forgotten")
    await fediverse.settle()
    assert await followers(maya.here, maya.uri) == ["ute"]


async def test_an_accept_that_was_lost_is_made_up_for(fediverse, two) -> None:
    maya, tom, _ = two
    await tom.here.run(tom.here.db.execute, "UPDATE follow SET state = 'requested', accepted_at = NULL")
    await tom.here.run(tom.here.db.execute, "DELETE FROM followers_digest")
    await write(maya, "You are in")
    await fediverse.settle()
    assert await followers(tom.here, maya.uri) == ["tom", "ute"]


async def test_what_changed_within_the_hour_is_left_alone(fediverse, two) -> None:
    maya, tom, _ = two
    ines = await fediverse.person(tom.here, "ines")
    there = await tom.here.run(Actor.get, uri=maya.uri)
    await make_follow(tom.here, ines.id, there.id)
    await tom.here.run(tom.here.db.execute, "DELETE FROM followers_digest")
    await write(maya, "A message may be under way")
    await fediverse.settle()
    assert await followers(tom.here, maya.uri) == ["ines", "tom", "ute"]
    fediverse.clock.advance(2 * HOUR)
    await write(maya, "None was")
    await fediverse.settle()
    assert await followers(tom.here, maya.uri) == ["tom", "ute"]


async def test_servers_that_agree_fetch_nothing(fediverse, two) -> None:
    maya, *_ = two
    before = len([line for line in fediverse.network.log if line[0] == "GET"])
    for number in range(3):
        await write(maya, f"Number {number}")
        await fediverse.settle()
        fediverse.clock.advance(2 * HOUR)
    fetched = [line[1] for line in fediverse.network.log if line[0] == "GET"][before:]
    assert not [url for url in fetched if synchronising.PART in url]


async def test_a_community_compares_its_followers_too(fediverse, two) -> None:
    maya, tom, ute = two
    group = await community(maya)
    for person in (tom, ute):
        await follow(person, group)
    await fediverse.settle()
    fediverse.clock.advance(2 * HOUR)
    await lose(maya.here, tom, group.uri)
    await write(maya, title="News", community_id=group.id)
    await fediverse.settle()
    assert await followers(tom.here, group.uri) == ["ute"]


# What we send


class Listening(Stranger):
    """A server that keeps the headers of what it gets."""

    def __init__(self, fediverse: Fediverse, domain: str) -> None:
        super().__init__(fediverse, domain)
        self.headers: list[dict[str, str]] = []

    async def _answer(self, request: Any) -> Any:
        if request.method == "POST":
            self.headers.append(dict(request.headers))
        return await super()._answer(request)


async def listening(fediverse: Fediverse, maya: Person, *names: str) -> Listening:
    """Some people elsewhere who follow Maya."""
    there = Listening(fediverse, "elsewhere.example")
    for name in names:
        uri = there.actor(name, endpoints={"sharedInbox": there.uri("inbox")})
        follower = await maya.here.run(actors.ensure_remote, maya.here, uri)
        await make_follow(maya.here, follower.id, maya.id)
    await maya.here.run(maya.here.db.execute, "DELETE FROM followers_digest")
    return there


async def test_what_goes_to_followers_says_who_follows_there(fediverse, two) -> None:
    maya, *_ = two
    there = await listening(fediverse, maya, "amy", "bob")
    await write(maya)
    await fediverse.settle()
    said = read(there.headers[-1]["collection-synchronization"])
    assert said == Synchronization(
        f"{maya.uri}/followers",
        f"{maya.uri}/followers_synchronization",
        digest_of([there.uri("u/amy"), there.uri("u/bob")]),
    )
    assert "collection-synchronization" in there.headers[-1]["signature"]


async def test_what_goes_to_one_person_does_not(fediverse, two) -> None:
    maya, *_ = two
    there = await listening(fediverse, maya, "amy")
    amy = await maya.here.run(Actor.get, uri=there.uri("u/amy"))
    await maya.here.run(actors.request_follow, maya.here, maya.id, amy.id)
    await fediverse.settle()
    assert [sent["type"] for sent in there.received] == ["Follow"]
    assert "collection-synchronization" not in there.headers[-1]


async def test_the_digest_is_computed_once_until_followers_change(fediverse, two) -> None:
    maya, tom, _ = two

    async def computed() -> int:
        await write(maya)
        log: list[str] = []
        token = query_log.set(log)
        try:
            await fediverse.settle()
        finally:
            query_log.reset(token)
        return len([sql for sql in log if "INSERT INTO followers_digest" in sql])

    await computed()
    assert [await computed() for _ in range(3)] == [0, 0, 0]
    there = await tom.here.run(Actor.get, uri=maya.uri)
    await tom.here.run(actors.unfollow, tom.here, tom.id, there.id)
    await fediverse.settle()
    assert await computed() == 2  # once on either side
    assert await computed() == 0
    row = await maya.here.run(maya.here.db.row, "SELECT digest, total FROM followers_digest")
    assert row["total"] == 1


@pytest.mark.parametrize("end", ["unfollow", "removed", "suspended", "deleted", "blocked"])
async def test_whatever_ends_a_follow_is_in_the_next_digest(fediverse, two, end: str) -> None:
    maya, *_ = two
    there = await listening(fediverse, maya, "amy", "bob")
    await write(maya)
    await fediverse.settle()
    amy = await maya.here.run(Actor.get, uri=there.uri("u/amy"))
    if end == "unfollow":
        wish = await maya.here.run(Follow.get, follower_id=amy.id)
        await there.send(
            maya.here, there.activity("Undo", amy.uri, {"id": wish.uri, "type": "Follow", "object": maya.uri})
        )
    elif end == "removed":
        await maya.here.run(actors.remove_follower, maya.here, maya.id, amy.id)
    elif end == "suspended":
        await maya.here.run(actors.suspend, maya.here, amy.id, "test")
    elif end == "deleted":
        await there.send(maya.here, there.activity("Delete", amy.uri, amy.uri))
    else:
        await maya.here.run(peers.set_grade, maya.here, "elsewhere.example", "blocked", by="test")
        await maya.here.run(peers.set_grade, maya.here, "elsewhere.example", "normal", by="test")
    await fediverse.settle()
    await write(maya)
    await fediverse.settle()
    said = read(there.headers[-1]["collection-synchronization"])
    left = ["u/amy", "u/bob"] if end == "blocked" else ["u/bob"]
    assert said.digest == digest_of(there.uri(path) for path in left)


# Who may read the list (S15)


async def fetch_list(fediverse: Fediverse, here: Instance, url: str, signer: str | None, scheme: str = "cavage") -> Any:
    headers = {"accept": ACTIVITY}
    if signer is not None:
        key = make_signer(signer)
        target = url.removeprefix(here.settings.origin)
        values = {"body": None, "key_id": key.rsa_key_id, "key": key.rsa_key, "now": fediverse.clock.now()}
        if scheme == "cavage":
            headers |= cavage.headers("GET", here.settings.domain, target, **values)
        else:
            headers |= rfc9421.headers("GET", here.settings.origin, target, **values)
    return await document(fediverse, here, url, headers=headers)


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
async def test_s15_a_server_gets_its_own_part_of_the_followers(fediverse, two, scheme: str) -> None:
    maya, *_ = two
    there = await listening(fediverse, maya, "amy", "bob")
    there.actor("instance", "Application")
    url = f"{maya.uri}/followers_synchronization"
    status, body, headers = await fetch_list(fediverse, maya.here, url, there.uri("u/instance"), scheme)
    assert status == 200
    assert body["id"] == url
    assert sorted(body["orderedItems"]) == [there.uri("u/amy"), there.uri("u/bob")]
    assert headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    "domain",
    [None, "other.example", "elsewhere.example.evil.example", "sub.elsewhere.example", "elsewhere.example:8443"],
)
async def test_s15_nobody_gets_another_servers_part(fediverse, two, domain: str | None) -> None:
    maya, tom, _ = two
    there = await listening(fediverse, maya, "amy", "bob")
    reader = Stranger(fediverse, domain).actor("reader") if domain else None
    url = f"{maya.uri}/followers_synchronization"
    status, body, _ = await fetch_list(fediverse, maya.here, url, reader)
    assert status in ({404} if domain is None else {200, 401})
    text = json.dumps(body)
    assert there.uri("") not in text
    assert tom.uri not in text
    if body is not None:
        assert (body["totalItems"], body["orderedItems"]) == (0, [])


async def test_s15_a_signature_that_does_not_fit_gets_nothing(fediverse, two) -> None:
    maya, *_ = two
    there = await listening(fediverse, maya, "amy")
    url = f"{maya.uri}/followers_synchronization"
    claimed = there.uri("u/amy")
    others = (make_signer(f"https://evil.example/u/{number}") for number in range(50))
    key = next(other for other in others if other.rsa_key is not make_signer(claimed).rsa_key)
    headers = cavage.headers(
        "GET",
        maya.here.settings.domain,
        url.removeprefix(maya.here.settings.origin),
        body=None,
        key_id=f"{claimed}#main-key",
        key=key.rsa_key,
        now=fediverse.clock.now(),
    )
    status, body, _ = await document(fediverse, maya.here, url, headers=headers)
    assert (status, body) == (401, None)


async def test_s17_a_blocked_server_gets_no_list(fediverse, two) -> None:
    maya, *_ = two
    there = await listening(fediverse, maya, "amy")
    await maya.here.run(peers.set_grade, maya.here, "elsewhere.example", "blocked", by="test")
    status, body, _ = await fetch_list(
        fediverse, maya.here, f"{maya.uri}/followers_synchronization", there.uri("u/amy")
    )
    assert (status, body) == (403, None)


# What we believe


class Sender(Stranger):
    """Somebody elsewhere who says who follows them."""

    count = 0

    async def say(self, here: Instance, actor: str, value: str | list[str], *, sign: bool = True) -> int:
        """Deliver something with this header, signed or not."""
        key = make_signer(actor)
        self.count += 1
        body = json.dumps({"id": self.uri(f"a/{self.count}"), "type": "View", "actor": actor, "object": actor}).encode()
        name = "Collection-Synchronization"
        values = value if isinstance(value, list) else [value]
        headers = cavage.headers(
            "POST",
            here.settings.domain,
            "/ap/inbox",
            body=body,
            key_id=key.rsa_key_id,
            key=key.rsa_key,
            now=self.clock.now(),
            further={name: ", ".join(values)} if sign else None,
        )
        pairs = [(key, text) for key, text in headers.items() if key != name] + [(name, each) for each in values]
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(self.network.apps[here.settings.domain]), base_url=here.settings.origin
        ) as client:
            return (await client.post("/ap/inbox", content=body, headers=pairs)).status_code


@pytest.fixture
async def sender(fediverse: Fediverse) -> tuple[Sender, Person, str]:
    """Maya follows Jo, whose server says that nobody does."""
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    server = Sender(fediverse, "old.example")
    jo = server.actor("jo")
    there = await here.run(actors.ensure_remote, here, jo)
    await make_follow(here, maya.id, there.id)
    server.documents[f"{jo}/sync"] = {"id": f"{jo}/sync", "type": "OrderedCollection", "orderedItems": []}
    fediverse.clock.advance(2 * HOUR)
    return server, maya, jo


def says(jo: str, *, collection: str = "", url: str = "", digest: str = NOBODY) -> str:
    return header(Synchronization(collection or f"{jo}/followers", url or f"{jo}/sync", digest))


async def test_a_signed_header_of_the_sender_is_believed(fediverse, sender) -> None:
    server, maya, jo = sender
    assert await server.say(maya.here, jo, says(jo)) == 202
    await fediverse.settle()
    assert await followers(maya.here, jo) == []


@pytest.mark.parametrize(
    "parts",
    [
        {"collection": "https://old.example/u/somebody-else/followers"},
        {"collection": "https://old.example/u/jo/following"},
        {"collection": "https://third.example/u/jo/followers"},
        {"url": "https://third.example/sync"},
        {"url": "https://old.example:8443/u/jo/sync"},
        {"url": "http://old.example/u/jo/sync"},
        {"url": "https://old.example.evil.example/u/jo/sync"},
        {"url": "https://alder.example/ap/actor"},
        {"url": "https://127.0.0.1/sync"},
    ],
    ids=str,
)
async def test_s16_a_header_that_points_elsewhere_causes_no_request(fediverse, sender, parts: dict[str, str]) -> None:
    server, maya, jo = sender
    before = fediverse.network.count("GET", "https://")
    assert await server.say(maya.here, jo, says(jo, **parts)) == 202
    await fediverse.settle()
    assert fediverse.network.count("GET", "https://") == before + 0
    assert await followers(maya.here, jo) == ["maya"]


async def test_s2_a_header_that_the_signature_does_not_cover_is_nothing(fediverse, sender) -> None:
    server, maya, jo = sender
    assert await server.say(maya.here, jo, says(jo), sign=False) == 202
    await fediverse.settle()
    assert await followers(maya.here, jo) == ["maya"]


async def test_s2_a_header_that_comes_twice_is_nothing(fediverse, sender) -> None:
    server, maya, jo = sender
    assert await server.say(maya.here, jo, [says(jo), says(jo)]) == 202
    await fediverse.settle()
    assert await followers(maya.here, jo) == ["maya"]


async def test_s24_one_sender_causes_one_list_in_an_hour_whatever_it_says(fediverse, sender) -> None:
    server, maya, jo = sender
    server.documents[f"{jo}/sync"]["orderedItems"] = [maya.uri]
    for number in range(30):
        await server.say(maya.here, jo, says(jo, digest=f"{number + 1:064x}"))
        await fediverse.settle()
    assert fediverse.network.count("GET", f"{jo}/sync") == 1
    fediverse.clock.advance(HOUR + 1)
    await server.say(maya.here, jo, says(jo, digest="f" * 64))
    await fediverse.settle()
    assert fediverse.network.count("GET", f"{jo}/sync") == 2


async def test_s24_one_host_causes_so_many_comparisons_in_an_hour_and_no_more(fediverse, sender) -> None:
    _, maya, _ = sender
    here = maya.here
    for number in range(synchronising.PER_HOST + 20):
        said = Synchronization("https://old.example/x/followers", "https://old.example/x/sync", NOBODY)
        await here.run(synchronising.heard, here, f"https://old.example/u/p{number}", said)
    waiting = await here.run(here.db.value, "SELECT count(*) AS n FROM job WHERE name = 'actors.synchronise'")
    assert waiting == synchronising.PER_HOST


async def test_s18_a_list_that_is_too_long_or_breaks_off_ends_no_follow(fediverse, sender) -> None:
    server, maya, jo = sender
    long = [f"https://alder.example/ap/u/{number}" for number in range(synchronising.MOST + 1)]
    server.documents[f"{jo}/sync"] = {
        "id": f"{jo}/sync",
        "type": "OrderedCollection",
        "totalItems": 2,
        "first": f"{jo}/sync?page=1",
    }
    await server.say(maya.here, jo, says(jo))
    await fediverse.settle()
    assert await followers(maya.here, jo) == ["maya"]
    fediverse.clock.advance(2 * HOUR)
    server.documents[f"{jo}/sync"] = {"id": f"{jo}/sync", "type": "OrderedCollection", "orderedItems": long}
    await server.say(maya.here, jo, says(jo))
    await fediverse.settle()
    assert await followers(maya.here, jo) == ["maya"]


async def test_a_list_may_come_in_pages(fediverse, sender) -> None:
    server, maya, jo = sender
    server.documents[f"{jo}/sync"] = {"id": f"{jo}/sync", "type": "Collection", "first": f"{jo}/sync?page=1"}
    server.documents[f"{jo}/sync?page=1"] = {
        "id": f"{jo}/sync?page=1",
        "type": "CollectionPage",
        "items": [f"{jo}/not-ours"],
        "next": f"{jo}/sync?page=2",
    }
    server.documents[f"{jo}/sync?page=2"] = {"id": f"{jo}/sync?page=2", "type": "CollectionPage", "items": [maya.uri]}
    await server.say(maya.here, jo, says(jo))
    await fediverse.settle()
    assert await followers(maya.here, jo) == ["maya"]
    assert fediverse.network.count("GET", f"{jo}/sync?page=2") == 1


async def test_s22_only_people_here_who_do_not_follow_take_it_back_and_not_too_many(fediverse, sender) -> None:
    server, maya, jo = sender
    ines = await fediverse.person(maya.here, "ines")
    gone = await fediverse.person(maya.here, "gone")
    await maya.here.run(actors.delete_local_actor, maya.here, gone.id, "test")
    hidden = await maya.here.run(
        actors.create_local, maya.here, kind="Person", username="hidden", name="Hidden", hidden=True
    )
    await fediverse.settle()
    server.received.clear()
    server.documents[f"{jo}/sync"]["orderedItems"] = [
        maya.uri,
        ines.uri,
        gone.uri,
        hidden.uri,
        "https://alder.example/ap/u/nobody",
        "https://third.example/u/somebody",
        "https://alder.example.evil.example/ap/u/x",
        {"type": "Person"},
        17,
        None,
    ]
    await server.say(maya.here, jo, says(jo, digest="a" * 64))
    await fediverse.settle()
    assert [(sent["type"], sent["actor"], sent["object"]["object"]) for sent in server.received] == [
        ("Undo", ines.uri, jo)
    ]
    assert await followers(maya.here, jo) == ["maya"]
