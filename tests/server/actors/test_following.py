"""Following, here and across servers: refusals first."""

import pytest

from federation.vocab import activities
from server.actors import actions, queries, relations
from server.actors.actions import ProfileChange
from server.actors.models import Actor, Follow
from server.actors.sending import send
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.peers import actions as peers


async def state(here, follower_uri, target_uri):
    """The state of a follow in one instance's table."""
    follow = await here.run(Follow.get_or_none, follower__uri=follower_uri, target__uri=target_uri)
    return None if follow is None else follow.state


async def say(person, document, *inboxes):
    """Deliver a document of somebody's, properly signed by them."""

    async def act():
        async with person.here.db.transaction():
            await send(person.here, person.uri, document, inboxes=inboxes, is_public=True)

    await person.here.run(act)


def activity_id(person, verb):
    """A fresh id at somebody's server."""
    return person.here.url(f"/ap/a/{verb}/{new_id(person.here.clock.now())}")


@pytest.fixture
async def three(fediverse):
    """Maya at Alder, Tom (who decides who follows him) at Birch, and Eve at Cedar."""
    people = []
    for domain, name in (("alder.example", "maya"), ("birch.example", "tom"), ("cedar.example", "eve")):
        people.append(await fediverse.person(await fediverse.start(domain), name))
    maya, tom, eve = people
    await tom.here.run(actions.update_profile, tom.here, tom.id, ProfileChange(is_locked=True))
    return maya, tom, eve


async def ask(follower, target):
    """Follow across servers; returns the follower's row of the target."""
    actor = await follower.here.run(actions.resolve, follower.here, target.viewer.full_handle)
    await follower.here.run(actions.request_follow, follower.here, follower.id, actor.id)
    return actor


async def follow_row(here, follower, target):
    return await here.run(Follow.get, follower__uri=follower.uri, target__uri=target.uri)


async def test_s5_accept_from_someone_not_asked_is_refused(fediverse, three):
    fediverse.watch.let_deliveries_pass()
    maya, tom, eve = three
    await ask(maya, tom)
    await fediverse.settle()
    follow = await follow_row(maya.here, maya, tom)
    inner = activities.follow(id=follow.uri, actor=maya.uri, object=tom.uri)
    inbox = maya.here.url("/ap/inbox")
    for object_ in (inner, follow.uri, inner | {"object": eve.uri}, inner | {"id": eve.uri + "#made-up"}):
        document = activities.accept(id=activity_id(eve, "accept"), actor=eve.uri, object=object_, to=[maya.uri])
        await say(eve, document, inbox)
    await fediverse.settle()
    assert await state(maya.here, maya.uri, tom.uri) == "requested"
    assert await state(maya.here, maya.uri, eve.uri) is None


async def test_s5_reject_from_someone_not_asked_is_refused(fediverse, three):
    fediverse.watch.let_deliveries_pass()
    maya, tom, eve = three
    await ask(maya, tom)
    await fediverse.settle()
    follow = await follow_row(maya.here, maya, tom)
    document = activities.reject(id=activity_id(eve, "reject"), actor=eve.uri, object=follow.uri, to=[maya.uri])
    await say(eve, document, maya.here.url("/ap/inbox"))
    await fediverse.settle()
    assert await state(maya.here, maya.uri, tom.uri) == "requested"


async def test_s5_undo_of_the_follow_of_somebody_else_is_refused(fediverse, three):
    fediverse.watch.let_deliveries_pass()
    maya, tom, eve = three
    await ask(tom, maya)
    await fediverse.settle()
    assert await state(maya.here, tom.uri, maya.uri) == "accepted"
    follow = await follow_row(maya.here, tom, maya)
    inner = activities.follow(id=follow.uri, actor=tom.uri, object=maya.uri)
    for object_ in (inner, {**inner, "actor": eve.uri}):
        document = activities.undo(id=activity_id(eve, "undo"), actor=eve.uri, object=object_, to=[maya.uri])
        await say(eve, document, maya.here.url("/ap/inbox"))
    by_id = activities.activity("Undo", id=activity_id(eve, "undo"), actor=eve.uri, object=follow.uri, to=[maya.uri])
    await say(eve, by_id, maya.here.url("/ap/inbox"))
    await fediverse.settle()
    assert await state(maya.here, tom.uri, maya.uri) == "accepted"


async def test_s5_update_and_delete_of_somebody_else_are_refused(fediverse, three):
    fediverse.watch.let_deliveries_pass()
    maya, tom, eve = three
    await ask(maya, tom)
    await fediverse.settle()
    inbox = maya.here.url("/ap/inbox")
    forged = {"id": tom.uri, "type": "Person", "preferredUsername": "tom", "name": "Stolen", "inbox": eve.uri}
    await say(eve, activities.update(id=activity_id(eve, "update"), actor=eve.uri, object=forged, to=[maya.uri]), inbox)
    for object_ in (tom.uri, maya.uri, forged):
        document = activities.delete(id=activity_id(eve, "delete"), actor=eve.uri, object=object_, to=[maya.uri])
        await say(eve, document, inbox)
    await fediverse.settle()
    for uri, name in ((tom.uri, "Tom"), (maya.uri, "Maya")):
        actor = await maya.here.run(Actor.get, uri=uri)
        assert (actor.name, actor.deleted_at) == (name, None)


async def test_s5_a_follow_id_that_belongs_to_another_follow_is_refused(fediverse, three):
    maya, _, eve = three
    first = activities.follow(id=activity_id(eve, "follow"), actor=eve.uri, object=maya.uri)
    other = await fediverse.person(maya.here, "lin")
    await say(eve, first, maya.here.url("/ap/inbox"))
    await fediverse.settle()
    follow = await follow_row(maya.here, eve, maya)
    mallory = await fediverse.person(eve.here, "mallory")
    again = activities.follow(id=follow.uri, actor=mallory.uri, object=other.uri)
    await say(mallory, again, maya.here.url("/ap/inbox"))
    await fediverse.settle()
    assert await state(maya.here, mallory.uri, other.uri) is None
    assert await state(maya.here, eve.uri, maya.uri) == "accepted"


async def test_s17_a_blocked_server_gets_in_nowhere_and_gets_nothing(fediverse, three):
    maya, _, eve = three
    await ask(eve, maya)
    await fediverse.settle()
    await maya.here.run(peers.set_grade, maya.here, "cedar.example", "blocked", "@ana", "spam")
    assert await state(maya.here, eve.uri, maya.uri) == "paused"
    before = fediverse.network.count("POST", "https://cedar.example")
    await maya.here.run(actions.update_profile, maya.here, maya.id, ProfileChange(name="Maya M."))
    newcomer = await fediverse.person(eve.here, "newcomer")
    with pytest.raises(NotFound):
        await maya.here.run(actions.resolve, maya.here, "@newcomer@cedar.example")
    await say(
        newcomer,
        activities.follow(id=activity_id(newcomer, "follow"), actor=newcomer.uri, object=maya.uri),
        maya.here.url("/ap/inbox"),
    )
    await fediverse.settle()
    assert fediverse.network.count("POST", "https://cedar.example") == before
    assert await state(maya.here, newcomer.uri, maya.uri) is None
    await maya.here.run(peers.undo_grade, maya.here, "cedar.example", "@ana")
    assert await state(maya.here, eve.uri, maya.uri) == "accepted"


async def test_s17_a_suspended_person_cannot_follow_and_is_not_found(fediverse, three):
    maya, _, eve = three
    actor = await ask(maya, eve)
    await fediverse.settle()
    await maya.here.run(actions.suspend, maya.here, actor.id, "@ana", "harassment")
    assert await state(maya.here, maya.uri, eve.uri) == "paused"
    await ask(eve, maya)
    await fediverse.settle()
    assert await state(maya.here, eve.uri, maya.uri) is None
    assert await maya.here.run(queries.person_by_handle, maya.here, "eve@cedar.example") is None
    with pytest.raises(NotFound):
        await maya.here.run(actions.resolve, maya.here, "@eve@cedar.example")


async def test_nobody_follows_themselves_or_a_part_of_the_server(three):
    maya, *_ = three
    with pytest.raises(Invalid):
        await maya.here.run(actions.request_follow, maya.here, maya.id, maya.id)
    with pytest.raises(NotFound):
        await maya.here.run(actions.resolve, maya.here, "@nobody")
    for text in ("", "two words", "ftp://birch.example/x"):
        with pytest.raises((Invalid, NotFound)):
            await maya.here.run(actions.resolve, maya.here, text)


async def test_a_locked_person_decides_and_both_sides_agree(fediverse, three):
    maya, tom, _ = three
    there = await ask(maya, tom)
    await fediverse.settle()
    assert await state(maya.here, maya.uri, tom.uri) == await state(tom.here, maya.uri, tom.uri) == "requested"
    ((_, label),) = await tom.here.run(queries.followers, tom.here, tom.id, state="requested")
    assert label.handle == "@maya@alder.example"
    await tom.here.run(actions.accept_follow, tom.here, tom.id, label.id)
    await fediverse.settle()
    assert await state(maya.here, maya.uri, tom.uri) == await state(tom.here, maya.uri, tom.uri) == "accepted"
    await maya.here.run(actions.unfollow, maya.here, maya.id, there.id)
    await fediverse.settle()
    assert await state(tom.here, maya.uri, tom.uri) is None
    tom_there = await tom.here.run(Actor.get, id=tom.id)
    assert tom_there.followers_count == 0


async def test_a_follower_can_be_removed_and_learns_it(fediverse, three):
    maya, tom, _ = three
    await ask(tom, maya)
    await fediverse.settle()
    ((_, label),) = await maya.here.run(queries.followers, maya.here, maya.id)
    await maya.here.run(actions.remove_follower, maya.here, maya.id, label.id)
    await fediverse.settle()
    assert await state(tom.here, tom.uri, maya.uri) is None


async def test_the_same_follow_twice_is_one_follow(fediverse, three):
    maya, _, eve = three
    for _ in range(2):
        document = activities.follow(id=activity_id(eve, "follow"), actor=eve.uri, object=maya.uri)
        await say(eve, document, maya.here.url("/ap/inbox"))
        await fediverse.settle()
    assert await maya.here.run(queries.requests_count, maya.here, maya.id) == 0
    actor = await maya.here.run(Actor.get, id=maya.id)
    assert actor.followers_count == 1


async def test_people_of_one_server_follow_each_other_at_once(fediverse):
    here = await fediverse.start("alder.example")
    maya, lin = await fediverse.person(here, "maya"), await fediverse.person(here, "lin")
    assert await here.run(actions.request_follow, here, maya.id, lin.id) == "accepted"
    relation = await here.run(relations.relationship, here, lin.id, maya.id)
    assert (relation.follows_me, relation.is_following) == (True, False)


async def test_a_changed_profile_reaches_followers(fediverse, three):
    maya, tom, _ = three
    await ask(tom, maya)
    await fediverse.settle()
    change = ProfileChange(name="Maya Okafor", summary_source="Science, *years 7 to 9*")
    await maya.here.run(actions.update_profile, maya.here, maya.id, change)
    await fediverse.settle()
    page = await tom.here.run(queries.person_by_handle, tom.here, "maya@alder.example")
    assert page is not None
    assert page.label.display_name == "Maya Okafor"
    assert page.summary_html == "<p>Science, <em>years 7 to 9</em></p>"


async def test_a_deleted_person_is_gone_everywhere_and_the_name_stays_taken(fediverse, three):
    maya, tom, _ = three
    await ask(tom, maya)
    await fediverse.settle()
    await maya.here.run(actions.delete_local_actor, maya.here, maya.id, "@maya")
    await fediverse.settle()
    copy = await tom.here.run(Actor.get, uri=maya.uri)
    assert copy.deleted_at is not None
    assert copy.name == ""
    assert await state(tom.here, tom.uri, maya.uri) is None
    async with fediverse.client(maya.here) as browser:
        answer = await browser.get(maya.uri, headers={"accept": "application/activity+json"})
        assert (answer.status_code, answer.json()["type"], answer.json()["formerType"]) == (410, "Tombstone", "Person")
        finger = await browser.get("/.well-known/webfinger?resource=acct:maya@alder.example")
        assert finger.status_code in {404, 410}
    with pytest.raises(Invalid):
        await maya.here.run(actions.create_local, maya.here, kind="Person", username="maya", name="Another")
