"""The report of a network: what a member counts and tells, what never leaves, and what a host refuses (M2)."""

import json
from dataclasses import replace

import pytest

from server.consortium import actions, joining, numbers, reporting
from server.consortium.numbers import NAMES, Quarter
from server.errors import NotFound
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.tries import actions as tries
from server.tries.bands import Bands
from server.tries.form import TryForm
from tests.posting import Stranger, outcome

ALDER, BIRCH = "alder.example", "birch.example"
NETWORK = "/admin/networks/valley-schools"
PRACTICE = PracticeForm(title="Exit tickets", steps=("Ask.",), would_change="Fewer.", visibility="public")


@pytest.fixture
async def two(fediverse):
    """Alder hosts a network, and Birch is a member."""
    alder, birch = await fediverse.start(ALDER), await fediverse.start(BIRCH)
    await alder.run(actions.found, alder, "@ana", name="Valley schools", purpose="To try things.")
    await birch.run(joining.ask, birch, "@ben", ALDER)
    await fediverse.settle()
    await alder.run(actions.accept, alder, "@ana", "valley-schools", BIRCH)
    await fediverse.settle()
    return alder, birch


def test_m2_numbers_are_suppressed_and_rounded_and_quarters_end():
    cases = {(400, 4): None, (4, 4): None, (5, 5): 5, (7, 5): 5, (8, 6): 10, (12, 9): 10}
    assert {case: numbers.suppressed(*case) for case in cases} == cases
    quarter = numbers.read_quarter("2025-Q4")
    assert (quarter.since.isoformat()[:10], quarter.until.isoformat()[:10]) == ("2025-10-01", "2026-01-01")
    assert str(numbers.quarter_before(quarter.until)) == "2025-Q4"
    assert [numbers.read_quarter(text) for text in ("2025-Q5", "25-Q1", None, "2025-Q1 ")] == [None] * 4
    assert numbers.read_numbers([{"name": "tries", "value": 5}, {"name": "pupils", "value": 10}]) == {"tries": 5}
    for wrong in (4, True, "9", 10**9, -5, 5.5):
        assert numbers.read_numbers([{"name": "tries", "value": wrong}]) is None


async def test_m2_only_numbers_for_five_people_or_more_leave_and_only_once(fediverse, two, monkeypatch):
    alder, birch = two
    fediverse.watch.let_deliveries_pass()
    names = [f"zq{name}" for name in ("one", "two", "three", "four", "five", "six")]
    people = [await fediverse.person(birch, name) for name in names]
    for person in people:
        await person.do(practices.share, replace(PRACTICE, title=f"Zqsecret of {person.viewer.handle}"))
    shared = await people[0].do(practices.share, PRACTICE)
    for person in people[1:5]:
        await person.do(tries.report, shared.id, TryForm(outcome="worked", context=Bands(size="21-30")))
    await people[0].do(practices.share, replace(PRACTICE, visibility="instance"))
    await fediverse.settle()
    sent = []
    app = fediverse.network.apps[ALDER]

    async def listening(scope, receive, send):
        async def heard():
            message = await receive()
            sent.append(message.get("body", b"").decode())
            return message

        await app(scope, heard, send)

    fediverse.network.apps[ALDER] = listening
    # Nobody agreed: nothing is told, also when the quarter is over.
    fediverse.clock.advance(92 * 86400)
    await fediverse.settle()
    assert not any(reporting.KIND in body for body in sent)
    await birch.run(reporting.agree, birch, "@ben", "valley-schools", tells=True)
    await fediverse.settle()
    (body,) = [body for body in sent if reporting.KIND in body]
    told = json.loads(body)
    assert (told["type"], told["actor"], told["to"], told["cc"]) == (
        "Add", f"https://{BIRCH}/ap/actor", [f"https://{ALDER}/ap/actor"], [],
    )  # fmt: skip
    # Six people with seven practices; four who tried one are too few to be told.
    assert told["object"]["ph:numbers"] == [
        {"name": "people", "value": 5},
        {"name": "sharers", "value": 5},
        {"name": "practices", "value": 5},
    ]
    # Two letters alone may stand in any id and signature.
    assert not any(word in body.lower() for word in ("zqsecret", *names))
    await birch.run(reporting.agree, birch, "@ben", "valley-schools", tells=False)
    await birch.run(reporting.agree, birch, "@ben", "valley-schools", tells=True)
    fediverse.clock.advance(86400)
    await fediverse.settle()
    assert len([body for body in sent if reporting.KIND in body]) == 1
    found = await alder.run(reporting.report, alder, "valley-schools")
    assert [(line.name, line.numbers, line.has_told) for line in found.lines] == [
        ("Alder", (None,) * 6, False),
        ("Birch", (5, 5, 5, None, None, None), True),
    ]
    assert found.sums == (5, 5, 5, 0, 0, 0)
    with pytest.raises(NotFound):
        await birch.run(reporting.report, birch, "valley-schools")
    ana = fediverse.client(alder, await fediverse.person(alder, "ana", role="admin"))
    assert (await ana.post(f"{NETWORK}/tell", data={"numbers": "tell"})).status_code == 303
    page = (await ana.get(f"{NETWORK}/report")).text
    for said in ("under 5", "–", "Birch", "At least, together", "that still stand"):
        assert said in page, said
    assert "Tell no more numbers" in (await ana.get(NETWORK)).text
    member = fediverse.client(alder, await fediverse.person(alder, "max"))
    assert (await member.get(f"{NETWORK}/report")).status_code in {403, 404}
    assert (await member.post(f"{NETWORK}/tell")).status_code in {403, 404}


async def test_m2_two_networks_are_told_the_same_of_a_quarter(fediverse, two):
    """Whoever reads the reports of both cannot compare two counts of one quarter."""
    _, birch = two
    fediverse.watch.let_deliveries_pass()
    for name in ("one", "two", "three", "four", "five"):
        await fediverse.person(birch, name)
    await birch.run(reporting.agree, birch, "@ben", "valley-schools", tells=True)
    await birch.run(actions.found, birch, "@ben", name="Hill schools", purpose="To try things.")
    await fediverse.settle()
    for number in range(6):
        await fediverse.person(birch, f"late{number}")
    await birch.run(reporting.agree, birch, "@ben", "hill-schools", tells=True)
    await fediverse.settle()
    told = await birch.run(birch.db.rows, "SELECT numbers FROM consortium_report ORDER BY id")
    assert len(told) == 2
    assert told[0] == told[1]


async def test_m2_a_host_takes_numbers_from_members_alone_and_none_below_five(fediverse, two):
    alder, _ = two
    fediverse.watch.let_deliveries_pass()
    stranger = Stranger(fediverse, "far.example")
    actor = stranger.actor("x", "Application")
    network = await alder.run(alder.db.value, "SELECT uri FROM consortium")
    quarter = str(numbers.quarter_before(fediverse.clock.now()))
    good = {"type": "Document", "kind": reporting.KIND, "ph:quarter": quarter, "ph:numbers": []}

    async def says(number, **more):
        told = {"id": stranger.uri(f"r/{number}"), **good, **more}
        said = stranger.activity("Add", actor, told, path=f"a/{number}", target=network)
        await stranger.send(alder, said)
        await fediverse.settle()
        return (await outcome(alder, said["id"]))[0]

    assert await says(1) == "refused"
    await alder.run(
        alder.db.execute,
        "UPDATE consortium_member SET uri = :uri, host = 'far.example' WHERE host = :host",
        uri=actor,
        host=BIRCH,
    )
    now = fediverse.clock.now()
    running = Quarter(now.year, (now.month + 2) // 3)
    for number, wrong in enumerate(
        (
            {"ph:numbers": [{"name": "tries", "value": 3}]},
            {"ph:numbers": "many"},
            {"ph:quarter": str(running)},
            {"ph:quarter": "2001-Q1"},
        ),
        start=2,
    ):
        assert await says(number, **wrong) == "refused", wrong
    assert await says(9, **{"ph:numbers": [{"name": "tries", "value": 10}]}) == "done"
    assert await says(10, **{"ph:numbers": [{"name": "tries", "value": 500}]}) == "ignored"
    found = await alder.run(reporting.report, alder, "valley-schools")
    assert found.lines[1].numbers[NAMES.index("tries")] == 10
