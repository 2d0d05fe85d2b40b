"""A question that is needed today reaches people of the network: five at most, by numbers alone (D6)."""

import json
import re
from dataclasses import replace
from datetime import timedelta

from federation.vocab.base import timestamp
from server.actors.muting import block_host, mute
from server.actors.remote import ensure_remote
from server.consortium import actions as consortium
from server.consortium import joining
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.needs import actions, asking
from server.needs.actions import CardForm
from server.peers import actions as peers
from server.posts.audience import PROFILE
from tests.posting import Stranger, actor_document, outcome

ALDER, BIRCH, CEDAR, FAR = "alder.example", "birch.example", "cedar.example", "far.example"
ASK = ThreadForm(kind="ask", title="Exit tickets for 32?", text="Nobody writes.", visibility="public")
CARD = CardForm(ask_me_about="exit tickets", may_be_asked=True)
NAMED = re.compile("zq(ann|ben|block|cem|dea|eli|fay|mute|quiet)")  # two letters alone may stand in any id


async def network(fediverse, *hosts):
    """Some servers of one network; the first hosts it."""
    opened = [await fediverse.start(host) for host in hosts]
    first = opened[0]
    await first.run(consortium.found, first, "@ana", name="Valley schools", purpose="To try things.")
    for here in opened[1:]:
        await here.run(joining.ask, here, "@ben", hosts[0])
        await fediverse.settle()
        await first.run(consortium.accept, first, "@ana", "valley-schools", here.settings.domain)
        await fediverse.settle()
    return opened


async def offering(fediverse, here, *names):
    """People who offered to be asked about exit tickets."""
    people = [await fediverse.person(here, name) for name in names]
    for person in people:
        await person.do(actions.answer, CARD)
    return people


async def told(here):
    """The handles of who was asked here, with how often."""
    rows = await here.run(
        here.db.rows,
        "SELECT actor.username AS name FROM notification JOIN actor ON actor.id = notification.reader_id"
        " WHERE notification.kind = 'asked' ORDER BY actor.username",
    )
    return [row["name"] for row in rows]


def listen(fediverse, host):
    """What is posted to a server from now on."""
    sent, app = [], fediverse.network.apps[host]

    async def listening(scope, receive, send):
        async def heard():
            message = await receive()
            if message.get("body"):
                sent.append(json.loads(message["body"]))
            return message

        await app(scope, heard if scope.get("method") == "POST" else receive, send)

    fediverse.network.apps[host] = listening
    return sent


def school(fediverse, domain):
    """A Peerhall that says what a test wants it to say, with its actor."""
    far = Stranger(fediverse, domain)
    uri = far.uri("ap/actor")
    profile = {"generator": {"type": "Application", "implements": [PROFILE]}}
    far.documents[uri] = actor_document(uri, domain.partition(".")[0], "Application", **profile)
    return far, uri


async def test_d6_s5_s15_s24_who_may_have_people_here_told_and_how_many(fediverse):
    fediverse.watch.let_deliveries_pass()
    here = await fediverse.start(ALDER)
    far, server = school(fediverse, FAR)
    await offering(fediverse, here, "zqann", "zqben", "zqcem")
    author = far.actor("eve")
    far.note(author, "q/1", "<p>Exit tickets?</p>", kind="question", name="Exit tickets for 32?")
    far.note(author, "q/2", "<p>Exit tickets!</p>")
    far.note(
        author, "q/3", "<p>Exit tickets?</p>", kind="question", name="Exit tickets?", to=[f"{author}/followers"], cc=[]
    )
    far.note(author, "q/4", "<p>Exit tickets?</p>", kind="question", name="Exit tickets again?")
    other = Stranger(fediverse, "dune.example")
    other.note(other.actor("kim"), "q/1", "<p>Exit tickets?</p>", kind="question", name="Exit tickets?")
    number = iter(range(100))

    async def asks(question="q/1", seats=2, by=server, **more):
        said = far.activity("Invite", by, far.uri(question) if "://" not in question else question,
            path=f"ap/a/invite/{next(number)}", target=here.url("/ap/actor"),
            **{"ph:seats": seats, "published": timestamp(fediverse.clock.now()), **more})  # fmt: skip
        await far.send(here, said)
        await fediverse.settle()
        answers = [one["ph:told"] for one in far.received if one.get("object") == said["id"]]
        return (await outcome(here, said["id"]))[0], answers

    assert await asks() == ("refused", [])  # it is of no network of ours
    await here.run(peers.set_grade, here, FAR, "trusted", "@ana")
    for wrong in ({"by": author}, {"question": other.uri("q/1")}, {"question": here.url("/ap/p/1")},
                  *({"seats": seats} for seats in (0, 6, -1, True, "2", 1.5, None, 10**9))):  # fmt: skip
        assert await asks(**wrong) == ("refused", []), wrong
    long_ago = timestamp(fediverse.clock.now() - timedelta(hours=2))
    assert await asks(published=long_ago) == ("done", [0])
    for question in ("q/2", "q/3", "q/none"):
        assert await asks(question) == ("done", [0]), question
    assert await told(here) == []
    assert await asks() == ("done", [2])
    assert len(await told(here)) == 2
    answer = far.received[-1]
    assert set(answer) == {"@context", "id", "type", "actor", "to", "object", "ph:told"}
    assert not any(NAMED.search(json.dumps(one)) for one in far.received)
    # The same question again, and another one of the same person on that day, reach nobody more.
    assert await asks() == ("done", [])
    assert await asks("q/4") == ("done", [0])
    await here.run(peers.set_grade, here, FAR, "blocked", "@ana")
    fediverse.clock.advance(25 * 3600)
    assert (await asks("q/4"))[1] == []
    assert len(await told(here)) == 2


async def test_d6_s3_s5_what_another_server_says_it_told_counts_as_far_as_it_was_offered(fediverse):
    fediverse.watch.let_deliveries_pass()
    here = await fediverse.start(ALDER)
    maya = await fediverse.person(here, "maya")
    await offering(fediverse, here, "ann", "ben", "cem")
    schools = dict(school(fediverse, f"{name}.example")[::-1] for name in ("far", "fir", "elm"))
    for uri, far in schools.items():
        await here.run(
            peers.set_grade, here, far.domain, "normal" if far.domain == "elm.example" else "trusted", "@ana"
        )
        await here.run(ensure_remote, here, uri)
    await fediverse.settle()
    ask = await maya.do(discussions.start, replace(ASK, visibility="public"))
    await maya.do(asking.need_today, ask.id)
    await fediverse.settle()

    def invited():
        return {uri: one for uri, far in schools.items() for one in far.received if one["type"] == "Invite"}

    assert len(invited()) == 2  # two seats were left, one for each; whoever is of no network hears nothing
    assert {one["ph:seats"] for one in invited().values()} == {1}
    (one, first), (other, second) = invited().items()

    async def says(by, about, number, actor=None, **more):
        path = f"ap/a/accept/{number}"
        said = schools[by].activity("Accept", actor or by, about["id"], path=path, **{"ph:told": 1, **more})
        await schools[by].send(here, said)
        await fediverse.settle()
        return (await outcome(here, said["id"]))[0]

    assert await maya.do(asking.asked, ask.id) == 3
    assert await says(other, first, 1) == "refused"
    assert await says(one, first, 2, schools[one].actor("eve")) == "refused"
    for number, wrong in enumerate(("many", True, None, [1]), start=3):
        assert await says(one, first, number, **{"ph:told": wrong}) == "refused"
    assert await maya.do(asking.asked, ask.id) == 3
    assert await says(one, first, 8, **{"ph:told": 1_000_000}) == "done"
    assert await says(one, first, 9, **{"ph:told": 0}) == "ignored"
    assert await maya.do(asking.asked, ask.id) == 4
    # A server that is of the network no more is not believed, and its seat stays taken.
    await here.run(peers.set_grade, here, schools[other].domain, "normal", "@ana")
    await here.run(peers.set_grade, here, "elm.example", "trusted", "@ana")
    assert await says(other, second, 10) == "refused"
    assert len(invited()) == 2
    # What a server leaves free goes to the next.
    await here.run(peers.set_grade, here, schools[other].domain, "trusted", "@ana")
    assert await says(other, second, 11, **{"ph:told": -7}) == "done"
    third = invited()["https://elm.example/ap/actor"]
    assert await says("https://elm.example/ap/actor", third, 12) == "done"
    assert await maya.do(asking.asked, ask.id) == asking.MOST


async def test_d6_v1_people_of_the_network_are_asked_and_only_numbers_come_back(fediverse):
    fediverse.watch.let_deliveries_pass()
    alder, birch, cedar = await network(fediverse, ALDER, BIRCH, CEDAR)
    maya, tom = [await fediverse.person(alder, name) for name in ("maya", "tom")]
    await offering(fediverse, birch, "zqann")
    muting, blocking, *_ = await offering(
        fediverse, cedar, "zqmute", "zqblock", "zqben", "zqcem", "zqdea", "zqeli", "zqfay"
    )
    quiet = await fediverse.person(cedar, "zqquiet")
    await quiet.do(actions.answer, replace(CARD, may_be_asked=False))
    there = await cedar.run(ensure_remote, cedar, maya.uri)
    await muting.do(lambda here, viewer: mute(here, viewer.actor_id, there.id))
    await blocking.do(lambda here, viewer: block_host(here, viewer.actor_id, ALDER))
    to_alder = listen(fediverse, ALDER)
    # What is for fewer people than the network goes nowhere.
    for asker, visibility in ((maya, "instance"), (tom, "followers")):
        ask = await asker.do(discussions.start, replace(ASK, visibility=visibility))
        await asker.do(asking.need_today, ask.id)
        await fediverse.settle()
    assert await alder.run(alder.db.value, "SELECT count(*) FROM need_offer") == 0
    fediverse.clock.advance(25 * 3600)
    await offering(fediverse, alder, "own")
    maya, tom = [await fediverse.as_person(alder, person.id) for person in (maya, tom)]
    ask = await maya.do(discussions.start, replace(ASK, visibility="network"))
    await maya.do(asking.need_today, ask.id)
    before = fediverse.clock.now()
    await fediverse.settle()
    assert fediverse.clock.now() - before < timedelta(minutes=1)
    assert (await told(alder), await told(birch)) == (["own"], ["zqann"])
    reached = await told(cedar)
    assert len(reached) == 2
    assert not {"zqmute", "zqblock", "zqquiet"} & {*reached}
    assert await maya.do(asking.asked, ask.id) == 4
    page = (await fediverse.client(alder, maya).get(f"/p/{ask.short}", follow_redirects=True)).text
    assert "4 people were asked" in page
    assert not NAMED.search(json.dumps(to_alder))
    # Nobody twice on a day: another question finds those who are left.
    ask = await tom.do(discussions.start, replace(ASK, visibility="public"))
    await tom.do(asking.need_today, ask.id)
    await fediverse.settle()
    assert len(set(await told(cedar))) == len(await told(cedar)) > 2
    assert await told(birch) == ["zqann"]
