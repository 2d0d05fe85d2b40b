"""Moves of accounts, in and out: both accounts have to say so, and followers go along (S14, FEP-7628)."""

from dataclasses import replace

import pytest

from federation.vocab.base import PUBLIC
from server.accounts import actions as accounts
from server.actors import actions as actors
from server.actors import queries
from server.actors.models import Actor, Follow
from server.discussions import actions as discussions
from server.errors import Invalid, NotAllowed
from server.instance import Instance
from server.notifications import queries as notifications
from server.peers import actions as peers
from server.posts import actions as posts
from tests.conftest import Fediverse, Person
from tests.facts import make_follow
from tests.posting import Stranger, document, follow, found, outcome, write

DAY = 24 * 3600


class Elsewhere:
    """Maya at Alder follows Jo at Old, who also has an account at New."""

    def __init__(self, fediverse: Fediverse, here: Instance, maya: Person) -> None:
        self.fediverse, self.here, self.maya = fediverse, here, maya
        self.old_server, self.new_server = Stranger(fediverse, "old.example"), Stranger(fediverse, "new.example")
        self.old = self.old_server.actor("jo")
        self.new = self.new_server.actor("jo", alsoKnownAs=[self.old])
        self.count = 0

    async def say(self, by: str | None = None, **more: object) -> tuple[str | None, str | None]:
        """Send a Move (by the old account, unless said otherwise), and return what became of it."""
        speaker = by or self.old
        server = self.new_server if speaker.startswith(self.new_server.uri("")) else self.old_server
        self.count += 1
        move = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": speaker.split("/u/")[0] + f"/a/move-{self.count}",
            "type": "Move",
            "actor": speaker,
            "object": self.old,
            "target": self.new,
            "to": PUBLIC,
        } | more
        await server.send(self.here, move, signer=speaker)
        await self.fediverse.settle()
        return await outcome(self.here, str(move["id"]))

    async def follows(self) -> dict[str, str]:
        """Whom Maya follows, and how far that is."""
        rows = await self.here.run(
            self.here.db.rows,
            "SELECT actor.uri, follow.state FROM follow JOIN actor ON actor.id = follow.target_id"
            " WHERE follow.follower_id = :me ORDER BY follow.id",
            me=self.maya.id,
        )
        return {row["uri"]: row["state"] for row in rows}


@pytest.fixture
async def elsewhere(fediverse: Fediverse) -> Elsewhere:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    made = Elsewhere(fediverse, here, maya)
    old = await here.run(actors.ensure_remote, here, made.old)
    await make_follow(here, maya.id, old.id)
    return made


async def test_m7_followers_here_go_along_with_somebody_who_moved(elsewhere: Elsewhere) -> None:
    assert await elsewhere.say() == ("done", None)
    assert await elsewhere.follows() == {elsewhere.new: "requested"}
    assert [(sent["type"], sent["object"]) for sent in elsewhere.new_server.received] == [("Follow", elsewhere.new)]
    assert [(sent["type"], sent["object"]["type"]) for sent in elsewhere.old_server.received] == [("Undo", "Follow")]

    page = await elsewhere.here.run(queries.person_by_handle, elsewhere.here, "jo@old.example")
    assert page.successor.uri == elsewhere.new
    told = await elsewhere.maya.do(notifications.page)
    assert [(line.kind, [person.uri for person in line.people]) for line in told.groups[0].lines] == [
        ("moved", [elsewhere.new])
    ]
    async with elsewhere.fediverse.client(elsewhere.here, elsewhere.maya) as browser:
        profile = (await browser.get("/@jo@old.example")).text
        assert "This person has moved" in profile
        assert 'href="/@jo@new.example"' in profile
        assert "/@jo@old.example/follow" not in profile
        assert "moved to this account" in (await browser.get("/notifications")).text


async def test_a_request_that_still_waits_goes_along_too(elsewhere: Elsewhere) -> None:
    await elsewhere.here.run(elsewhere.here.db.execute, "UPDATE follow SET state = 'requested'")
    await elsewhere.say()
    assert await elsewhere.follows() == {elsewhere.new: "requested"}


async def test_a_follow_that_is_paused_stays_where_it_is(elsewhere: Elsewhere) -> None:
    await elsewhere.here.run(elsewhere.here.db.execute, "UPDATE follow SET state = 'paused'")
    await elsewhere.say()
    assert await elsewhere.follows() == {elsewhere.old: "paused"}


async def test_a_move_to_a_locked_account_here_waits_for_its_answer(fediverse, elsewhere: Elsewhere) -> None:
    """From elsewhere to an account on this very server, which decides who follows it."""
    ines = await fediverse.person(elsewhere.here, "ines")
    await elsewhere.here.run(actors.update_profile, elsewhere.here, ines.id, actors.ProfileChange(is_locked=True))
    await elsewhere.here.run(actors.add_alias, elsewhere.here, ines.id, elsewhere.old)
    assert await elsewhere.say(target=ines.uri) == ("done", None)
    assert await elsewhere.follows() == {ines.uri: "requested"}
    await elsewhere.here.run(actors.accept_follow, elsewhere.here, ines.id, elsewhere.maya.id)
    assert await elsewhere.follows() == {ines.uri: "accepted"}


OTHER_SPELLINGS = [
    [],
    ["https://old.example/u/somebody-else"],
    ["https://old.example/u/jo/"],
    ["https://old.example/u/jo#main-key"],
    ["https://old.example/u/jo?x=1"],
    ["https://OLD.example/u/jo"],
    ["https://old.example:443/u/jo"],
    ["https://old.example/u/JO"],
    ["https://old.example/u/%6Ao"],
    ["http://old.example/u/jo"],
    ["https://old.example.evil.example/u/jo"],
    ["https://old.example@new.example/u/jo"],
    ["acct:jo@old.example"],
    ["@jo@old.example"],
    [{"id": "https://new.example/u/jo", "alsoKnownAs": "https://old.example/u/jo"}],
]


@pytest.mark.parametrize("aliases", OTHER_SPELLINGS, ids=str)
@pytest.mark.parametrize("speaker", ["old", "new"])
async def test_s14_without_the_alias_of_the_new_account_nobody_is_carried_over(
    elsewhere: Elsewhere, aliases: list[object], speaker: str
) -> None:
    elsewhere.new_server.documents[elsewhere.new]["alsoKnownAs"] = aliases
    elsewhere.old_server.documents[elsewhere.old]["movedTo"] = elsewhere.new
    result, _ = await elsewhere.say(by=getattr(elsewhere, speaker))
    assert result == "refused"
    assert await elsewhere.follows() == {elsewhere.old: "accepted"}


async def test_s14_an_alias_that_was_there_once_does_not_count(elsewhere: Elsewhere) -> None:
    """The document is fetched at that moment, whatever we remember."""
    await elsewhere.here.run(actors.ensure_remote, elsewhere.here, elsewhere.new)
    del elsewhere.new_server.documents[elsewhere.new]["alsoKnownAs"]
    assert (await elsewhere.say())[0] == "refused"
    assert await elsewhere.follows() == {elsewhere.old: "accepted"}


async def test_s14_an_alias_given_since_counts(elsewhere: Elsewhere) -> None:
    del elsewhere.new_server.documents[elsewhere.new]["alsoKnownAs"]
    await elsewhere.here.run(actors.ensure_remote, elsewhere.here, elsewhere.new)
    elsewhere.new_server.documents[elsewhere.new]["alsoKnownAs"] = elsewhere.old
    assert (await elsewhere.say())[0] == "done"


@pytest.mark.parametrize("moved_to", [None, "https://new.example/u/somebody-else", "https://new.example/u/jo/", ""])
async def test_s14_the_word_of_the_new_account_alone_moves_nobody(elsewhere: Elsewhere, moved_to: str | None) -> None:
    """FEP-7628, pull mode: it is believed only after the old account's own server said the same."""
    if moved_to is not None:
        elsewhere.old_server.documents[elsewhere.old]["movedTo"] = moved_to
    assert (await elsewhere.say(by=elsewhere.new))[0] == "refused"
    assert await elsewhere.follows() == {elsewhere.old: "accepted"}


async def test_s14_the_new_account_may_say_it_when_the_old_one_says_it_at_home(elsewhere: Elsewhere) -> None:
    elsewhere.old_server.documents[elsewhere.old]["movedTo"] = elsewhere.new
    assert (await elsewhere.say(by=elsewhere.new)) == ("done", None)
    assert await elsewhere.follows() == {elsewhere.new: "requested"}


async def test_s14_while_the_old_server_is_away_the_word_of_the_new_account_waits(elsewhere: Elsewhere) -> None:
    elsewhere.old_server.documents[elsewhere.old]["movedTo"] = elsewhere.new
    elsewhere.fediverse.network.down.add("old.example")
    assert (await elsewhere.say(by=elsewhere.new))[0] is None
    assert await elsewhere.follows() == {elsewhere.old: "accepted"}
    elsewhere.fediverse.network.down.clear()
    elsewhere.fediverse.clock.advance(3600)
    await elsewhere.fediverse.settle()
    assert await elsewhere.follows() == {elsewhere.new: "requested"}


async def test_the_last_word_of_a_server_that_closes_is_enough_for_the_old_side(elsewhere: Elsewhere) -> None:
    """The signed Move is the old account's own word, also where its server does not answer any more."""
    elsewhere.fediverse.network.down.add("old.example")
    assert (await elsewhere.say()) == ("done", None)
    assert elsewhere.new in await elsewhere.follows()


async def test_s14_an_old_account_that_says_two_things_is_not_believed(elsewhere: Elsewhere) -> None:
    elsewhere.old_server.documents[elsewhere.old]["movedTo"] = "https://third.example/u/jo"
    assert (await elsewhere.say())[0] == "refused"
    assert await elsewhere.follows() == {elsewhere.old: "accepted"}


@pytest.mark.parametrize("where", ["old.example", "new.example", "third.example"])
async def test_s5_nobody_else_moves_somebody(elsewhere: Elsewhere, where: str) -> None:
    server = (
        Stranger(elsewhere.fediverse, "third.example")
        if where == "third.example"
        else (elsewhere.old_server if where == "old.example" else elsewhere.new_server)
    )
    mallory = server.actor("mallory")
    elsewhere.old_server.documents[elsewhere.old]["movedTo"] = elsewhere.new
    move = server.activity("Move", mallory, elsewhere.old)
    await server.send(elsewhere.here, move | {"target": elsewhere.new})
    await elsewhere.fediverse.settle()
    assert await elsewhere.follows() == {elsewhere.old: "accepted"}


async def test_s14_followers_stay_put_for_seven_days_after_a_move(elsewhere: Elsewhere) -> None:
    assert (await elsewhere.say())[0] == "done"
    third = Stranger(elsewhere.fediverse, "third.example")
    newest = third.actor("jo", alsoKnownAs=[elsewhere.old])
    ines = await elsewhere.fediverse.person(elsewhere.here, "ines")
    old = await elsewhere.here.run(Actor.get, uri=elsewhere.old)
    await make_follow(elsewhere.here, ines.id, old.id)
    elsewhere.fediverse.clock.advance(7 * DAY - 60)
    assert (await elsewhere.say(target=newest))[0] == "ignored"
    assert await elsewhere.here.run(Follow.exists, follower_id=ines.id, target_id=old.id)
    elsewhere.fediverse.clock.advance(120)
    assert (await elsewhere.say(target=newest))[0] == "done"
    assert not await elsewhere.here.run(Follow.exists, follower_id=ines.id, target_id=old.id)


@pytest.mark.parametrize("host", ["old.example", "new.example"])
async def test_s17_a_move_from_or_to_a_blocked_server_carries_nobody_over(elsewhere: Elsewhere, host: str) -> None:
    await elsewhere.here.run(peers.set_grade, elsewhere.here, host, "blocked", by="test")
    await elsewhere.say()
    assert elsewhere.new not in await elsewhere.follows()


@pytest.mark.parametrize("kind", ["suspended", "moved on", "a group"])
async def test_nobody_is_carried_over_to_an_account_that_cannot_be_followed(elsewhere: Elsewhere, kind: str) -> None:
    new = await elsewhere.here.run(actors.ensure_remote, elsewhere.here, elsewhere.new)
    if kind == "suspended":
        await elsewhere.here.run(actors.suspend, elsewhere.here, new.id, "test")
    elif kind == "moved on":
        elsewhere.new_server.documents[elsewhere.new]["movedTo"] = elsewhere.old
    else:
        elsewhere.new_server.documents[elsewhere.new]["type"] = "Group"
    assert (await elsewhere.say())[0] == "refused"
    assert await elsewhere.follows() == {elsewhere.old: "accepted"}


async def test_a_profile_that_only_claims_to_have_moved_is_shown_as_a_claim(elsewhere: Elsewhere) -> None:
    """S10: nobody becomes somebody else by saying so."""
    famous = elsewhere.new_server.actor("famous")
    elsewhere.old_server.documents[elsewhere.old]["movedTo"] = famous
    await elsewhere.here.run(actors.ensure_remote, elsewhere.here, famous)
    await elsewhere.here.run(actors.ensure_remote, elsewhere.here, elsewhere.old, refresh=True)
    async with elsewhere.fediverse.client(elsewhere.here, elsewhere.maya) as browser:
        profile = (await browser.get("/@jo@old.example")).text
    assert "the other account does not say so" in profile
    assert "/@famous@new.example" not in profile


async def test_s22_a_move_costs_a_handful_of_fetches_however_many_follow(elsewhere: Elsewhere) -> None:
    old = await elsewhere.here.run(Actor.get, uri=elsewhere.old)
    keys = await actors.new_keys()
    for number in range(60):  # more than one job takes at once
        person = await elsewhere.here.run(
            actors.create_local, elsewhere.here, kind="Person", username=f"p{number}", name="P", keys=keys
        )
        await make_follow(elsewhere.here, person.id, old.id)
    before = elsewhere.fediverse.network.count("GET", "https://")
    await elsewhere.say()
    assert elsewhere.fediverse.network.count("GET", "https://") - before <= 8
    left = await elsewhere.here.run(
        elsewhere.here.db.value, "SELECT count(*) AS n FROM follow WHERE target_id = :old", old=old.id
    )
    assert left == 0


# Moving away


@pytest.fixture
async def three(fediverse: Fediverse) -> tuple[Person, Person, Person, Person]:
    """Maya at Alder, Ines at Alder and Tom at Birch follow her; her new account is at Cedar."""
    alder = await fediverse.start("alder.example")
    maya, ines = await fediverse.person(alder, "maya"), await fediverse.person(alder, "ines")
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    new = await fediverse.person(await fediverse.start("cedar.example"), "maya")
    for follower in (ines, tom):
        await follow(follower, maya)
    await fediverse.settle()
    return maya, ines, tom, new


async def move(fediverse: Fediverse, maya: Person, new: Person) -> None:
    await new.do(_alias, maya)
    await maya.do(accounts.move_own_account, f"@{new.viewer.handle.lstrip('@')}@{new.here.settings.domain}")
    await fediverse.settle()


async def _alias(here: Instance, viewer: object, other: Person) -> None:
    await actors.add_alias(here, str(viewer.actor_id), other.uri)


async def targets(person: Person) -> dict[str, str]:
    rows = await person.here.run(
        person.here.db.rows,
        "SELECT actor.uri, follow.state FROM follow JOIN actor ON actor.id = follow.target_id"
        " WHERE follow.follower_id = :me",
        me=person.id,
    )
    return {row["uri"]: row["state"] for row in rows}


async def test_m7_followers_on_all_servers_go_along_to_the_new_account(fediverse, three) -> None:
    maya, ines, tom, new = three
    await move(fediverse, maya, new)
    assert await targets(ines) == {new.uri: "accepted"}
    assert await targets(tom) == {new.uri: "accepted"}
    post = await write(new, "From my new desk")
    await fediverse.settle()
    for person in (ines, tom):
        assert await found(person.here, post.uri) is not None
    _, body, _ = await document(fediverse, maya.here, maya.uri)
    assert body["movedTo"] == new.uri
    _, body, _ = await document(fediverse, new.here, new.uri)
    assert body["alsoKnownAs"] == [maya.uri]
    row = await maya.here.run(maya.here.db.row, "SELECT uri FROM sent_activity WHERE uri LIKE '%/ap/a/move/%'")
    status, body, _ = await document(fediverse, maya.here, row["uri"])
    assert (status, body["type"], body["object"], body["target"]) == (200, "Move", maya.uri, new.uri)
    assert body["proof"]["type"] == "DataIntegrityProof"


async def test_who_has_moved_neither_writes_nor_follows_nor_is_followed(fediverse, three) -> None:
    maya, ines, tom, new = three
    post = await write(ines)
    await move(fediverse, maya, new)
    with pytest.raises(NotAllowed):
        await write(maya)
    with pytest.raises(NotAllowed):
        await write(maya, "An answer", kind="reply", parent_id=post.id)
    with pytest.raises(NotAllowed):
        await maya.do(posts.boost_post, post.id)
    with pytest.raises(NotAllowed):
        await maya.do(
            discussions.start,
            discussions.ThreadForm(kind="discussion", title="Hello", text="Hello", visibility="public"),
        )
    with pytest.raises(NotAllowed):
        await maya.here.run(actors.request_follow, maya.here, maya.id, ines.id)
    with pytest.raises(NotAllowed):
        await ines.here.run(actors.request_follow, ines.here, ines.id, maya.id)
    stranger = Stranger(fediverse, "elsewhere.example")
    somebody = stranger.actor("somebody")
    await stranger.send(maya.here, stranger.activity("Follow", somebody, maya.uri))
    await fediverse.settle()
    assert [sent["type"] for sent in stranger.received] == ["Reject"]
    assert (await maya.here.run(Actor.get, id=maya.id)).followers_count == 0
    assert await targets(tom) == {new.uri: "accepted"}


async def test_m7_a_move_can_be_taken_back_and_the_next_one_has_to_wait(fediverse, three) -> None:
    maya, ines, _, new = three
    await move(fediverse, maya, new)
    await maya.here.run(actors.undo_move, maya.here, maya.id)
    await fediverse.settle()
    _, body, _ = await document(fediverse, maya.here, maya.uri)
    assert "movedTo" not in body
    assert (await write(maya, "Back again")).state == "visible"
    assert await targets(ines) == {new.uri: "accepted"}
    with pytest.raises(Invalid, match="again after 22 January 2026"):
        await maya.do(accounts.move_own_account, "@maya@cedar.example")
    fediverse.clock.advance(7 * DAY + 1)
    await maya.do(accounts.move_own_account, "@maya@cedar.example")


async def test_s14_nobody_moves_away_without_the_alias_of_the_new_account(fediverse, three) -> None:
    maya, _, tom, new = three
    with pytest.raises(Invalid, match="aliases of the new account") as refusal:
        await maya.do(accounts.move_own_account, "@maya@cedar.example")
    assert refusal.value.field == "target"
    await new.do(_alias, maya)
    await new.here.run(actors.remove_alias, new.here, new.id, maya.uri)
    with pytest.raises(Invalid):
        await maya.do(accounts.move_own_account, "@maya@cedar.example")
    await fediverse.settle()
    assert await targets(tom) == {maya.uri: "accepted"}


async def test_s28_nobody_moves_away_without_a_fresh_proof(fediverse, three) -> None:
    maya, _, _, new = three
    await new.do(_alias, maya)
    for until in (None, fediverse.clock.now()):
        stale = replace(maya.viewer, proven_until=until)
        with pytest.raises(accounts.ProofNeeded):
            await maya.here.run(accounts.move_own_account, maya.here, stale, "@maya@cedar.example")
    assert (await maya.here.run(Actor.get, id=maya.id)).moved_to is None


async def test_the_page_moves_and_takes_back_without_javascript(fediverse, three) -> None:
    maya, _, tom, new = three
    async with fediverse.client(new.here, new) as browser:
        answer = await browser.post("/settings/move/aliases", data={"alias": "@nobody@alder.example"})
        assert answer.status_code == 422
        assert "@nobody@alder.example" in answer.text
        assert (await browser.post("/settings/move/aliases", data={"alias": "@maya@alder.example"})).status_code == 303
        assert "/@maya@alder.example" in (await browser.get("/settings/move")).text
    async with fediverse.client(maya.here, maya) as browser:
        form = {"target": "@maya@cedar.example"}
        answer = await browser.post("/settings/move", data=form)
        assert (answer.status_code, "Tick that you understand" in answer.text) == (422, True)
        assert "@maya@cedar.example" in answer.text
        answer = await browser.post("/settings/move", data=form | {"understood": "1"})
        assert answer.status_code == 303
        await fediverse.settle()
        assert "You have moved" in (await browser.get("/settings/move")).text
        assert "This person has moved" in (await browser.get("/@maya")).text
        assert (await browser.post("/settings/move/undo")).status_code == 303
        assert "You moved a short while ago" in (await browser.get("/settings/move")).text
        assert "This person has moved" not in (await browser.get("/@maya")).text
    assert await targets(tom) == {new.uri: "accepted"}
    async with fediverse.client(new.here, new) as browser:
        assert (await browser.post("/settings/move/aliases/remove", data={"uri": maya.uri})).status_code == 303
        assert "/@maya@alder.example" not in (await browser.get("/settings/move")).text


async def test_s30_aliases_and_moves_are_of_whoever_is_signed_in(fediverse, three) -> None:
    maya, *_ = three
    async with fediverse.client(maya.here) as browser:
        for path in (
            "/settings/move",
            "/settings/move/undo",
            "/settings/move/aliases",
            "/settings/move/aliases/remove",
        ):
            answer = await browser.post(path, data={"alias": "@tom@birch.example"})
            assert answer.headers["location"].startswith("/sign-in")
        assert (await browser.get("/settings/move")).headers["location"].startswith("/sign-in")
