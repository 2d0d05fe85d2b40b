"""What else becomes of reports across servers: lies, audiences, changes, hashtags, and clocks (W1)."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from federation.vocab.base import timestamp
from server.actors.actions import resolve
from server.actors.removal import suspend
from server.errors import NotAllowed, NotFound
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.tries import actions, queries
from server.tries.bands import Bands
from server.tries.form import TryForm
from server.tries.wire import Counts, read_trials, trials
from tests.posting import Stranger, community, document, follow, found, join, reply, sees

PRACTICE = PracticeForm(
    title="Exit tickets",
    promise="You see where to begin.",
    steps=("Ask one question.", "Sort the strips."),
    would_change="Fewer questions.",
    visibility="public",
)
WELL = TryForm(outcome="worked", context=Bands(level="lower-secondary", size="21-30"))
CHANGED = TryForm(
    outcome="worked-with-changes",
    context=Bands(subject="sciences", level="adults", size="11-20", minutes="20", setting="library"),
    steps=(2,),
    changed="Baskets instead of <chairs>.",
    saw="Nobody left early.",
    may_contact=True,
)


@pytest.fixture
async def three(fediverse):
    """Maya at Alder shares a practice in her community; Tom at Birch is a member, and so is Ada at Cedar."""
    people = []
    for domain, name in (("alder.example", "maya"), ("birch.example", "tom"), ("cedar.example", "ada")):
        people.append(await fediverse.person(await fediverse.start(domain), name))
    group = await community(people[0], "science")
    for person in people[1:]:
        await join(person, group)
        await follow(person, people[0])
    await fediverse.settle()
    post = await people[0].do(practices.share, PRACTICE)
    await fediverse.settle()
    return [*people, post]


async def tried(person, uri, form=WELL):
    """Say how it went, where the practice has come to."""
    return await person.do(actions.report, (await found(person.here, uri)).id, form)


async def counted(person, uri):
    """How often it was tried, as the page of somebody says."""
    seen = await person.do(queries.where_it_worked, await sees(person, uri))
    return seen.counts.total, seen.counts.by_outcome(), seen.counts.organisations


async def test_s5_counts_are_believed_from_the_practices_own_server_alone(fediverse, three):
    maya, tom, _, practice = three
    stranger = Stranger(fediverse, "mallory.example")
    mallory = stranger.actor("mallory")
    copy = (await document(fediverse, maya.here, practice.uri))[1]
    many = Counts({("worked", Bands()): 900})
    lie = trials("https://mallory.example/trials", practice.uri, many, fediverse.clock.now())
    fediverse.watch.let_deliveries_pass()
    await stranger.send(tom.here, stranger.activity("Update", mallory, copy | {"trials": lie}))
    await fediverse.settle()
    assert (await counted(tom, practice.uri))[0] == 0
    assert read_trials(lie, practice.uri) is None
    assert read_trials(lie | {"id": f"{practice.uri}/trials"}, "https://alder.example/ap/p/other").counts is None


async def test_nobody_reports_on_a_version_that_is_not_written_yet(fediverse, three):
    maya, _, _, practice = three
    stranger = Stranger(fediverse, "school.example")
    olga = stranger.actor("olga")
    fediverse.watch.let_deliveries_pass()
    for number in (7, 8):
        said = wire() | {"ph:practiceVersion": str(number)}
        await stranger.create(fediverse, maya.here, olga, f"n/{number}", inReplyTo=practice.uri, triedIt=said)
    assert (await counted(maya, practice.uri))[0] == 1


async def test_a_report_can_be_changed_for_thirty_days(fediverse, three):
    maya, tom, _, practice = three
    sent = await tried(tom, practice.uri)
    await fediverse.settle()
    fediverse.clock.advance(86_400 * 29)
    await tom.do(actions.change, sent.id, replace(WELL, outcome="stopped-early"))
    await fediverse.settle()
    assert (await counted(maya, practice.uri))[1]["stopped-early"] == 1
    fediverse.clock.advance(86_400 * 2)
    with pytest.raises(NotAllowed, match="thirty days"):
        await tom.do(actions.change, sent.id, WELL)
    stranger = Stranger(fediverse, "school.example")
    olga = stranger.actor("olga")
    fediverse.watch.let_deliveries_pass()
    now = timestamp(fediverse.clock.now())
    await stranger.create(fediverse, maya.here, olga, "n/1", inReplyTo=practice.uri, triedIt=wire(), published=now)
    fediverse.clock.advance(86_400 * 31)
    later = stranger.documents[stranger.uri("n/1")] | {
        "triedIt": wire(outcome="did-not-work"),
        "content": "<p>No.</p>",
        "updated": timestamp(fediverse.clock.now()),
    }
    await stranger.send(maya.here, stranger.activity("Update", olga, later))
    await fediverse.settle()
    assert (await counted(maya, practice.uri))[1]["did-not-work"] == 0


async def test_s15_what_members_tried_stays_among_them(fediverse, three):
    maya, tom, ada, _ = three
    group = await community(maya, "staff", visibility="members")
    await join(tom, group)
    await fediverse.settle()
    form = replace(PRACTICE, visibility="members", community_id=group.id)
    practice = await maya.do(practices.share, form)
    await fediverse.settle()
    sent = await tried(tom, practice.uri)
    await fediverse.settle()
    assert sent.visibility == "members"
    assert (await counted(maya, practice.uri))[0] == 1
    assert await found(ada.here, sent.uri) is None
    assert (await document(fediverse, maya.here, f"{practice.uri}/trials"))[0] == 404
    assert (await document(fediverse, tom.here, sent.uri))[0] == 404
    with pytest.raises(NotFound):
        await ada.do(actions.report, practice.id, WELL)


async def test_s15_what_followers_tried_is_for_the_author(fediverse, three):
    maya, tom, ada, _ = three
    practice = await maya.do(practices.share, replace(PRACTICE, visibility="followers"))
    await fediverse.settle()
    sent = await tried(tom, practice.uri)
    await fediverse.settle()
    assert sent.visibility == "direct"
    assert await found(ada.here, sent.uri) is None
    assert (await counted(maya, practice.uri))[0] == 1
    assert (await counted(ada, practice.uri))[0] == 0


async def test_s15_the_title_of_a_practice_calls_nobody_in_a_report_or_its_answer(fediverse, three):
    maya, tom, ada, _ = three
    practice = await maya.do(
        practices.share, replace(PRACTICE, title=f"Ask @ada@{ada.here.settings.domain} *and* #all")
    )
    await fediverse.settle()
    sent = await tried(tom, practice.uri)
    assert "I tried “Ask @ada@cedar.example *and* #all”: it worked as it is." in sent.content_html
    named = "SELECT actor.username FROM post_mention JOIN actor ON actor.id = post_mention.actor_id WHERE post_id = :id"
    assert await tom.here.run(tom.here.db.rows, named, id=sent.id) == [{"username": "maya"}]
    stranger = Stranger(fediverse, "mastodon.example")
    sofia = stranger.actor("sofia")
    fediverse.watch.let_deliveries_pass()
    await stranger.create(fediverse, maya.here, sofia, "n/1", "<p>#triedit worked</p>", inReplyTo=practice.uri)
    (note,) = [item["object"] for item in stranger.received if "Thank you for trying" in str(item)]
    assert (note["to"], note.get("cc", [])) == ([sofia], [])
    assert [tag for tag in note.get("tag", []) if tag["href"] != sofia] == []


async def test_who_said_it_with_a_hashtag_can_say_it_with_the_form(fediverse, three):
    maya, tom, _, practice = three
    sent = await reply(tom, await found(tom.here, practice.uri), "#triedit worked")
    await fediverse.settle()
    assert (await counted(maya, practice.uri))[1]["worked"] == 1
    fediverse.clock.advance(5)
    await tom.do(actions.change, sent.id, CHANGED)
    await fediverse.settle()
    there = await found(maya.here, sent.uri)
    assert (there.kind, (await counted(maya, practice.uri))[1]["worked-with-changes"]) == ("tried", 1)
    seen = await maya.do(queries.where_it_worked, await sees(maya, practice.uri), [there.id])
    assert (seen.reports[there.id].saw, seen.reports[there.id].by_words) == ("Nobody left early.", False)


async def test_counts_from_a_clock_that_runs_ahead_do_not_stand_for_good(fediverse, three):
    maya, tom, _, practice = three
    stranger = Stranger(fediverse, "school.example")
    olga = stranger.actor("olga")
    fediverse.watch.let_deliveries_pass()
    copy = (await document(fediverse, maya.here, practice.uri))[1]
    uri = stranger.uri("p/1")
    copy = json.loads(json.dumps(copy).replace(practice.uri, uri).replace(maya.uri, olga)) | {"id": uri, "url": uri}

    async def say(kind, number, ahead):
        at = fediverse.clock.now() + timedelta(days=ahead)
        told = trials(f"{uri}/trials", uri, Counts({("worked", Bands()): number}, 1), at)
        stranger.documents[uri] = copy | {"trials": told, "updated": timestamp(at)}
        await stranger.send(tom.here, stranger.activity(kind, olga, stranger.documents[uri], path=f"a/{number}"))
        await fediverse.settle()
        seen = await tom.do(queries.where_it_worked, await sees(tom, uri))
        return seen.counts.total, seen.heard_at - fediverse.clock.now() < timedelta(minutes=11)

    assert await say("Create", 2, 9000) == (2, True)
    fediverse.clock.advance(3600)
    assert await say("Update", 5, 0) == (5, True)


async def test_ones_own_practice_and_what_is_none_are_not_tried(fediverse, three):
    maya, tom, _, practice = three
    with pytest.raises(NotAllowed, match="your own practice"):
        await maya.do(actions.report, practice.id, WELL)
    thread = await reply(tom, await found(tom.here, practice.uri))
    with pytest.raises(NotFound):
        await tom.do(actions.report, thread.id, WELL)


async def test_c21_after_three_reports_the_author_is_asked_what_they_would_change(fediverse, three):
    maya, tom, ada, practice = three
    joel = await fediverse.person(maya.here, "joel")
    for person in (tom, ada):
        await tried(person, practice.uri)
        await fediverse.settle()
    asked = "SELECT reader_id FROM notification WHERE kind = 'revise'"
    assert await maya.here.run(maya.here.db.rows, asked) == []
    await maya.here.run(suspend, maya.here, (await maya.here.run(resolve, maya.here, ada.uri)).id, "@maya")
    await joel.do(actions.report, practice.id, CHANGED)
    assert await maya.here.run(maya.here.db.rows, asked) == []
    await (await fediverse.person(maya.here, "kim")).do(actions.report, practice.id, WELL)
    await fediverse.settle()
    assert await maya.here.run(maya.here.db.rows, asked) == [{"reader_id": maya.id}]
    seen = await maya.do(queries.where_it_worked, await sees(maya, practice.uri))
    assert seen.asks_author


def wire(outcome="worked"):
    """A report as another Peerhall sends it."""
    return {"type": "ph:TriedIt", "ph:outcome": outcome, "ph:context": {"ph:level": "adults"}}
