"""Charters with versions, and changes that members propose (A2, A6, A7, A8, B1, B3): refusals first."""

from typing import Any

import pytest

from server.communities import actions as communities
from server.communities import charter, goals, guidelines, queries
from server.communities.form import CommunityForm
from server.errors import Invalid, NotAllowed, NotFound
from server.proposals import actions
from server.proposals import queries as proposals
from server.proposals.actions import ProposalForm
from server.proposals.policy import understood
from tests.conftest import Fediverse
from tests.posting import Stranger, community, document, found, join, reply, sees

WHOLE: dict[str, Any] = {
    "kind": "formal",
    "join_policy": "apply",
    "objectives": "Everybody tries one routine.",
    "outcomes": "A shared list.",
    "cadence": "Monthly",
    "term_until": "2030-07-01",
    "time_per_week": "30 minutes",
    "facilitators": ("maya",),
    "goals": ("A shared list",),
    "guidelines": "1. Be kind.",
}
DAY = 24 * 60 * 60


def changed(**more: Any) -> CommunityForm:
    return CommunityForm(**{"name": "Science", "purpose": "p", "slug": "science", **WHOLE, **more})


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("I agree.", "agree"),
        ("@science@alder.example Concern: too long", "concern"),
        ("I would change it: every week", "change"),
        ("Ich habe Bedenken: zu lang", "concern"),
        ("Agreement is hard to find", None),
        ("Changes of this kind are good", None),
        ("When is it?", None),
        ("", None),
    ],
)
def test_a8_only_the_first_words_say_what_somebody_thinks(text: str, answer: str | None) -> None:
    assert understood(text) == answer


async def test_a7_a_charter_is_versioned_says_why_and_is_read(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom, eve = [await fediverse.person(here, name) for name in ("maya", "tom", "eve")]
    with pytest.raises(Invalid) as refused:
        await maya.do(communities.create_community, changed(term_until="soon", term_from="2030-09-01"))
    assert refused.value.field == "term_until"
    with pytest.raises(Invalid, match="ends before it begins"):
        await maya.do(communities.create_community, changed(term_from="2030-09-01"))
    group = await maya.do(communities.create_community, changed())
    await tom.do(communities.join, group.id, answers=("a", "b", "c"))
    with pytest.raises(NotAllowed):
        await tom.do(charter.acknowledge, group.id, 1)  # asked, and no member yet
    await maya.do(communities.decide_application, group.id, tom.id, accept=True)
    with pytest.raises(Invalid, match="why the charter changes"):
        await maya.do(communities.edit_community, group.id, changed(cadence="Weekly"))
    await maya.do(communities.edit_community, group.id, changed(purpose="q"))  # nothing of the charter
    await maya.do(communities.edit_community, group.id, changed(cadence="Weekly", charter_why="A month is long."))
    first, second = reversed(await here.run(charter.versions, here, group.id))
    assert (first.parts["cadence"], second.parts["cadence"], second.why) == ("Monthly", "Weekly", "A month is long.")
    (change,) = charter.changes(first.parts, second.parts)
    assert [(line.kind, line.text) for line in change.lines] == [("removed", "Monthly"), ("added", "Weekly")]
    with pytest.raises(Invalid, match="read it once more"):
        await tom.do(charter.acknowledge, group.id, 1)
    await tom.do(charter.acknowledge, group.id, 2)
    assert await here.run(charter.readers, here, group.id, 2) == charter.Readers(2, 2)
    facts = await eve.do(lambda there, viewer: queries.facts_of(there, group.id, viewer))
    assert (facts.charter_version, facts.read_version) == (2, 0)


async def test_a6_goals_come_nearer_when_something_is_there(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    group = await community(maya, "science", goals=("A shared list",))
    with pytest.raises(NotAllowed):
        await tom.do(goals.add_deliverable, group.id, goal="A shared list", text="x")
    for wrong, field in (({"text": ""}, "text"), ({"goal": "Another"}, "goal"), ({"url": "javascript:x"}, "url")):
        with pytest.raises(Invalid) as refused:
            await maya.do(goals.add_deliverable, group.id, **({"goal": "A shared list", "text": "One"} | wrong))
        assert refused.value.field == field
    await maya.do(goals.add_deliverable, group.id, goal="A shared list", text="One routine")
    (item,) = await here.run(goals.of, here, group.id)
    with pytest.raises(NotAllowed):
        await tom.do(goals.tick, group.id, item.id, done=True)
    await join(tom, group)
    with pytest.raises(NotFound):
        await tom.do(goals.tick, group.id, "nothing", done=True)
    await tom.do(goals.tick, group.id, item.id, done=True)
    page = await tom.do(lambda there, viewer: queries.community_by_slug(there, "science", viewer))
    assert [(goal.text, goal.done, len(goal.deliverables)) for goal in page.progress] == [("A shared list", 1, 1)]


async def test_a8_b1_what_members_of_three_servers_think_is_counted_and_decided(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    maya, tom, eve = [await fediverse.person(alder, name) for name in ("maya", "tom", "eve")]
    bruno = await fediverse.person(birch, "bruno")
    group = await community(maya, "science", objectives="Try things.", guidelines="1. Be kind.\n2. Be brief.")
    mastodon = Stranger(fediverse, "cedar.example")
    for person in (tom, bruno):
        await join(person, group)
    await fediverse.settle()
    form = ProposalForm("charter", {"objectives": "Try one thing."}, "Many things are none.")
    for person, error in ((eve, NotAllowed), (bruno, NotFound)):
        with pytest.raises(error):
            await person.do(actions.propose, group.id, form)
    for wrong, field in (
        (ProposalForm("charter", {}, "x"), "objectives"),
        (ProposalForm("charter", {"cadence": "x"}), "why"),
    ):
        with pytest.raises(Invalid) as refused:
            await tom.do(actions.propose, group.id, wrong)
        assert refused.value.field == field
    post = await tom.do(actions.propose, group.id, form)
    await fediverse.settle()

    with pytest.raises(Invalid) as refused:
        await maya.do(actions.say, post.id, "concern")
    assert refused.value.field == "reason"
    there = await found(birch, post.uri)
    assert there is not None
    assert there.kind == "proposal"
    for words in ("Many things are none.", "New: Try one thing.", "Gone: Try things.", "I have a concern"):
        assert words in there.content_html  # complete wherever it is read
    await bruno.do(actions.say, there.id, "concern", "One is too few.")
    await maya.do(actions.say, post.id, "agree")
    await eve.do(actions.say, post.id, "agree")  # reads along, and is no member
    anna = mastodon.actor("anna")
    await mastodon.create(fediverse, alder, anna, "/n/1", "<p>I agree</p>", inReplyTo=post.uri)
    await fediverse.settle()
    await bruno.do(actions.say, there.id, "change", "Two.")  # what was said last counts
    await fediverse.settle()
    view = await maya.do(proposals.proposal, await sees(maya, post.uri))
    assert view.counts == {"agree": 1, "concern": 0, "change": 1}

    for person in (tom, bruno):
        with pytest.raises((NotAllowed, NotFound)):
            await person.do(actions.decide, post.id if person is tom else there.id, adopt=True, note="x")
    with pytest.raises(Invalid, match="a day"):
        await maya.do(actions.decide, post.id, adopt=True, note="Two agree.")
    fediverse.clock.advance(DAY)
    with pytest.raises(Invalid, match="Say in a sentence"):
        await maya.do(actions.decide, post.id, adopt=True, note=" ")
    assert await maya.do(actions.decide, post.id, adopt=True, note="We begin with one.") == 2
    await fediverse.settle()
    newest, oldest = await alder.run(charter.versions, alder, group.id)
    assert (newest.parts["objectives"], newest.why, newest.from_proposal) == ("Try one thing.", form.why, post.id)
    assert oldest.parts["objectives"] == "Try things."
    assert newest.by is not None
    assert newest.by.id == tom.id
    for action, more in ((actions.decide, {"adopt": False, "note": "x"}), (actions.say, {"answer": "agree"})):
        with pytest.raises((Invalid, NotAllowed), match="decided"):
            await maya.do(action, post.id, **more)
    again = await found(birch, post.uri)
    assert again is not None
    assert "Adopted as version 2:</strong> 1 agree, 0 with a concern, 1 would change it." in again.content_html
    assert "We begin with one." in (await document(fediverse, alder, post.uri))[1]["content"]

    source = "1. Be kind.\n2. Be brief.\n3. Ask first."
    rules = await tom.do(actions.propose, group.id, ProposalForm("guidelines", {"guidelines": source}, "We forget it."))
    other = await tom.do(actions.propose, group.id, ProposalForm("guidelines", {"guidelines": "1. Be."}, "Shorter."))
    for one in (rules, other):
        await reply(maya, one, "Agreed, good.")
    fediverse.clock.advance(DAY)
    await maya.do(actions.decide, rules.id, adopt=True, note="Yes.")
    assert [one.version for one in await alder.run(guidelines.versions, alder, group.id)] == [2, 1]
    with pytest.raises(Invalid, match="changed meanwhile"):
        await maya.do(actions.decide, other.id, adopt=True, note="Yes.")
    with pytest.raises(NotAllowed):
        await maya.do(actions.withdraw, other.id)
    await tom.do(actions.withdraw, other.id)
    listed = await maya.do(lambda h, viewer: proposals.listed(h, viewer, group.id, "guidelines"))
    assert {(line.state, line.version) for line in listed} == {("withdrawn", None), ("adopted", 2)}
