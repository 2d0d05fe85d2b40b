"""Stewards keep somebody out, pin, close, give roles and bring back; on their server and on those that take part."""

from datetime import timedelta
from typing import Any

import pytest

from federation.vocab.base import PUBLIC
from server.actors import actions as actors
from server.actors.models import Actor
from server.communities import actions as communities
from server.communities import bans
from server.communities.models import Membership, SiteBan
from server.errors import Invalid, NotAllowed
from server.moderation import queries as moderation
from server.posts import actions as posts
from server.posts.models import Post
from tests.conftest import Fediverse, Person
from tests.posting import Stranger, community, found, join, outcome, reply, sees, write

IMPLEMENTS = {"generator": {"type": "Application", "implements": ["https://w3id.org/fep/1b12"]}}


async def resolved(here: Any, uri: str) -> Actor:
    return await here.run(actors.resolve, here, uri)


async def state(here: Any, group_uri: str, person_uri: str) -> tuple[str, str, str]:
    """State, role and note of a membership, as a server has it."""

    async def read() -> tuple[str, str, str]:
        row = await Membership.get_or_none(person__uri=person_uri, community__uri=group_uri)
        return (row.state, row.role, row.note) if row else ("", "", "")

    return await here.run(read)


class Two:
    """Amara looks after a community at Alder; Bruno of Birch is a member."""

    def __init__(self, fediverse: Fediverse, amara: Person, bruno: Person, group: Actor, there: Actor) -> None:
        self.fediverse, self.amara, self.bruno = fediverse, amara, bruno
        self.group, self.there = group, there

    async def states(self) -> tuple[str, str]:
        """What Alder and Birch think of Bruno's membership."""
        await self.fediverse.settle()
        return tuple([(await state(at.here, self.group.uri, self.bruno.uri))[0] for at in (self.amara, self.bruno)])  # type: ignore[return-value]  # two of them

    async def ban(self, **more: Any) -> None:
        bruno = await resolved(self.amara.here, self.bruno.uri)
        facts = {"reason": "Spam", "length": timedelta(days=7)} | more
        await self.amara.do(bans.ban, self.group.id, bruno.id, **facts)


async def meet(fediverse: Fediverse, **form: Any) -> Two:
    amara = await fediverse.person(await fediverse.start("alder.example"), "amara")
    bruno = await fediverse.person(await fediverse.start("birch.example"), "bruno")
    group = await community(amara, **form)
    await join(bruno, group)
    await fediverse.settle()
    return Two(fediverse, amara, bruno, group, await resolved(bruno.here, group.uri))


# Keeping out


async def test_somebody_is_kept_out_for_a_week_everywhere_and_then_may_come_back(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    post = await write(two.amara, "Welcome", community_id=two.group.id)
    await fediverse.settle()
    copy = await found(two.bruno.here, post.uri)
    assert copy is not None
    await two.ban()
    assert await two.states() == ("removed", "removed")
    with pytest.raises(NotAllowed):
        await write(two.bruno, "Buy this", community_id=two.there.id)
    with pytest.raises(NotAllowed):
        await reply(two.bruno, copy)
    (told,) = await two.bruno.do(moderation.notices)
    assert (told.kind, told.place, told.text) == ("ban", "Science", "Spam")
    news = await two.bruno.here.run(
        two.bruno.here.db.rows, "SELECT kind FROM notification WHERE reader_id = :me", me=two.bruno.id
    )
    assert "ban" in {row["kind"] for row in news}
    assert "declined" not in {row["kind"] for row in news}, "they had not applied"
    fediverse.clock.advance(6 * 24 * 3600)
    assert await two.states() == ("removed", "removed")
    fediverse.clock.advance(2 * 24 * 3600)
    assert await two.states() == ("left", "left")
    await join(two.bruno, two.group)
    assert await two.states() == ("active", "active")
    await reply(two.bruno, copy)


async def test_a_ban_for_good_lasts_until_a_steward_takes_it_back(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    await two.ban(length=None)
    await fediverse.settle()
    fediverse.clock.advance(400 * 24 * 3600)
    assert await two.states() == ("removed", "removed")
    bruno = await resolved(two.amara.here, two.bruno.uri)
    await two.amara.do(bans.unban, two.group.id, bruno.id)
    assert await two.states() == ("left", "left")


async def test_what_a_banned_person_wrote_goes_with_them_if_the_steward_says_so(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    post = await write(two.bruno, "Buy this", community_id=two.there.id)
    elsewhere = await write(two.bruno, "At home", kind="note")
    await fediverse.settle()
    await two.ban(remove_posts=True)
    await fediverse.settle()
    assert await sees(two.amara.here, post.uri) is None
    assert await sees(two.bruno.here, post.uri) is None
    assert await sees(two.bruno.here, elsewhere.uri) is not None


@pytest.mark.parametrize("who", ["facilitator", "member", "stranger", "oneself"])
async def test_s28_only_stewards_keep_people_out(fediverse: Fediverse, who: str) -> None:
    here = await fediverse.start("alder.example")
    people = {
        name: await fediverse.person(here, name) for name in ("amara", "facilitator", "member", "stranger", "tom")
    }
    group = await community(people["amara"])
    for name in ("facilitator", "member", "tom"):
        await join(people[name], group)
    await people["amara"].do(communities.set_role, group.id, people["facilitator"].id, "facilitator")
    acting = people["amara"] if who == "oneself" else people[who]
    target = acting if who == "oneself" else people["tom"]
    with pytest.raises(NotAllowed):
        await acting.do(bans.ban, group.id, target.id, reason="x")
    assert (await state(here, group.uri, target.uri))[0] == "active"


async def test_a_ban_needs_a_reason(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    with pytest.raises(Invalid) as refused:
        await two.ban(reason="  ")
    assert refused.value.field == "reason"


async def test_s5_nobody_else_keeps_people_out_of_a_community_here(fediverse: Fediverse) -> None:
    """Every spelling: a stranger, the person's own server, a facilitator, another community, a forged announcement."""
    two = await meet(fediverse)
    evil, lem = Stranger(fediverse, "evil.example"), Stranger(fediverse, "lem.example")
    mallory, sofia, other = evil.actor("mallory"), lem.actor("sofia"), evil.actor("club", "Group", **IMPLEMENTS)
    here = two.amara.here
    await lem.send(here, lem.activity("Join", sofia, two.group.uri, path="join/1"))
    await fediverse.settle()
    facilitator = await resolved(here, sofia)
    await two.amara.do(communities.set_role, two.group.id, facilitator.id, "facilitator")
    target = {"target": two.group.uri, "to": [PUBLIC], "cc": [two.group.uri], "summary": "x"}
    wrong = [
        (evil, evil.activity("Block", mallory, two.bruno.uri, path="b/1", **target)),
        (lem, lem.activity("Block", sofia, two.bruno.uri, path="b/2", **target)),
        (evil, evil.activity("Block", other, two.bruno.uri, path="b/3", **target)),
        (
            evil,
            evil.activity(
                "Announce", other, evil.activity("Block", mallory, two.bruno.uri, path="b/4", **target), path="a/1"
            ),
        ),
        (
            evil,
            evil.activity(
                "Block", mallory, two.bruno.uri, path="b/5", **(target | {"target": "https://alder.example/"})
            ),
        ),
        (evil, evil.activity("Block", mallory, two.amara.uri, path="b/6", **target)),
    ]
    for server, activity in wrong:
        await server.send(here, activity)
        await fediverse.settle()
        assert (await outcome(here, activity["id"]))[0] in {"refused", "ignored"}, activity["id"]
    assert (await state(here, two.group.uri, two.bruno.uri))[0] == "active"
    assert await here.run(SiteBan.exists) is False


async def subscribed(fediverse: Fediverse) -> tuple[Person, Stranger, str, Actor]:
    """Maya follows a community of a Lemmy."""
    maya = await fediverse.person(await fediverse.start("hall.example"), "maya")
    fediverse.watch.let_deliveries_pass()
    lem = Stranger(fediverse, "lem.example")
    uri = lem.actor("maths", "Group", moderators=lem.uri("u/maths/moderators"), **IMPLEMENTS)
    lem.documents[uri]["featured"] = f"{uri}/featured"
    lem.documents[lem.uri("u/maths/moderators")] = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": lem.uri("u/maths/moderators"),
        "type": "OrderedCollection",
        "totalItems": 1,
        "orderedItems": ["https://far.example/u/ada"],
    }
    group = await resolved(maya.here, uri)
    await maya.here.run(actors.request_follow, maya.here, maya.id, group.id)
    await fediverse.settle()
    follow = next(item for item in lem.received if item["type"] == "Follow")
    await lem.send(maya.here, lem.activity("Accept", uri, follow, path="accept/1"))
    await fediverse.settle()
    return maya, lem, uri, group


@pytest.mark.parametrize("ends", [{"endTime": "2026-02-01T00:00:00Z"}, {"expires": "2026-02-01T00:00:00Z"}, {}])
@pytest.mark.parametrize("wrapped", [True, False])
async def test_a_lemmy_keeps_one_of_ours_out_until_it_lets_them_back(
    fediverse: Fediverse, ends: dict[str, str], wrapped: bool
) -> None:
    maya, lem, uri, group = await subscribed(fediverse)
    mod = lem.actor("mod")
    ban = lem.activity(
        "Block", mod, maya.uri, path="b/1", target=uri, to=[PUBLIC], cc=[uri], audience=uri, summary="Off topic", **ends
    )
    await lem.send(maya.here, lem.activity("Announce", uri, ban, path="a/1") if wrapped else ban)
    await fediverse.settle()
    with pytest.raises(NotAllowed):
        await write(maya, "Hello", community_id=group.id)
    (told,) = await maya.do(moderation.notices)
    assert (told.place, told.text) == ("Maths", "Off topic")
    if ends:
        fediverse.clock.advance(40 * 24 * 3600)
        await fediverse.settle()
    else:
        undo = lem.activity("Undo", mod, ban, path="undo/1", to=[PUBLIC], cc=[uri], audience=uri)
        await lem.send(maya.here, lem.activity("Announce", uri, undo, path="a/2") if wrapped else undo)
        await fediverse.settle()
    await write(maya, "Hello again", community_id=group.id)


async def test_a_server_keeps_one_of_ours_out_of_everything_it_hosts(fediverse: Fediverse) -> None:
    maya, lem, uri, group = await subscribed(fediverse)
    admin = lem.actor("admin")
    ban = lem.activity("Block", admin, maya.uri, path="b/1", target="https://lem.example/", to=[PUBLIC], cc=[uri])
    await lem.send(maya.here, ban)
    await fediverse.settle()
    with pytest.raises(NotAllowed):
        await write(maya, "Hello", community_id=group.id)
    assert (await state(maya.here, uri, maya.uri))[0] == ""
    await lem.send(maya.here, lem.activity("Undo", admin, ban, path="undo/1", to=[PUBLIC], cc=[uri]))
    await fediverse.settle()
    await write(maya, "Hello again", community_id=group.id)


async def test_remove_data_takes_the_posts_of_a_banned_person_away_and_restore_data_brings_them_back(
    fediverse: Fediverse,
) -> None:
    maya, lem, uri, _ = await subscribed(fediverse)
    sofia, mod = lem.actor("sofia"), lem.actor("mod")
    addressed = {"to": [uri, PUBLIC], "cc": [], "audience": uri}
    spam = await lem.create(fediverse, maya.here, sofia, "post/1", name="Spam", **addressed)
    ban = lem.activity("Block", mod, sofia, path="b/1", target=uri, removeData=True, **addressed)
    await lem.send(maya.here, lem.activity("Announce", uri, ban, path="a/1"))
    await fediverse.settle()
    assert await sees(maya, spam) is None
    undo = lem.activity("Undo", mod, ban, path="undo/1", restoreData=True, **addressed)
    await lem.send(maya.here, lem.activity("Announce", uri, undo, path="a/2"))
    await fediverse.settle()
    assert await sees(maya, spam) is not None


@pytest.mark.parametrize("what", ["ban", "unban", "pin", "remove", "restore", "lock", "role", "warn"])
@pytest.mark.parametrize("who", ["stranger", "other community", "announced by another community", "author's neighbour"])
async def test_s5_nobody_else_moderates_a_community_elsewhere(fediverse: Fediverse, what: str, who: str) -> None:
    """A stranger, another community, and what that one passes on change nothing of what is not theirs."""
    maya, lem, uri, group = await subscribed(fediverse)
    evil = Stranger(fediverse, "evil.example")
    mallory, club = evil.actor("mallory"), evil.actor("club", "Group", **IMPLEMENTS)
    addressed = {"to": [uri, PUBLIC], "cc": [], "audience": uri}
    theirs = await lem.create(fediverse, maya.here, lem.actor("sofia"), "post/1", name="Fractions", **addressed)
    ours = await write(maya, "Hello", community_id=group.id)
    row = await found(maya.here, theirs)
    assert row is not None
    if what == "restore":
        await maya.here.run(maya.here.db.execute, "UPDATE post SET state = 'removed' WHERE id = :id", id=row.id)
    if what == "unban":
        await maya.here.run(bans_of, maya.here, group, maya)
    actor = club if who == "other community" else mallory
    if who == "author's neighbour" and what in {"ban", "unban", "role", "warn", "pin"}:
        actor = mallory
    document = {
        "ban": lambda: evil.activity("Block", actor, maya.uri, path="x/1", target=uri, **addressed),
        "unban": lambda: evil.activity(
            "Undo",
            actor,
            {"id": evil.uri("x/0"), "type": "Block", "actor": actor, "object": maya.uri, "target": uri},
            path="x/1",
            **addressed,
        ),
        "pin": lambda: evil.activity("Add", actor, theirs, path="x/1", target=f"{uri}/featured", **addressed),
        "remove": lambda: evil.activity("Delete", actor, theirs, path="x/1", summary="x", **addressed),
        "restore": lambda: evil.activity(
            "Undo",
            actor,
            {"id": evil.uri("x/0"), "type": "Delete", "actor": actor, "object": theirs},
            path="x/1",
            **addressed,
        ),
        "lock": lambda: evil.activity("Lock", actor, theirs, path="x/1", **addressed),
        "role": lambda: evil.activity(
            "Add", actor, maya.uri, path="x/1", target=lem.uri("u/maths/moderators"), **addressed
        ),
        "warn": lambda: evil.activity("Warn", actor, ours.uri, path="x/1", summary="x", **addressed),
    }[what]()
    before = await facts(maya.here)
    sent = evil.activity("Announce", club, document, path="x/2") if who.startswith("announced") else document
    await evil.send(maya.here, sent)
    await fediverse.settle()
    assert (await outcome(maya.here, sent["id"]))[0] in {"refused", "ignored"}
    assert await facts(maya.here) == before


async def bans_of(here: Any, group: Actor, person: Person) -> None:
    """The community has kept the person out already."""
    async with here.db.transaction():
        await bans.keep_out(
            here,
            group.id,
            await Actor.get(id=person.id),
            uri="https://lem.example/b/0",
            by_id="",
            by_uri="https://lem.example/u/mod",
            reason="x",
            until=None,
            remove_posts=False,
        )


async def facts(here: Any) -> list[str]:
    """Everything that moderation could change."""
    found: list[str] = []
    for statement in (
        "SELECT uri, state, locked, pinned FROM post ORDER BY uri",
        "SELECT person_id, community_id, state, role FROM membership ORDER BY id",
        "SELECT uri FROM site_ban ORDER BY uri",
        "SELECT uri FROM moderation_notice ORDER BY uri",
    ):
        found += [str(row) for row in await here.run(here.db.rows, statement)]
    return found


# Pins, roles, closing, bringing back


async def test_a_pin_travels_and_is_taken_down_again(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    post = await write(two.amara, "Read me first", community_id=two.group.id)
    await fediverse.settle()
    for pinned in (True, False):
        await two.amara.do(posts.set_pinned, post.id, pinned=pinned)
        await fediverse.settle()
        assert (await sees(two.bruno, post.uri)).pinned is pinned


@pytest.mark.parametrize("pinned", [True, False])
async def test_a_community_elsewhere_pins_by_whoever_looks_after_it(fediverse: Fediverse, pinned: bool) -> None:
    maya, lem, uri, _ = await subscribed(fediverse)
    addressed = {"to": [uri, PUBLIC], "cc": [], "audience": uri}
    theirs = await lem.create(fediverse, maya.here, lem.actor("sofia"), "post/1", name="Fractions", **addressed)
    await maya.here.run(maya.here.db.execute, "UPDATE post SET pinned = :p WHERE uri = :u", p=not pinned, u=theirs)
    far = Stranger(fediverse, "far.example")
    ada = far.actor("ada")
    verb = "Add" if pinned else "Remove"
    await far.send(maya.here, far.activity(verb, ada, theirs, path="x/1", target=f"{uri}/featured", **addressed))
    await fediverse.settle()
    assert (await sees(maya, theirs)).pinned is pinned


async def test_s28_only_who_looks_after_the_community_pins(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, tom = await fediverse.person(here, "amara"), await fediverse.person(here, "tom")
    group = await community(amara)
    await join(tom, group)
    post = await write(tom, community_id=group.id)
    answer = await reply(amara, post)
    with pytest.raises(NotAllowed):
        await tom.do(posts.set_pinned, post.id, pinned=True)
    with pytest.raises(Invalid):
        await amara.do(posts.set_pinned, answer.id, pinned=True)
    assert not await here.run(Post.exists, pinned=True)


async def test_who_is_made_a_moderator_elsewhere_moderates_there_from_here(fediverse: Fediverse) -> None:
    maya, lem, uri, _ = await subscribed(fediverse)
    addressed = {"to": [uri, PUBLIC], "cc": [], "audience": uri}
    spam = await lem.create(fediverse, maya.here, lem.actor("sofia"), "post/1", name="Spam", **addressed)
    row = await found(maya.here, spam)
    assert row is not None
    with pytest.raises(NotAllowed):
        await maya.do(posts.remove_post, row.id, "Spam")
    add = lem.activity(
        "Add", lem.actor("mod"), maya.uri, path="x/1", target=lem.uri("u/maths/moderators"), to=[PUBLIC], cc=[uri]
    )
    await lem.send(maya.here, lem.activity("Announce", uri, add, path="a/1"))
    await fediverse.settle()
    assert (await state(maya.here, uri, maya.uri))[:2] == ("active", "facilitator")
    await maya.do(posts.remove_post, row.id, "Spam")
    await fediverse.settle()
    sent = [item for item in lem.received if item["type"] == "Delete"]
    assert {(item["actor"], item["object"], item["summary"]) for item in sent} == {(maya.uri, spam, "Spam")}


async def test_s5_nobody_here_is_made_a_member_by_a_community_elsewhere(fediverse: Fediverse) -> None:
    maya, lem, uri, _ = await subscribed(fediverse)
    sam = await fediverse.person(maya.here, "sam")
    mod = lem.actor("mod")
    here = {"target": lem.uri("u/maths/moderators"), "to": [PUBLIC], "cc": [uri]}
    lem.documents[lem.uri("u/maths/moderators")]["orderedItems"].append(mod)
    add = lem.activity("Add", mod, sam.uri, path="x/1", **here)
    await lem.send(maya.here, lem.activity("Announce", uri, add, path="a/1"))
    await lem.send(maya.here, lem.activity("Add", mod, sam.uri, path="x/2", **here))
    await fediverse.settle()
    assert await state(maya.here, uri, sam.uri) == ("", "", "")


async def test_a_removal_is_undone_everywhere(fediverse: Fediverse) -> None:
    maya, lem, uri, _ = await subscribed(fediverse)
    addressed = {"to": [uri, PUBLIC], "cc": [], "audience": uri}
    theirs = await lem.create(fediverse, maya.here, lem.actor("sofia"), "post/1", name="Fractions", **addressed)
    mod = lem.actor("mod")
    removal = lem.activity("Delete", mod, theirs, path="x/1", summary="By mistake", **addressed)
    await lem.send(maya.here, lem.activity("Announce", uri, removal, path="a/1"))
    await fediverse.settle()
    assert await sees(maya, theirs) is None
    undo = lem.activity("Undo", mod, removal, path="x/2", **addressed)
    await lem.send(maya.here, lem.activity("Announce", uri, undo, path="a/2"))
    await fediverse.settle()
    assert await sees(maya, theirs) is not None


async def test_our_steward_brings_a_post_back_everywhere(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    post = await write(two.bruno, "Hello", community_id=two.there.id)
    await fediverse.settle()
    copy = await found(two.amara.here, post.uri)
    assert copy is not None
    await two.amara.do(posts.remove_post, copy.id, "By mistake")
    await fediverse.settle()
    assert await sees(two.bruno.here, post.uri) is None
    await two.amara.do(posts.restore_post, copy.id)
    await fediverse.settle()
    assert await sees(two.bruno.here, post.uri) is not None


async def test_a_conversation_is_closed_with_a_reason(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    post = await write(two.amara, "Settled?", community_id=two.group.id)
    await fediverse.settle()
    await two.amara.do(posts.set_locked, post.id, locked=True, reason="Answered")
    await fediverse.settle()
    assert (await sees(two.bruno, post.uri)).locked
    sent = [item["object"] for item in fediverse.watch.delivered if item["type"] == "Announce"]
    assert [item["summary"] for item in sent if isinstance(item, dict) and item["type"] == "Lock"] == ["Answered"]
