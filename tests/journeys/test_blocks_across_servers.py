"""One person wants nothing to do with another: here, on the other server, and in what is on its way (S17)."""

from typing import Any

import pytest

from server.actors import actions as actors
from server.actors import relations
from server.actors.models import Block
from server.errors import NotAllowed, NotFound
from server.notifications import queries as notifications
from server.posts import actions as posts
from tests.conftest import Fediverse, Person
from tests.posting import Stranger, follow, found, outcome, reply, sees, write


async def there(here: Any, person: Person) -> str:
    """Somebody's id on another server."""
    return str((await here.run(actors.resolve, here, person.uri)).id)


async def relation(person: Person, other: Person) -> relations.Relationship:
    """What stands between them, as the person's server has it."""
    here = person.here
    return await here.run(relations.relationship, here, person.id, await there(here, other))


async def news(person: Person) -> list[str]:
    page = await person.here.run(notifications.page, person.here, person.viewer)
    return [line.kind for group in page.groups for line in group.lines]


async def friends(fediverse: Fediverse) -> tuple[Person, Person]:
    """Amara and Bruno follow each other, from two servers."""
    amara = await fediverse.person(await fediverse.start("alder.example"), "amara")
    bruno = await fediverse.person(await fediverse.start("birch.example"), "bruno")
    await follow(amara, bruno)
    await follow(bruno, amara)
    await fediverse.settle()
    return amara, bruno


async def block(person: Person, other: Person) -> None:
    await person.here.run(actors.block, person.here, person.id, await there(person.here, other))


async def unblock(person: Person, other: Person) -> None:
    await person.here.run(actors.unblock, person.here, person.id, await there(person.here, other))


async def test_s17_a_block_holds_on_both_servers_and_both_ways(fediverse: Fediverse) -> None:
    amara, bruno = await friends(fediverse)
    before = await write(bruno, "Only for those who follow me", kind="note", visibility="followers")
    public = await write(bruno, "For everybody", kind="note")
    await fediverse.settle()
    assert await sees(amara, before.uri) is not None
    await block(bruno, amara)
    await fediverse.settle()
    for person, other in ((amara, bruno), (bruno, amara)):
        stands = await relation(person, other)
        assert (stands.following, stands.followed_by, stands.is_blocked) == ("", "", True)
    assert (await relation(bruno, amara)).i_blocked
    assert (await relation(amara, bruno)).blocked_me
    for post in (before, public):
        assert await sees(amara, post.uri) is None
    assert await sees(amara.here, public.uri) is not None, "strangers at Alder still read what is public"
    after = await write(bruno, "Later", kind="note")
    await fediverse.settle()
    assert await found(amara.here, after.uri) is None


async def test_s17_nobody_follows_answers_likes_or_passes_on_across_a_block(fediverse: Fediverse) -> None:
    amara, bruno = await friends(fediverse)
    post = await write(bruno, "For everybody", kind="note")
    await fediverse.settle()
    copy = await found(amara.here, post.uri)
    assert copy is not None
    await block(bruno, amara)
    await fediverse.settle()
    with pytest.raises(NotFound):
        await reply(amara, copy)
    for act in (posts.like_post, posts.boost_post):
        with pytest.raises(NotFound):
            await amara.do(act, copy.id)
    with pytest.raises(NotAllowed):
        await follow(amara, bruno)
    with pytest.raises(NotAllowed):
        await follow(bruno, amara)


@pytest.mark.parametrize("kind", ["Follow", "Like", "Announce", "Create", "EmojiReact"])
async def test_s17_a_server_that_does_not_care_for_blocks_gets_nowhere(fediverse: Fediverse, kind: str) -> None:
    here = await fediverse.start("hall.example")
    maya = await fediverse.person(here, "maya")
    toot = Stranger(fediverse, "toot.example")
    eva = toot.actor("eva")
    post = await write(maya, "Hello", kind="note")
    await here.run(actors.block, here, maya.id, (await here.run(actors.resolve, here, eva)).id)
    await fediverse.settle()
    if kind == "Create":
        about: Any = toot.note(eva, "note/1", inReplyTo=post.uri, tag=[{"type": "Mention", "href": maya.uri}])
    else:
        about = maya.uri if kind == "Follow" else post.uri
    activity = toot.activity(kind, eva, about, path="a/1")
    await toot.send(here, activity)
    await fediverse.settle()
    if kind == "Follow":
        assert toot.received[-1]["type"] == "Reject"
        assert not (await here.run(relations.relationship, here, maya.id, await there_id(here, eva))).follows_me
    else:
        assert (await outcome(here, activity["id"]))[0] == "refused"
    assert await news(maya) == []


async def there_id(here: Any, uri: str) -> str:
    return str((await here.run(actors.resolve, here, uri)).id)


async def test_s17_a_mention_across_a_block_is_no_news_and_no_way_to_a_message(fediverse: Fediverse) -> None:
    here = await fediverse.start("hall.example")
    maya = await fediverse.person(here, "maya")
    toot = Stranger(fediverse, "toot.example")
    eva = toot.actor("eva")
    await here.run(actors.block, here, maya.id, await there_id(here, eva))
    tag = [{"type": "Mention", "href": maya.uri, "name": "@maya"}]
    for number, to in enumerate((["https://www.w3.org/ns/activitystreams#Public"], [maya.uri])):
        uri = await toot.create(fediverse, here, eva, f"note/{number}", to=to, cc=[], tag=tag)
        assert await sees(maya, uri) is None
    assert await news(maya) == []


async def test_s17_what_was_on_its_way_is_not_delivered_after_the_block(fediverse: Fediverse) -> None:
    amara, bruno = await friends(fediverse)
    fediverse.network.down.add("birch.example")
    note = await write(amara, "@bruno@birch.example a word with you", kind="note", visibility="unlisted")
    direct = await write(amara, "@bruno@birch.example in private", kind="note", visibility="followers")
    await fediverse.settle()
    await block(amara, bruno)
    await fediverse.settle()
    fediverse.network.down.clear()
    fediverse.clock.advance(7200)
    await fediverse.settle()
    for post in (note, direct):
        assert await found(bruno.here, post.uri) is None
    assert (await relation(bruno, amara)).blocked_me, "the block itself has to arrive"


async def test_a_block_taken_back_lets_them_meet_again(fediverse: Fediverse) -> None:
    amara, bruno = await friends(fediverse)
    await block(bruno, amara)
    await fediverse.settle()
    await unblock(bruno, amara)
    await fediverse.settle()
    for person, other in ((amara, bruno), (bruno, amara)):
        assert not (await relation(person, other)).is_blocked
    await follow(amara, bruno)
    await fediverse.settle()
    assert (await relation(amara, bruno)).is_following


async def test_what_goes_to_mastodon(fediverse: Fediverse) -> None:
    here = await fediverse.start("hall.example")
    maya = await fediverse.person(here, "maya")
    toot = Stranger(fediverse, "toot.example")
    eva = toot.actor("eva")
    stranger = await there_id(here, eva)
    await here.run(actors.block, here, maya.id, stranger)
    await here.run(actors.unblock, here, maya.id, stranger)
    await fediverse.settle()
    made, undone = toot.received
    assert {key: made[key] for key in ("type", "actor", "object", "to")} == {
        "type": "Block",
        "actor": maya.uri,
        "object": eva,
        "to": [eva],
    }
    assert "target" not in made
    assert (undone["type"], undone["object"]["type"], undone["object"]["id"]) == ("Undo", "Block", made["id"])


async def test_the_threadiverse_is_sent_the_end_of_follows_and_no_block_that_it_cannot_read(
    fediverse: Fediverse,
) -> None:
    here = await fediverse.start("hall.example")
    maya = await fediverse.person(here, "maya")
    lem = Stranger(fediverse, "lem.example")
    sofia = lem.actor("sofia", generator={"type": "Application", "implements": ["https://w3id.org/fep/1b12"]})
    await lem.send(here, lem.activity("Follow", sofia, maya.uri, path="follow/1"))
    await fediverse.settle()
    lem.received.clear()
    await here.run(actors.block, here, maya.id, await there_id(here, sofia))
    await here.run(actors.unblock, here, maya.id, await there_id(here, sofia))
    await fediverse.settle()
    assert [item["type"] for item in lem.received] == ["Reject"]


@pytest.mark.parametrize("by_id", [True, False])
async def test_s5_only_who_blocked_takes_it_back(fediverse: Fediverse, by_id: bool) -> None:
    here = await fediverse.start("hall.example")
    maya = await fediverse.person(here, "maya")
    toot, evil = Stranger(fediverse, "toot.example"), Stranger(fediverse, "evil.example")
    eva, neighbour, mallory = toot.actor("eva"), toot.actor("neighbour"), evil.actor("mallory")
    made = toot.activity("Block", eva, maya.uri, path="block/1")
    await toot.send(here, made)
    await fediverse.settle()
    about = made["id"] if by_id else made
    wrong = [
        toot.activity("Undo", neighbour, about, path="undo/1"),
        evil.activity("Undo", mallory, about, path="undo/2"),
        evil.activity("Undo", mallory, {**made, "actor": mallory}, path="undo/3"),
    ]
    for undo in wrong:
        await (toot if "toot" in undo["id"] else evil).send(here, undo)
        await fediverse.settle()
        assert (await outcome(here, undo["id"]))[0] == "refused"
    assert await here.run(Block.exists, uri=made["id"])
    await toot.send(here, toot.activity("Undo", eva, about, path="undo/right"))
    await fediverse.settle()
    assert not await here.run(Block.exists, uri=made["id"])


async def test_s5_nobody_blocks_for_somebody_else(fediverse: Fediverse) -> None:
    here = await fediverse.start("hall.example")
    maya = await fediverse.person(here, "maya")
    evil, toot = Stranger(fediverse, "evil.example"), Stranger(fediverse, "toot.example")
    mallory, eva = evil.actor("mallory"), toot.actor("eva")
    forged = evil.activity("Block", eva, maya.uri, path="block/1")
    await evil.send(here, forged, signer=mallory)
    await fediverse.settle()
    assert not await here.run(Block.exists, blocked_id=maya.id)


async def test_an_undo_that_comes_before_its_block_leaves_nothing(fediverse: Fediverse) -> None:
    here = await fediverse.start("hall.example")
    maya = await fediverse.person(here, "maya")
    toot = Stranger(fediverse, "toot.example")
    eva = toot.actor("eva")
    made = toot.activity("Block", eva, maya.uri, path="block/1")
    await toot.send(here, toot.activity("Undo", eva, made, path="undo/1"))
    await fediverse.settle()
    await toot.send(here, made)
    await fediverse.settle()
    assert not await here.run(Block.exists, blocked_id=maya.id)


async def test_a_block_ends_a_follow_without_sending_anything_back(fediverse: Fediverse) -> None:
    here = await fediverse.start("hall.example")
    maya = await fediverse.person(here, "maya")
    toot = Stranger(fediverse, "toot.example")
    eva = toot.actor("eva")
    await toot.send(here, toot.activity("Follow", eva, maya.uri, path="follow/1"))
    await fediverse.settle()
    toot.received.clear()
    await toot.send(here, toot.activity("Block", eva, maya.uri, path="block/1"))
    await fediverse.settle()
    stands = await here.run(relations.relationship, here, maya.id, await there_id(here, eva))
    assert (stands.followed_by, stands.blocked_me) == ("", True)
    assert toot.received == []


async def test_people_of_one_server_block_each_other_too(fediverse: Fediverse) -> None:
    here = await fediverse.start("hall.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    post = await write(maya, "Hello @tom", kind="note")
    assert await news(tom) == ["mention"]
    await here.run(actors.block, here, maya.id, tom.id)
    assert await sees(tom, post.uri) is None
    assert await news(tom) == []
    later = await write(tom, "Hello @maya", kind="note")
    assert await news(maya) == []
    assert await sees(maya, later.uri) is None
    listed = await here.run(relations.blocked_people, here, maya.id)
    assert [label.handle for _, label in listed] == ["@tom"]
