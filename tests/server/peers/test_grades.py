"""What each grade does in each mode, both ways (S17): the table of `server.peers.policy` and what really happens."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from federation.errors import FederationError
from federation.signatures import cavage
from federation.testing import make_signer
from federation.vocab.base import PUBLIC
from server.actors import actions as actors
from server.actors import queries as actor_queries
from server.actors.models import Actor, Follow
from server.actors.viewer import ANONYMOUS
from server.communities import directory
from server.errors import NotAllowed, NotFound
from server.fediverse import actions as held
from server.fediverse import waiting as queues
from server.fediverse.models import InboxReceipt
from server.media import remote as pictures
from server.notifications import queries as notifications
from server.peers import actions, policy, queries
from server.posts import actions as posts
from server.posts import queries as post_queries
from server.search import queries as search
from server.timelines import queries as timelines
from tests.conftest import Fediverse, Person
from tests.posting import Stranger, community, document, found, join, outcome, reply, sees, write

HOST = "elsewhere.example"
MODES = ("closed", "consortium", "careful", "open")

# Said a second time, in other words than the code: nothing passes when blocked, in closed mode, or unknown to a
# consortium.
TALKS = {(mode, grade) for mode in MODES[1:] for grade in policy.GRADES if grade != policy.BLOCKED}
TALKS |= {("careful", "unknown"), ("open", "unknown")}
# What is added to the vocabulary later waits, unless somebody decides that it must not.
NEVER_WAITS = {"Accept", "Block", "Delete", "Flag", "Ignore", "Leave", "Reject", "Remove", "Resolve", "Undo"}


class Met:
    """Maya here; Tom on a stranger's server, with follows both ways; and Maya's community with a post in it."""

    def __init__(self, fediverse: Fediverse, here: Any, maya: Person, stranger: Stranger) -> None:
        self.fediverse, self.here, self.maya, self.stranger = fediverse, here, maya, stranger
        self.tom = ""
        self.tom_id = ""

    async def grade(self, grade: str, mode: str = "open", host: str = HOST) -> None:
        if grade != "unknown":
            await self.here.run(actions.set_grade, self.here, host, grade, "@ana")
        for process in self.fediverse.everywhere(self.here):
            process.settings = replace(process.settings, federation=mode)
            queries.grades(process).effects.clear()
        self.fediverse.network.log.clear()
        self.stranger.received.clear()

    def requests(self) -> list[str]:
        return [url for _, url, _ in self.fediverse.network.log if httpx.URL(url).host.endswith(HOST)]

    async def rows(self) -> dict[str, list[Any]]:
        """Everything that somebody could notice."""
        tables = ("follow", "membership", "post", "post_like", "boost", "notification", "timeline_entry", "tombstone")
        return {
            table: await self.here.run(self.here.db.rows, f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables
        }


@pytest.fixture
async def met(fediverse: Fediverse) -> Met:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    stranger = Stranger(fediverse, HOST)
    found = Met(fediverse, here, maya, stranger)
    found.tom = stranger.actor("tom", icon={"type": "Image", "url": "https://cdn.example/tom.png"})
    await stranger.send(here, stranger.activity("Follow", found.tom, maya.uri))
    await fediverse.settle()
    tom = await here.run(actors.resolve, here, found.tom)
    await here.run(actors.request_follow, here, maya.id, tom.id)
    follow = await here.run(Follow.get, follower_id=maya.id)
    await stranger.send(here, stranger.activity("Accept", found.tom, follow.uri))
    await fediverse.settle()
    found.tom_id = tom.id
    return found


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("grade", [*policy.GRADES, "unknown"])
async def test_s17_every_verb_and_every_way_out_under_every_grade_and_mode(met: Met, grade: str, mode: str) -> None:
    here, maya, stranger = met.here, met.maya, met.stranger
    sam = await met.fediverse.person(here, "sam")
    post = await write(maya, "One of ours")
    await met.fediverse.settle()
    await met.grade(grade, mode)
    talks = (mode, grade) in TALKS
    assert (queries.may_receive(here, HOST), queries.may_send(here, HOST)) == (talks, talks)

    # In: whatever is handled here, whoever adds a handler later.
    before = await met.rows()
    verbs = sorted({kind for kind, _ in here.engine.dispatcher.registered} - {"Create"})
    for verb in verbs:
        # Who is blocked is told nothing any more, so that it must not be Maya, who tells something below.
        about = {"Block": sam.uri, "Move": met.tom, "Follow": maya.uri, "Flag": maya.uri}.get(verb, post.uri)
        activity = stranger.activity(verb, met.tom, about, path=f"a/{verb.lower()}", to=[maya.uri])
        status = await stranger.send(here, activity)
        await met.fediverse.settle()
        what, _ = await outcome(here, activity["id"])
        if not talks:
            assert (status, what) == (403, None), verb
        elif grade == "held" and verb not in NEVER_WAITS:
            assert (status, what) == (202, "held"), verb
        else:
            assert status == 202, verb
            assert what in {"done", "ignored", "refused"}, verb
    if not talks:
        assert await met.rows() == before

    # Posts are taken in and wait as posts, because a steward wants to read them.
    note = await stranger.create(met.fediverse, here, met.tom, "p/new")
    arrived = await found(here, note)
    state = None if arrived is None else arrived.state
    assert state == (None if not talks else "held" if grade == "held" else "visible")

    # Out.
    met.fediverse.network.log.clear()
    stranger.received.clear()
    told = await write(maya, "Another one")
    await met.fediverse.settle()
    assert bool(stranger.received) == talks, told.uri
    if not talks:
        for attempt in (here.engine.fetch(met.tom), here.engine.resolve_handle(f"tom@{HOST}"),
                        here.engine.raw_get(f"https://{HOST}/tom.png")):  # fmt: skip
            with pytest.raises(FederationError):
                await attempt
        for action in (actors.resolve(here, f"@tom@{HOST}"), actors.resolve(here, met.tom)):
            with pytest.raises(NotFound):
                await here.run(lambda it=action: it)
        assert met.requests() == []
    shows_pictures = talks and grade != "no_media"
    address = f"https://{HOST}/a.png"
    assert (pictures.media_url(here, address) is not None) == shows_pictures
    page = await here.run(actor_queries.actor_page, here, met.tom_id)
    # It lies on another host than its owner, which a consortium does not know either.
    assert (page.label.avatar_url is not None) == (shows_pictures and mode != "consortium")

    # What is asked of us.
    key = make_signer(met.tom)
    signed = cavage.headers(
        "GET", "alder.example", f"/ap/p/{post.id}", body=None, key_id=key.rsa_key_id, key=key.rsa_key,
        now=met.fediverse.clock.now(),
    )  # fmt: skip
    assert (await document(met.fediverse, here, post.uri, headers=signed))[0] == (200 if talks else 403)
    agent = {"user-agent": f"Mastodon/4.5 (http.rb; +https://{HOST}/)", "accept": "application/json"}
    finger = "/.well-known/webfinger?resource=acct:maya@alder.example"
    for address in (finger, "/.well-known/nodeinfo", "/nodeinfo/2.1", f"/ap/p/{post.id}"):
        async with met.fediverse.client(here) as client:
            answer = await client.get(address, headers=agent)
        assert answer.status_code == (200 if talks else 403), address


@pytest.mark.parametrize("grade", policy.GRADES)
def test_the_table_of_effects_is_the_one_in_the_documents(grade: str) -> None:
    """See also `tests/project`: FEDERATION.md shows the table as the code has it."""
    line = policy.OF_GRADE[grade]
    assert line.receives == line.sends == line.shown == (grade != "blocked")
    assert line.media == (grade not in {"blocked", "no_media"})
    assert line.found == line.strangers_notify == (grade not in {"blocked", "limited"})
    assert line.is_network == (grade == "trusted")


async def test_s17_a_block_cancels_what_waits_and_sends_nothing_late(met: Met) -> None:
    met.fediverse.network.down.add(HOST)
    await write(met.maya, "While they are away")
    await met.fediverse.settle()
    assert (await met.here.run(queries.peer, met.here, HOST)).is_behind
    await met.grade("blocked")
    assert not (await met.here.run(queries.peer, met.here, HOST)).is_behind
    await write(met.maya, "While they are blocked")
    await met.fediverse.settle()
    await met.here.run(actions.undo_grade, met.here, HOST, "@ana")
    met.fediverse.network.down.clear()
    for _ in range(3):
        met.fediverse.clock.advance(7200)
        await met.fediverse.settle()
    assert [item for item in met.stranger.received if item["type"] == "Create"] == []
    await write(met.maya, "Afterwards")
    await met.fediverse.settle()
    (sent,) = [item for item in met.stranger.received if item["type"] == "Create"]
    assert "Afterwards" in sent["object"]["content"]


async def test_s17_what_arrived_before_the_block_has_no_effect_after_it(met: Met) -> None:
    activity = met.stranger.activity("Create", met.tom, met.stranger.note(met.tom, "p/queued"))
    assert await met.stranger.send(met.here, activity) == 202
    await met.grade("blocked")
    await met.fediverse.settle()
    assert (await outcome(met.here, activity["id"]))[0] == "refused"
    assert await found(met.here, activity["object"]["id"]) is None


async def test_s17_copies_of_a_blocked_server_are_hidden_and_come_back_with_the_follows(met: Met) -> None:
    note = await met.stranger.create(met.fediverse, met.here, met.tom, "p/1", "<p>zebra</p>")
    for person in (met.maya, met.here):
        assert await sees(person, note) is not None
    await met.grade("blocked")
    for person in (met.maya, met.here):
        assert await sees(person, note) is None
    assert (await met.here.run(timelines.home, met.here, met.maya.viewer)).items == []
    assert (await met.here.run(search.search_posts, met.here, met.maya.viewer, "zebra")).posts == []
    assert await met.here.run(actor_queries.person_by_handle, met.here, f"tom@{HOST}") is None
    assert await met.here.run(actor_queries.following, met.here, met.maya.id) == []
    assert (await met.here.run(search.search_actors, met.here, "tom", kind="Person")).actors == []
    met.fediverse.clock.advance(29 * 86400)
    await met.here.run(actions.undo_grade, met.here, HOST, "@ana")
    assert await sees(met.maya, note) is not None
    states = await met.here.run(lambda: Follow.all().values_list("state", flat=True))
    assert list(states) == ["accepted", "accepted"]


async def test_s27_copies_are_erased_after_thirty_days_of_a_block_and_not_before(met: Met) -> None:
    note = await met.stranger.create(met.fediverse, met.here, met.tom, "p/1", "<p>zebra</p>")
    answered = await met.stranger.create(met.fediverse, met.here, met.tom, "p/2", "<p>gnu</p>")
    await reply(met.maya, await found(met.here, answered))
    await met.grade("blocked", host="elsewhere.example")
    met.fediverse.clock.advance(29 * 86400)
    await met.fediverse.settle()
    assert "zebra" in (await found(met.here, note)).content_html
    met.fediverse.clock.advance(2 * 86400)
    await met.fediverse.settle()
    assert await found(met.here, note) is None
    left = await found(met.here, answered)
    assert (left.state, left.content_html) == ("deleted", "")
    tom = await met.here.run(Actor.get, uri=met.tom)
    assert (tom.name, tom.avatar_url, tom.deleted_at) == ("", None, None)
    with pytest.raises(NotAllowed):
        await met.here.run(actions.undo_grade, met.here, HOST, "@ana")
    await met.here.run(actions.forget, met.here, HOST, "@ana")
    await met.stranger.send(met.here, met.stranger.activity("Create", met.tom, met.stranger.documents[note], path="a"))
    await met.fediverse.settle()
    assert await sees(met.maya, note) is not None, "afterwards they may come again"


async def test_people_of_a_limited_server_are_seen_by_their_followers_alone(met: Met) -> None:
    ben = await met.fediverse.person(met.here, "ben")
    await met.grade("limited")
    note = await met.stranger.create(met.fediverse, met.here, met.tom, "p/1", "<p>zebra</p>", indexable=True)
    await met.here.run(lambda: Actor.filter(uri=met.tom).update(indexable=True, discoverable=True))
    for person, expected in ((met.maya, [note]), (ben, [])):
        listed = await met.here.run(post_queries.listing, met.here, person.viewer)
        assert [post.uri for post in listed.items] == expected
        hits = await met.here.run(search.search_posts, met.here, person.viewer, "zebra")
        assert [post.uri for post in hits.posts] == expected
    assert (await met.here.run(post_queries.listing, met.here, ANONYMOUS)).items == []
    assert (await met.here.run(search.search_actors, met.here, "tom", kind="Person")).actors == []
    # Its page and its posts are still there for whoever has the address.
    assert await met.here.run(actor_queries.person_by_handle, met.here, f"tom@{HOST}") is not None
    assert await sees(ben, note) is not None


async def test_strangers_of_a_limited_server_notify_nobody(met: Met) -> None:
    ben = await met.fediverse.person(met.here, "ben")
    await met.grade("limited")
    for person in (met.maya, ben):
        post = await write(person, "Ours")
        await met.stranger.send(met.here, met.stranger.activity("Like", met.tom, post.uri))
        name = person.viewer.handle.lstrip("@")
        tag = [{"type": "Mention", "href": person.uri, "name": f"@{name}@alder.example"}]
        await met.stranger.create(met.fediverse, met.here, met.tom, f"p/{name}", inReplyTo=post.uri, tag=tag)
    kinds = {}
    for person in (met.maya, ben):
        page = await met.here.run(notifications.page, met.here, person.viewer, only_new=True)
        kinds[person] = {line.kind for group in page.groups for line in group.lines} - {"follow", "accepted"}
    assert kinds == {met.maya: {"like", "reply"}, ben: set()}


async def test_the_queue_of_a_held_server_is_emptied_by_stewards(met: Met) -> None:
    post = await write(met.maya, "Ours")
    await met.grade("held")
    likes = [met.stranger.activity("Like", met.tom, post.uri, path=f"l/{number}") for number in range(2)]
    for like in likes:
        await met.stranger.send(met.here, like)
    await met.fediverse.settle()
    stella = await met.fediverse.person(met.here, "stella", role="steward")
    assert await met.here.run(queues.held_items, met.here, met.maya.viewer) == []
    items = await stella.do(queues.held_items)
    assert [(item.kind, item.actor, item.about) for item in items] == [("Like", met.tom, post.uri)] * 2
    with pytest.raises(NotAllowed):
        await met.maya.do(held.let_in, items[0].seq)
    async with met.fediverse.client(met.here, met.maya) as browser:
        assert (await browser.get("/held")).status_code == 404
    async with met.fediverse.client(met.here, stella) as browser:
        page = await browser.get("/held")
        assert met.tom in page.text
        await browser.post(f"/held/items/{items[0].seq}", data={"decision": "accept"})
        await browser.post(f"/held/items/{items[1].seq}", data={"decision": "decline"})
        assert (await browser.post(f"/held/items/{items[1].seq}", data={"decision": "accept"})).status_code == 404
    await met.fediverse.settle()
    assert [(await outcome(met.here, like["id"]))[0] for like in likes] == ["done", "refused"]
    assert (await found(met.here, post.uri)).likes_count == 1
    note = await met.stranger.create(met.fediverse, met.here, met.tom, "p/1")
    kept = await found(met.here, note)
    async with met.fediverse.client(met.here, stella) as browser:
        await browser.post(f"/held/posts/{kept.id}", data={"decision": "accept"})
    assert (await sees(met.maya, note)).state == "visible"
    # What is taken away does not wait.
    await met.stranger.send(met.here, met.stranger.activity("Delete", met.tom, note))
    await met.fediverse.settle()
    assert (await found(met.here, note)).state == "deleted"


async def test_held_items_that_nobody_wants_are_forgotten_after_a_month(met: Met) -> None:
    await met.grade("held")
    await met.stranger.send(met.here, met.stranger.activity("Like", met.tom, met.maya.uri))
    await met.fediverse.settle()
    for days, left in ((20, 1), (11, 0)):
        met.fediverse.clock.advance(days * 86400)
        await met.fediverse.settle()
        assert await met.here.run(lambda: InboxReceipt.filter(outcome="held").count()) == left


async def test_a_grade_given_by_another_process_counts_within_seconds(met: Met) -> None:
    """Web and worker are processes of their own: what one writes, the other reads again after five seconds."""
    await met.here.run(
        met.here.db.execute,
        "UPDATE peer SET grade = 'blocked', graded_at = :now WHERE host = :host",
        now=met.fediverse.clock.now(),
        host=HOST,
    )
    like = met.stranger.activity("Like", met.tom, met.maya.uri)
    met.fediverse.clock.advance(6)
    assert await met.stranger.send(met.here, like) == 403
    await met.here.run(met.here.db.execute, "UPDATE peer SET grade = 'normal' WHERE host = :host", host=HOST)
    met.fediverse.clock.advance(6)
    await met.here.run(met.here.worker.run_until_idle)
    assert queries.may_send(met.here, HOST)
    counted: list[str] = []
    rows = met.here.db.rows

    async def counting(statement: str, **values: Any) -> Any:
        counted.append(statement)
        return await rows(statement, **values)

    met.here.db.rows = counting  # type: ignore[method-assign]
    try:
        for _ in range(5):
            await met.here.run(met.here.refresh)
    finally:
        met.here.db.rows = rows  # type: ignore[method-assign]
    assert counted == [], "not a query per request"


async def test_what_a_block_would_do_is_said_before_it_is_done(met: Met) -> None:
    ana = await met.fediverse.person(met.here, "ana", role="admin")
    group = await community(met.maya)
    await met.stranger.send(met.here, met.stranger.activity("Join", met.tom, group.uri))
    await met.stranger.create(met.fediverse, met.here, met.tom, "p/1")
    change = await met.here.run(queries.consequences, met.here, HOST, "blocked")
    assert (change.members, change.communities, change.followed, change.followers, change.copies) == (1, 1, 1, 1, 1)
    assert change.hurts
    async with met.fediverse.client(met.here, ana) as browser:
        page = await browser.post(f"/admin/servers/{HOST}", data={"grade": "blocked", "note": "spam"})
        assert "One member of your communities would be cut off." in page.text
        assert "spam" in page.text
        assert queries.grade_of(met.here, HOST) == "normal"
        # Choosing another one than was shown is not confirmed by the same button.
        page = await browser.post(f"/admin/servers/{HOST}", data={"grade": "blocked", "confirmed": "limited"})
        assert page.status_code == 200
        assert queries.grade_of(met.here, HOST) == "normal"
        page = await browser.post(f"/admin/servers/{HOST}", data={"grade": "held", "dry_run": "yes"})
        assert "Everything from there would wait for a steward." in page.text
        assert queries.grade_of(met.here, HOST) == "normal"
        done = await browser.post(f"/admin/servers/{HOST}", data={"grade": "blocked", "confirmed": "blocked"})
        assert done.status_code == 303
    assert queries.grade_of(met.here, HOST) == "blocked"


async def test_a_community_there_is_not_found_when_its_server_is_blocked(met: Met) -> None:
    birch = await met.fediverse.start("birch.example")
    bruno = await met.fediverse.person(birch, "bruno")
    group = await community(bruno)
    await join(met.maya, group)
    await met.fediverse.settle()
    for process in met.fediverse.everywhere(met.here):
        process.settings = replace(process.settings, federation="open")
    assert len(await met.here.run(directory.directory, met.here, met.maya.viewer, elsewhere=True)) == 1
    await met.here.run(actions.set_grade, met.here, "birch.example", "blocked", "@ana")
    assert await met.here.run(directory.directory, met.here, met.maya.viewer, elsewhere=True) == []
    with pytest.raises(NotFound):
        await write(met.maya, "Into the void", community_id=(await met.here.run(Actor.get, uri=group.uri)).id)


async def test_a_post_passed_on_by_somebody_normal_is_still_limited(met: Met) -> None:
    """Whom one follows may pass on what a limited server wrote; only who follows the author sees it."""
    ben = await met.fediverse.person(met.here, "ben")
    await met.here.run(actors.request_follow, met.here, ben.id, met.maya.id)
    note = await met.stranger.create(met.fediverse, met.here, met.tom, "p/1", to=[PUBLIC])
    post = await found(met.here, note)
    await met.maya.do(posts.boost_post, post.id)
    assert len((await met.here.run(timelines.home, met.here, ben.viewer)).items) == 1
    await met.grade("limited")
    assert (await met.here.run(timelines.home, met.here, ben.viewer)).items == []
