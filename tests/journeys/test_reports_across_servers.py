"""Something is wrong: a report is written, travels in the form that others read, is decided, and answered."""

import json
from typing import Any

import pytest

from federation.vocab.base import PUBLIC
from server.actors import actions as actors
from server.actors.models import Actor
from server.errors import Invalid, NotFound
from server.moderation import actions, policy, queries
from server.moderation.actions import Decision, NewReport
from server.moderation.models import Report
from server.notifications import queries as notifications
from tests.conftest import Fediverse, Person
from tests.posting import Stranger, community, found, join, outcome, sees, write


async def news(person: Person) -> list[str]:
    """The kinds of news that somebody has."""
    page = await person.here.run(notifications.page, person.here, person.viewer)
    return [line.kind for group in page.groups for line in group.lines]


async def reports(here: Any) -> list[Report]:
    """Every report that an instance has."""

    async def read() -> list[Report]:
        return await Report.all().order_by("id")

    return await here.run(read)


async def the_queue(person: Person, state: str = policy.OPEN) -> list[queries.ReportView]:
    return await person.do(queries.queue, state=state)


class Two:
    """Amara looks after a community at Alder; Bruno of Birch wrote in it, Clara of Birch reads it."""

    def __init__(self, fediverse: Fediverse, people: list[Person], group: Actor, uri: str) -> None:
        self.fediverse = fediverse
        self.amara, self.bruno, self.clara = people
        self.group, self.uri = group, uri

    async def report(self, **more: Any) -> Report:
        post = await found(self.clara.here, self.uri)
        assert post is not None
        new = NewReport(**({"category": "privacy", "text": "A pupil is named.", "post_id": post.id} | more))
        made = await self.clara.do(actions.report, new)
        await self.fediverse.settle()
        return made


async def meet(fediverse: Fediverse) -> Two:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara = await fediverse.person(alder, "amara")
    bruno, clara = await fediverse.person(birch, "bruno"), await fediverse.person(birch, "clara")
    group = await community(amara)
    for person in (bruno, clara):
        await join(person, group)
    await fediverse.settle()
    there = await birch.run(actors.resolve, birch, group.uri)
    post = await write(bruno, "Tim of 8b cannot read.", community_id=there.id)
    await fediverse.settle()
    return Two(fediverse, [amara, bruno, clara], group, post.uri)


async def test_a_report_travels_is_decided_and_the_outcome_comes_back(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    await two.report(forward=True)
    (seen,) = await the_queue(two.amara)
    assert (seen.text, seen.host, seen.about.handle) == ("A pupil is named.", "birch.example", "@bruno@birch.example")
    assert seen.community is not None
    assert seen.reporter is not None
    assert seen.reporter.handle == "@reports@birch.example"
    assert seen.posts[0].text == "Tim of 8b cannot read."
    assert "report" in await news(two.amara)

    await two.amara.do(actions.decide, seen.id, Decision(policy.REMOVE, "Names a pupil."))
    await two.fediverse.settle()
    assert await sees(two.clara, two.uri) is None
    (mine,) = await two.clara.do(queries.mine)
    assert [(copy.host, copy.outcome) for copy in mine.copies] == [("alder.example", policy.ACTED)]
    assert "report_done" in await news(two.clara)
    assert await the_queue(two.amara) == []
    assert "report" not in await news(two.amara)
    assert "removed" in await news(two.bruno)


async def test_s36_who_reported_never_appears_on_the_wire(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    await two.report(forward=True)
    rows = await two.clara.here.run(
        two.clara.here.db.rows, "SELECT sender, body FROM outgoing WHERE body LIKE '%\"Flag\"%'"
    )
    assert rows
    for row in rows:
        assert row["sender"] == json.loads(row["body"])["actor"]
        assert "clara" not in row["body"]
        assert two.clara.uri not in row["body"]
        assert two.clara.id not in row["body"]
    (kept,) = await reports(two.amara.here)
    assert "clara" not in json.dumps(kept.received)


async def test_only_what_was_ticked_leaves_and_nothing_unsafe_for_a_child_ever(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    await two.report()
    assert await the_queue(two.amara) == []
    dora = await fediverse.person(two.clara.here, "dora", role="steward")
    (first,) = await the_queue(dora)
    assert first.copies == ()
    await two.clara.do(actions.withdraw_report, first.id)
    await two.report(category="unsafe", forward=True)
    assert await the_queue(two.amara) == []
    assert await the_queue(dora) == [], "only who is responsible for safeguarding sees it"


async def test_a_report_taken_back_here_is_taken_back_there(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    made = await two.report(forward=True)
    await two.clara.do(actions.withdraw_report, made.id)
    await two.fediverse.settle()
    assert await the_queue(two.amara) == []
    (there,) = await the_queue(two.amara, policy.CLOSED)
    assert there.outcome == policy.WITHDRAWN


async def test_nobody_is_judge_in_their_own_case(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    dora = await fediverse.person(here, "dora", role="admin")
    group = await community(amara)
    await join(bruno, group)
    post = await write(amara, "What I think of Tim.", community_id=group.id)
    made = await bruno.do(actions.report, NewReport("harassment", post_id=post.id))
    assert await the_queue(amara) == []
    assert await amara.do(queries.one, made.id) is None
    with pytest.raises(NotFound):
        await amara.do(actions.decide, made.id, Decision(policy.NOTHING))
    assert sorted(await news(amara)) == ["greet", "joined"]
    (seen,) = await the_queue(dora)
    assert seen.desk == "server"
    with pytest.raises(NotFound):
        await bruno.do(actions.decide, made.id, Decision(policy.NOTHING))
    await dora.do(actions.decide, made.id, Decision(policy.NOTHING))
    assert "report_done" in await news(bruno)
    with pytest.raises(Invalid):
        await dora.do(actions.decide, made.id, Decision(policy.NOTHING))


async def test_who_looks_after_a_community_does_not_learn_which_colleague_reported(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    people = [await fediverse.person(here, name) for name in ("amara", "bruno", "clara")]
    amara, bruno, clara = people
    dora = await fediverse.person(here, "dora", role="admin")
    group = await community(amara)
    for person in (bruno, clara):
        await join(person, group)
    post = await write(bruno, community_id=group.id)
    await clara.do(actions.report, NewReport("spam", post_id=post.id))
    (seen,) = await the_queue(amara)
    assert seen.reporter is None
    (by_admin,) = await the_queue(dora)
    assert by_admin.reporter is not None
    assert by_admin.reporter.handle == "@clara"
    page = await here.run(notifications.page, here, amara.viewer)
    assert all(not line.people for group in page.groups for line in group.lines if line.kind == "report")


async def test_each_server_is_told_in_the_form_that_it_reads(fediverse: Fediverse) -> None:
    here = await fediverse.start("hall.example")
    amara = await fediverse.person(here, "amara")
    toot, lem = Stranger(fediverse, "toot.example"), Stranger(fediverse, "lem.example")
    eva = toot.actor("eva")
    there = lem.actor("maths", "Group", generator={"type": "Application", "implements": ["https://w3id.org/fep/1b12"]})
    await here.run(actors.resolve, here, there)
    sofia = lem.actor("sofia")
    note = await toot.create(fediverse, here, eva, "note/1", tag=[])
    page = await lem.create(fediverse, here, sofia, "post/55", to=[there, PUBLIC], audience=there, name="Spam")
    for uri in (note, page):
        post = await found(here, uri)
        assert post is not None
        await amara.do(actions.report, NewReport("spam", "Spam, again", post_id=post.id, forward=True))
    await fediverse.settle()
    (array,) = [item for item in toot.received if item["type"] == "Flag"]
    (single,) = [item for item in lem.received if item["type"] == "Flag"]
    assert (array["object"], array["to"], array["content"]) == ([eva, note], [eva], "Spam, again")
    assert (single["object"], single["to"], single["audience"]) == (page, [there], there)
    assert (single["summary"], single["content"]) == ("Spam, again", "Spam, again")
    assert array["actor"] == single["actor"] != amara.uri


FORMS = {
    "mastodon": lambda person, post: {"object": [person, post], "content": "Look at this", "to": person},
    "gotosocial": lambda person, post: {"object": [person, post], "content": "Look at this"},
    "lemmy": lambda person, post: {"object": post, "summary": "Look at this", "to": [person]},
    "pleroma": lambda person, post: {
        "object": [person, {"type": "Note", "id": post, "content": "what it said", "actor": {"id": person}}],
        "content": "Look at this",
        "cc": [],
    },
    "misskey": lambda person, post: {"object": [person, post], "content": "Look at this\n-----\nNote: 1"},
    "embedded": lambda person, post: {"object": {"type": "Note", "id": post}, "content": "<p>Look at this</p>"},
    "person only": lambda person, post: {"object": person, "content": "Look at this"},
}


@pytest.mark.parametrize("form", FORMS)
async def test_reports_of_every_form_reach_who_looks_after_the_server(fediverse: Fediverse, form: str) -> None:
    here = await fediverse.start("hall.example")
    maya, dora = await fediverse.person(here, "maya"), await fediverse.person(here, "dora", role="steward")
    post = await write(maya, "Whatever", kind="note")
    toot = Stranger(fediverse, "toot.example")
    flag = toot.activity("Flag", toot.actor("actor", "Application"), maya.uri, path="flag/1")
    flag |= FORMS[form](maya.uri, post.uri)
    assert await toot.send(here, flag) == 202
    await fediverse.settle()
    (seen,) = await the_queue(dora)
    assert seen.text.startswith("Look at this")
    assert seen.about.handle == "@maya"
    assert [item.id for item in seen.posts] == ([] if form == "person only" else [post.id])
    assert await news(maya) == []
    assert await the_queue(maya) == []


async def test_s3_the_same_report_again_is_one_report(fediverse: Fediverse) -> None:
    here = await fediverse.start("hall.example")
    maya = await fediverse.person(here, "maya")
    toot = Stranger(fediverse, "toot.example")
    eva = toot.actor("eva")
    flag = toot.activity("Flag", eva, [maya.uri], path="flag/1", content="x")
    for _ in range(2):
        await toot.send(here, flag)
        await fediverse.settle()
    assert len(await reports(here)) == 1


async def test_an_undo_before_its_report_leaves_nothing_to_look_at(fediverse: Fediverse) -> None:
    here = await fediverse.start("hall.example")
    maya = await fediverse.person(here, "maya")
    toot = Stranger(fediverse, "toot.example")
    eva = toot.actor("eva")
    flag = toot.activity("Flag", eva, [maya.uri], path="flag/1", content="x")
    await toot.send(here, toot.activity("Undo", eva, flag, path="undo/1"))
    await fediverse.settle()
    await toot.send(here, flag)
    await fediverse.settle()
    assert await reports(here) == []


@pytest.mark.parametrize("by_id", [True, False])
async def test_s5_only_who_reported_takes_it_back(fediverse: Fediverse, by_id: bool) -> None:
    here = await fediverse.start("hall.example")
    maya = await fediverse.person(here, "maya")
    toot, evil = Stranger(fediverse, "toot.example"), Stranger(fediverse, "evil.example")
    eva, mallory, neighbour = toot.actor("eva"), evil.actor("mallory"), toot.actor("neighbour")
    flag = toot.activity("Flag", eva, [maya.uri], path="flag/1", content="x")
    await toot.send(here, flag)
    await fediverse.settle()
    about = flag["id"] if by_id else flag
    for server, actor in ((evil, mallory), (toot, neighbour)):
        undo = server.activity("Undo", actor, about, path="undo/wrong")
        await server.send(here, undo)
        await fediverse.settle()
        assert (await outcome(here, undo["id"]))[0] == "refused"
    assert [report.state for report in await reports(here)] == [policy.OPEN]
    await toot.send(here, toot.activity("Undo", eva, about, path="undo/right"))
    await fediverse.settle()
    (report,) = await reports(here)
    assert (report.state, report.outcome) == (policy.CLOSED, policy.WITHDRAWN)


async def test_s5_only_the_server_that_was_told_answers_a_report(fediverse: Fediverse) -> None:
    here = await fediverse.start("hall.example")
    amara = await fediverse.person(here, "amara")
    toot, evil = Stranger(fediverse, "toot.example"), Stranger(fediverse, "evil.example")
    eva, mallory = toot.actor("eva"), evil.actor("mallory")
    note = await toot.create(fediverse, here, eva, "note/1")
    post = await found(here, note)
    assert post is not None
    made = await amara.do(actions.report, NewReport("spam", "x", post_id=post.id, forward=True))
    await fediverse.settle()
    (flag,) = [item for item in toot.received if item["type"] == "Flag"]
    wrong = evil.activity("Resolve", mallory, flag, path="resolve/1")
    await evil.send(here, wrong)
    await fediverse.settle()
    assert (await outcome(here, wrong["id"]))[0] == "refused"
    (mine,) = await amara.do(queries.mine)
    assert mine.copies[0].answered_at is None
    await toot.send(here, toot.activity("Resolve", toot.actor("admin"), flag, path="resolve/1"))
    await fediverse.settle()
    (mine,) = await amara.do(queries.mine)
    assert mine.id == made.id
    assert mine.copies[0].outcome == policy.ANSWERED


async def test_s5_of_a_community_here_only_who_looks_after_it_closes_reports(fediverse: Fediverse) -> None:
    two = await meet(fediverse)
    lem = Stranger(fediverse, "lem.example")
    sofia, mallory = lem.actor("sofia"), lem.actor("mallory")
    post = await found(two.amara.here, two.uri)
    assert post is not None
    flag = lem.activity("Flag", sofia, post.uri, path="flag/1", to=[two.group.uri], summary="Spam")
    await lem.send(two.amara.here, flag)
    await fediverse.settle()
    assert len(await the_queue(two.amara)) == 1
    for actor in (sofia, mallory):
        resolve = lem.activity("Resolve", actor, flag, path=f"resolve/{actor[-3:]}")
        await lem.send(two.amara.here, resolve)
        await fediverse.settle()
        assert (await outcome(two.amara.here, resolve["id"]))[0] == "refused"
    assert len(await the_queue(two.amara)) == 1


@pytest.mark.parametrize("visibility", ["direct", "followers", "private", "network", "instance"])
async def test_s15_a_server_cannot_have_stewards_shown_what_its_people_could_not_read(
    fediverse: Fediverse, visibility: str
) -> None:
    here = await fediverse.start("hall.example")
    maya, dora = await fediverse.person(here, "maya"), await fediverse.person(here, "dora", role="steward")
    post = await write(maya, "Just for me", kind="note")
    await here.run(here.db.execute, "UPDATE post SET visibility = :v WHERE id = :id", v=visibility, id=post.id)
    toot = Stranger(fediverse, "toot.example")
    eva = toot.actor("eva")
    alone = toot.activity("Flag", eva, post.uri, path="flag/1", content="x")
    await toot.send(here, alone)
    await toot.send(here, toot.activity("Flag", eva, [maya.uri, post.uri], path="flag/2", content="y"))
    await fediverse.settle()
    assert (await outcome(here, alone["id"]))[0] == "ignored"
    (seen,) = await the_queue(dora)
    assert (seen.text, seen.posts) == ("y", ())


async def test_one_server_cannot_flood_the_queue(fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.moderation.filing.MOST_PER_HOST", 3)
    here = await fediverse.start("hall.example")
    maya = await fediverse.person(here, "maya")
    toot, other = Stranger(fediverse, "toot.example"), Stranger(fediverse, "other.example")
    eva, otto = toot.actor("eva"), other.actor("otto")
    for number in range(5):
        await toot.send(here, toot.activity("Flag", eva, [maya.uri], path=f"flag/{number}", content="x"))
    await other.send(here, other.activity("Flag", otto, [maya.uri], path="flag/1", content="x"))
    await fediverse.settle()
    hosts = [report.reporter_host for report in await reports(here)]
    assert (hosts.count("toot.example"), hosts.count("other.example")) == (3, 1)
