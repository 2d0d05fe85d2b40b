"""Thanks for something that was done, and celebrations, at several servers (K1, K2)."""

from dataclasses import replace

import pytest

from server.digest import queries as digest
from server.errors import Invalid, NotFound
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.thanks import actions, queries
from server.thanks.form import ThanksForm
from tests.posting import community, document, follow, found, join, sees

PRACTICE = PracticeForm(title="Names first", steps=("Say your name.",), would_change="Badges.", licence="CC-BY-4.0")
FORM = ThanksForm(title="For the first five minutes", text="It *saved* my September.")
PARTY = ThanksForm(kind="celebration", title="Everybody came to the open evening", text="We were forty.")


@pytest.fixture
async def two(fediverse):
    """Maya and Ben at Alder; Tom at Birch is a member of Maya's community, and shares a practice."""
    here = await fediverse.start("alder.example")
    maya, ben = await fediverse.person(here, "maya"), await fediverse.person(here, "ben")
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    group = await community(maya, "science")
    await join(tom, group)
    await follow(maya, tom)
    await follow(tom, maya)
    await fediverse.settle()
    far = await tom.do(practices.share, PRACTICE)
    await fediverse.settle()
    return maya, ben, tom, group, await found(here, far.uri)


async def mailed(person) -> list[tuple[str, str]]:
    """What the weekly mail would say of thanks and celebrations."""
    blocks = (await person.do(digest.preview)).blocks
    found = [entry for block in blocks if block.kind == "thanks" for entry in block.entries if entry.title]
    return [(entry.what, entry.title) for entry in found]


async def test_k2_thanks_without_something_that_was_done_are_refused(fediverse, two):
    maya, ben, tom, _group, act = two
    with pytest.raises(Invalid) as refused:
        await maya.do(actions.say, ThanksForm())
    assert [e.field for e in (refused.value, *refused.value.others)] == ["title", "content", "people", "act"]
    whole = replace(FORM, people="@ben", act_id=act.id)
    own = await ben.do(practices.share, replace(PRACTICE, visibility="instance"))
    drawer = await ben.do(practices.share, replace(PRACTICE, visibility="private"))
    for people, act_id, match in (
        ("@maya", act.id, "Leave yourself out"),
        ("@nobody-here", act.id, "@nobody-here"),
        (" ".join(f"@x{n}" for n in range(21)), act.id, "at most 20"),
        ("@ben", own.id, "Not everybody who reads this"),
    ):
        with pytest.raises(Invalid, match=match):
            await maya.do(actions.say, replace(whole, people=people, act_id=act_id))
    with pytest.raises(NotFound):
        await maya.do(actions.say, replace(whole, act_id=drawer.id))
    await ben.do(actions.set_named, wanted=False)
    for form in (whole, replace(whole, people=f"@tom@{tom.here.settings.domain}", text="And @ben helped.")):
        with pytest.raises(Invalid, match="does not want to be named"):
            await maya.do(actions.say, form)
    assert await maya.here.run(maya.here.db.value, "SELECT count(*) AS n FROM thanks") == 0
    await ben.do(actions.set_named, wanted=True)
    said = await maya.do(actions.say, whole)
    with pytest.raises(Invalid, match="not the thanks for it"):
        await ben.do(actions.say, replace(whole, people="@maya", act_id=said.id))
    with pytest.raises(NotFound):
        await ben.do(actions.change, said.id, whole)


async def test_k2_a_team_is_thanked_across_servers_for_what_can_be_looked_at(fediverse, two):
    maya, ben, tom, group, act = two
    team = f"@ben, @tom@{tom.here.settings.domain}"
    said = await maya.do(actions.say, replace(FORM, people=team, act_id=act.id, community_id=group.id))
    await fediverse.settle()
    status, wire = (await document(fediverse, maya.here, said.uri))[:2]
    assert (status, wire["type"], wire["kind"], wire["ph:thanksFor"]) == (200, "Article", "thanks", act.uri)
    assert "<em>saved</em>" in wire["content"]
    assert "Thanks to" in wire["content"]
    assert act.url in wire["content"]  # for readers who know no key
    assert {tag["href"] for tag in wire["tag"] if tag["type"] == "Mention"} >= {ben.uri, tom.uri}
    there = await sees(tom, said.uri)
    assert (there.kind, (await tom.do(queries.act_of, there)).title) == ("thanks", "Names first")
    for person in (ben, tom):
        kinds = await person.here.run(
            person.here.db.rows, "SELECT kind FROM notification WHERE reader_id = :id ORDER BY id", id=person.id
        )
        assert "mention" in [row["kind"] for row in kinds]
        assert await mailed(person) == [("named", FORM.title)]
    assert await mailed(maya) == []
    await maya.do(actions.change, said.id, replace(FORM, people=team, text="It saved my **year**."))
    await fediverse.settle()
    assert "<strong>year</strong>" in (await sees(tom, said.uri)).content_html
    assert act.url in (await sees(tom, said.uri)).content_html
    await tom.do(practices.withdraw, (await found(tom.here, act.uri)).id)
    await fediverse.settle()
    assert await maya.do(queries.act_of, await sees(maya, said.uri)) is None


async def test_k1_celebrations_stand_in_the_weekly_mail_and_name_nobody_against_their_will(fediverse, two):
    maya, ben, tom, group, _act = two
    joel = await fediverse.person(maya.here, "joel")
    await maya.do(actions.say, replace(PARTY, people="@ben"))
    quiet = await maya.do(actions.say, replace(PARTY, title="Among us", visibility="instance"))
    place = await tom.here.run(tom.here.db.value, "SELECT id FROM actor WHERE uri = :uri", uri=group.uri)
    inside = await tom.do(
        actions.say,
        replace(
            PARTY,
            title="Forty seeds",
            community_id=place,
            people=f"@ben@{maya.here.settings.domain}",
        ),
    )
    await fediverse.settle()
    # Joel is in no community, and what not everybody may read is not named.
    assert await mailed(joel) == [("celebrated", PARTY.title)]
    assert await mailed(maya) == [("celebrated", "Forty seeds")]
    assert sorted(await mailed(ben)) == [("named", PARTY.title), ("named", "Forty seeds")]
    await ben.do(actions.set_named, wanted=False)
    assert await mailed(joel) == []
    assert await mailed(maya) == []
    assert len(await mailed(ben)) == 2  # his own mail still says it
    assert quiet.visibility == "instance"
    assert inside.kind == "celebration"
    fediverse.clock.advance(8 * 24 * 3600)
    assert await mailed(ben) == []
