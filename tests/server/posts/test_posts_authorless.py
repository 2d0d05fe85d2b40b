"""Objects that name no author: whose they are, and that nobody can slip one in under that name (S7, S8)."""

import pytest
from starlette.responses import JSONResponse
from starlette.routing import Route

from federation.errors import FederationError
from federation.vocab.base import PUBLIC
from server.actors import actions as actors
from server.actors.models import Actor
from server.errors import NotAllowed
from server.posts import actions, queries
from server.posts.models import Post
from server.sessions import actions as sessions
from tests.posting import ACTIVITY, Stranger, document, found, outcome, reply

EVENT = {
    "type": "Event",
    "name": "New years party",
    "startTime": "2026-12-31T23:00:00Z",
    "joinMode": "free",
    "organizers": None,
    "to": [PUBLIC],
}


@pytest.fixture
async def maya(fediverse):
    """Maya, who looks things up."""
    return await fediverse.person(await fediverse.start("alder.example"), "maya")


@pytest.fixture
def there(fediverse):
    """A server whose every word the test chooses."""
    return Stranger(fediverse, "party.example")


def serve(there, path="foo", **more):
    """An object that nobody wrote, at its id."""
    uri = there.uri(path)
    there.documents[uri] = {"@context": "https://www.w3.org/ns/activitystreams", "id": uri} | EVENT | more
    return uri


def answer(there, path, body, kind="application/jrd+json"):
    """Answer one address with JSON, whatever is asked."""

    async def say(request):
        return JSONResponse(body, media_type=kind)

    there.network.apps[there.domain].routes.insert(0, Route(path, say))


def finger(there, **link):
    """What WebFinger says of the server."""
    links = [{"rel": "self", "type": ACTIVITY} | link]
    answer(there, "/.well-known/webfinger", {"subject": f"https://{there.domain}/", "links": links})


async def author(maya, uri):
    """Who is taken for the author of a post that Maya looks up."""
    post = await maya.here.run(actions.fetch_post, maya.here, uri)
    return await maya.here.run(Actor.get, id=post.author_id)


@pytest.mark.parametrize(
    "named",
    [
        {"attributedTo": "https://elsewhere.example/u/eve"},
        {"attributedTo": "nonsense"},
        {"attributedTo": {"type": "Person"}},
        {"actor": 7},
        {"attributedTo": ["https://elsewhere.example/u/eve"], "actor": None},
    ],
)
async def test_s7_who_names_an_author_wrongly_is_not_without_one(maya, there, named):
    uri = serve(there, **named)
    with pytest.raises(FederationError):
        await maya.here.run(actions.fetch_post, maya.here, uri)
    assert await found(maya.here, uri) is None


@pytest.mark.parametrize("link", [{}, {"rel": "https://www.w3.org/ns/activitystreams#Service"}])
async def test_fep_d556_it_belongs_to_the_servers_actor(maya, there, link):
    actor = there.actor("instance", "Application")
    finger(there, href=actor, **link)
    assert (await author(maya, serve(there))).uri == actor


async def test_fep_d556_the_service_goes_before_the_only_user(maya, there):
    instance, user = there.actor("instance", "Application"), there.actor("user")
    links = [
        {"rel": "self", "type": ACTIVITY, "href": user},
        {"rel": "https://www.w3.org/ns/activitystreams#Service", "type": ACTIVITY, "href": instance},
    ]
    answer(there, "/.well-known/webfinger", {"subject": "https://party.example/", "links": links})
    assert (await author(maya, serve(there))).uri == instance


async def test_fep_2677_nodeinfo_names_the_servers_actor(maya, there):
    actor = there.actor("instance", "Application")
    links = [{"rel": "https://www.w3.org/ns/activitystreams#Application", "href": actor}]
    answer(there, "/.well-known/nodeinfo", {"links": links}, "application/json")
    assert (await author(maya, serve(there))).uri == actor


async def test_s7_nobody_elsewhere_and_no_person_stands_for_a_server(fediverse, maya, there):
    other = Stranger(fediverse, "elsewhere.example")
    finger(there, href=other.actor("instance", "Application"))
    assert (await author(maya, serve(there))).uri == "https://party.example/#nobody"
    finger(there, href=there.actor("eve"))
    assert (await author(maya, serve(there, "bar"))).uri == "https://party.example/#nobody"


async def test_a_server_without_an_actor_has_a_stand_in_that_nobody_can_follow_or_reach(fediverse, maya, there):
    uri = serve(there)
    stand_in = await author(maya, uri)
    assert (stand_in.uri, stand_in.name, stand_in.kind, stand_in.inbox_url) == (
        "https://party.example/#nobody", "party.example", "Application", "",
    )  # fmt: skip
    with pytest.raises(NotAllowed):
        await maya.here.run(actors.request_follow, maya.here, maya.id, stand_in.id)
    post = await found(maya.here, uri)
    shown = await maya.do(queries.show, post.id)
    assert (shown.author.display_name, shown.kind) == ("party.example", "session")
    with pytest.raises(NotAllowed):
        await maya.do(sessions.take_part, post.id)
    await maya.do(actions.like_post, post.id)
    await reply(maya, post.id, "May I come?")
    await fediverse.settle()
    assert there.received == []
    assert (await author(maya, serve(there, "bar"))).id == stand_in.id
    fediverse.clock.advance(3 * 86_400)
    assert (await author(maya, serve(there, "baz"))).id == stand_in.id


async def test_s5_what_is_pushed_belongs_to_who_pushes_it(fediverse, maya, there):
    finger(there, href=there.actor("instance", "Application"))
    eve = there.actor("eve")
    sent = there.activity("Create", eve, {"id": there.uri("pushed")} | EVENT)
    await there.send(maya.here, sent)
    await fediverse.settle()
    post = await found(maya.here, there.uri("pushed"))
    assert (await maya.here.run(Actor.get, id=post.author_id)).uri == eve


async def test_s5_nobody_changes_or_deletes_what_is_the_servers(fediverse, maya, there):
    finger(there, href=there.actor("instance", "Application"))
    uri = serve(there)
    await author(maya, uri)
    eve = there.actor("eve")
    changed = {**there.documents[uri], "name": "Mine now", "updated": "2026-01-16T00:00:00Z"}
    for attack in (
        there.activity("Update", eve, changed, path="update/1"),
        there.activity("Update", eve, changed | {"attributedTo": eve}, path="update/2"),
        there.activity("Delete", eve, uri, path="delete/1"),
    ):
        await there.send(maya.here, attack)
    await fediverse.settle()
    post = await found(maya.here, uri)
    assert (post.title, post.state) == ("New years party", "visible")


async def test_s8_a_pushed_object_of_another_server_leaves_nothing(fediverse, maya, there):
    uri = serve(there)
    other = Stranger(fediverse, "elsewhere.example")
    sent = other.activity("Create", other.actor("eve"), {"id": uri} | EVENT, path="create/1")
    await other.send(maya.here, sent)
    await fediverse.settle()
    assert (await outcome(maya.here, sent["id"]))[0] == "refused"
    assert await found(maya.here, uri) is None


async def test_s22_asking_for_the_server_has_a_bound(fediverse, maya, there):
    links = [{"rel": "self", "type": ACTIVITY, "href": there.uri(f"x/{number}")} for number in range(40)]
    answer(there, "/.well-known/webfinger", {"subject": "https://party.example/", "links": links})
    before = len(fediverse.network.log)
    await author(maya, serve(there))
    assert len(fediverse.network.log) - before <= 1 + 2 + 3 + 1


async def test_ours_are_found_both_ways(fediverse, maya):
    async with fediverse.client(maya.here) as client:
        by_finger = (await client.get("/.well-known/webfinger", params={"resource": "https://alder.example/"})).json()
        by_handle = (
            await client.get("/.well-known/webfinger", params={"resource": "acct:alder.example@alder.example"})
        ).json()
        index = (await client.get("/.well-known/nodeinfo")).json()
    service = [link["href"] for link in by_finger["links"] if link["rel"].endswith("#Service")]
    application = [link["href"] for link in index["links"] if link["rel"].endswith("#Application")]
    assert service == application == ["https://alder.example/ap/actor"]
    assert [link["href"] for link in by_handle["links"] if link["rel"] == "self"] == service
    status, actor, _ = await document(fediverse, maya.here, service[0])
    assert (status, actor["type"]) == (200, "Application")
    assert {"https://w3id.org/fep/1b12", "https://w3id.org/fep/8b32"} <= {link["href"] for link in actor["implements"]}
    assert await maya.here.run(Post.get_or_none, uri=service[0]) is None
