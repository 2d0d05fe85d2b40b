"""A remark on one part of a practice or resource (C15): it stays with it on both servers, and is whole elsewhere."""

from dataclasses import replace

import pytest

from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.errors import Invalid
from server.posts.anchors import Anchor, Spot, spot
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.practices.remarks import RENDERED
from server.practices.writing import rendered
from server.resources import actions as libraries
from server.resources.form import ResourceForm
from server.resources.parts import blocks
from tests.counting import statements
from tests.posting import Stranger, community, document, follow, found, join, sees
from tests.web.practices.test_practice_pages import check

STEPS = ("Ask *one* question about the lesson.", "Collect the slips at the door.", "Sort them into three piles.")
PRACTICE = PracticeForm(title="Exit tickets", steps=STEPS, would_change="Fewer.", licence="CC-BY-4.0")
REMARK = ThreadForm(kind="reply", text="A basket is quicker.", step=2)


@pytest.fixture
async def shared(fediverse):
    """Maya of Alder shares a practice that Tom of Birch reads."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    await follow(tom, maya)
    await fediverse.settle()
    practice = await maya.do(practices.share, PRACTICE)
    await fediverse.settle()
    return maya, tom, practice


async def page(fediverse, person, uri):
    view = await sees(person, uri)
    async with fediverse.client(person.here, person) as client:
        answer = await client.get(view.url)
    check(answer.text)
    return answer.text


async def test_c15_a_remark_stays_with_its_step_and_says_when_that_changed(fediverse, shared):
    maya, tom, practice = shared
    there = await found(tom.here, practice.uri)
    for step in (4, 40):
        with pytest.raises(Invalid, match="no such step"):
            await tom.do(discussions.reply, there.id, replace(REMARK, step=step))
    async with fediverse.client(tom.here, tom) as client:
        form = await client.get(f"/p/{there.short}/reply?step=2")
        check(form.text)
        assert "About step 2" in form.text
        assert "Collect the slips at the door." in form.text
        empty = await client.post(f"/p/{there.short}/reply", data={"content": "", "step": "2", "language": "en"})
        assert empty.status_code == 422
        assert "About step 2" in empty.text
        sent = {"content": REMARK.text, "step": "2", "language": "en"}
        answered = await client.post(f"/p/{there.short}/reply", data=sent)
        assert answered.status_code == 303
    await fediverse.settle()
    uri = await maya.here.run(maya.here.db.value, "SELECT uri FROM post WHERE parent_id = :id", id=practice.id)
    wire = (await document(fediverse, tom.here, uri))[1]
    assert (wire["type"], wire["inReplyTo"]) == ("Note", practice.uri)
    assert "<blockquote>" in wire["content"]
    assert "Collect the slips at the door." in wire["content"]
    assert REMARK.text in wire["content"]
    assert wire["ph:anchor"] == {
        "type": "ph:Step", "ph:of": practice.uri, "ph:number": 2, "ph:beginning": "Collect the slips at the door.",
    }  # fmt: skip
    for person in (maya, tom):
        shown = await page(fediverse, person, practice.uri)
        assert 'href="#step-2">On step 2</a>' in shown
        assert "One remark" in shown

    # Other steps change and move: it goes along with its own.
    fediverse.clock.advance(5)
    steps = ("Say why.", STEPS[0].replace("one", "two"), STEPS[1], STEPS[2])
    await maya.do(practices.revise, practice.id, replace(PRACTICE, steps=steps), "A reason first")
    await fediverse.settle()
    for person in (maya, tom):
        shown = await page(fediverse, person, practice.uri)
        assert 'href="#step-3">On step 3</a>' in shown
        assert "has changed since" not in shown
    # Its own changes, then goes.
    fediverse.clock.advance(5)
    steps = (*steps[:2], "Collect all slips in a basket at the door.", steps[3])
    await maya.do(practices.revise, practice.id, replace(PRACTICE, steps=steps), "A basket")
    await fediverse.settle()
    for person in (maya, tom):
        shown = await page(fediverse, person, practice.uri)
        assert 'href="#step-3">On step 3</a>' in shown
        assert "the step has changed since" in shown
    fediverse.clock.advance(5)
    await maya.do(practices.revise, practice.id, replace(PRACTICE, steps=(steps[0], steps[3])), "Shorter")
    await fediverse.settle()
    for person in (maya, tom):
        shown = await page(fediverse, person, practice.uri)
        assert "About a step that is not there any more" in shown
        assert "One remark" not in shown
        assert REMARK.text in shown


async def test_c15_an_anchor_to_what_never_was_a_step_is_none_and_the_answer_stays(fediverse, shared):
    maya, _tom, practice = shared
    far = Stranger(fediverse, "far.example")
    ada = far.actor("ada")
    fine = {"ph:of": practice.uri, "ph:number": 1, "ph:beginning": "Ask one question about the lesson."}
    bad = [
        {**fine, "ph:beginning": "Give everybody a detention for no reason."},
        {**fine, "ph:of": "https://alder.example/ap/p/other"},
        {**fine, "ph:number": 0},
        {**fine, "ph:number": True},
        {**fine, "ph:number": "1"},
        {**fine, "ph:beginning": ["Ask"]},
        [fine],
        "step 1",
    ]
    for number, anchor in enumerate([*bad, fine]):
        note = far.note(ada, f"p/{number}", f"<p>Answer {number}.</p>", inReplyTo=practice.uri, **{"ph:anchor": anchor})
        await far.send(maya.here, far.activity("Create", ada, note))
    await fediverse.settle()
    shown = await page(fediverse, maya, practice.uri)
    for number in range(len(bad) + 1):
        assert f"Answer {number}." in shown
    assert shown.count(">On step ") == 1
    assert "not there any more" not in shown
    assert "has changed since" not in shown


def test_c15_where_an_anchor_is_among_steps():
    steps = ["sort the slips", "ask one question", "ask one question"]
    assert spot(Anchor(1, "sort the slips"), steps) == Spot("same", 1)
    assert spot(Anchor(3, "ask one question"), steps) == Spot("same", 3)
    assert spot(Anchor(9, "ask one question"), steps) == Spot("same", 3)
    assert spot(Anchor(2, "sort all the slips"), steps) == Spot("changed", 1)
    assert spot(Anchor(2, "sing"), steps) == Spot("gone", 2)
    assert spot(Anchor(2, "…"), []) == Spot("gone", 2)


def test_c15_the_parts_of_a_text_are_what_stands_side_by_side():
    html = '<h2>A</h2><p>b <a title="x > y">c</a></p><ul><li><p>d</p></li></ul><hr><p>e</p>'
    assert blocks(html) == (
        '<h2>A</h2><p>b <a title="x > y">c</a></p>', "<ul><li><p>d</p></li></ul>", "<hr>", "<p>e</p>"
    )  # fmt: skip
    assert blocks("") == ()
    assert "".join(blocks("a</p><p>b<div>")) == "a</p><p>b<div>"


async def test_c15_a_remark_on_a_part_of_a_resource_stays_with_it(fediverse, shared):
    maya, tom, _ = shared
    group = await community(maya, "science")
    await join(tom, group)
    await fediverse.settle()
    talk = ResourceForm(
        resource_type="video", title="The talk", link="https://tube.example/w/a", captions="yes", licence="CC-BY-4.0",
        text="# Why\n\nBecause 3 < 4 *lamps*.\n\nA second paragraph.", chapters="0:00 Welcome\n12:30 Questions",
        community_id=group.id,
    )  # fmt: skip
    made = await maya.do(libraries.add_resource, talk)
    await fediverse.settle()
    there = await found(tom.here, made.uri)
    async with fediverse.client(tom.here, tom) as client:
        assert (await client.get(f"/p/{there.short}/reply?passage=9")).status_code == 200
        listed = (await client.get(f"/p/{there.short}/reply?passage=")).text
        check(listed)
        assert [f"passage={number}" in listed for number in (1, 2, 3, 4, 5)] == [True, True, True, True, False]
        sent = {"content": "Mine burnt out.", "language": "en", "passage": "40"}
        assert (await client.post(f"/p/{there.short}/reply", data=sent)).status_code == 422
        for number, words in ((1, "Mine burnt out."), (4, "Which one?")):
            form = (await client.get(f"/p/{there.short}/reply?passage={number}")).text
            check(form)
            assert f'name="passage" value="{number}"' in form
            sent = {"content": words, "language": "en", "passage": str(number)}
            assert (await client.post(f"/p/{there.short}/reply", data=sent)).status_code == 303
    await fediverse.settle()
    uri = await maya.here.run(
        maya.here.db.value, "SELECT uri FROM post WHERE parent_id = :id AND content_html LIKE '%burnt%'", id=made.id
    )
    wire = (await document(fediverse, tom.here, uri))[1]
    assert wire["ph:anchor"] == {
        "type": "ph:Passage", "ph:of": made.uri, "ph:number": 1, "ph:beginning": "Why Because 3 < 4 lamps.",
    }  # fmt: skip
    assert "Because 3 &lt; 4 lamps." in wire["content"].partition("<blockquote>")[2]
    for person in (maya, tom):
        shown = await page(fediverse, person, made.uri)
        assert shown.count(">On this part</a>") == 2
        assert 'href="#part-4">On this part' in shown
        assert "12:30 Questions" in shown.partition('id="part-4"')[2]
        assert shown.count("One remark") == 2
    # Others change and one goes: the remarks stay with theirs, and say what became of it.
    fediverse.clock.advance(5)
    text = "New.\n\n# Why\n\nBecause 3 < 4 *old lamps*."
    await maya.do(libraries.edit, made.id, replace(talk, text=text, chapters="0:00 Welcome"), "Shorter")
    await fediverse.settle()
    for person in (maya, tom):
        shown = await page(fediverse, person, made.uri)
        assert 'href="#part-2">On this part' in shown
        assert "the part has changed since" in shown
        assert "About a part that is not there any more" in shown


async def test_c15_what_was_never_there_is_looked_for_once(fediverse, shared, monkeypatch):
    maya, _tom, practice = shared
    for number in range(6):
        fediverse.clock.advance(5)
        steps = tuple(f"Step {number} {each} of the old way to sort the slips." for each in range(20))
        await maya.do(practices.revise, practice.id, replace(PRACTICE, steps=steps), "Again")
    far = Stranger(fediverse, "far.example")
    ada = far.actor("ada")
    words = [
        "Nonsense of no version.",
        "Step 0 0 of the old way to sort the slips",
        "Step 0 3 of the old way to sort the slips.",
    ]
    for number, beginning in enumerate(words):
        anchor = {"ph:of": practice.uri, "ph:number": 1, "ph:beginning": beginning}
        note = far.note(ada, f"p/{number}", f"<p>Answer {number}.</p>", inReplyTo=practice.uri, **{"ph:anchor": anchor})
        await far.send(maya.here, far.activity("Create", ada, note))
    await fediverse.settle()
    made = []

    def counted(source, origin):
        made.append(source)
        return rendered(source, origin)

    monkeypatch.setattr("server.practices.remarks.rendered", counted)
    view = await sees(maya, practice.uri)
    async with fediverse.client(maya.here, maya) as client:
        looked = []
        for _ in range(4):  # two processes may take turns, and each remembers for itself
            with maya.here.db.bind(), statements(maya.here) as log:
                shown = (await client.get(view.url)).text
            looked.append(any("FROM post_version" in line for line in log))
            assert 0 < len(made) <= 2 * RENDERED
            assert shown.count(">On step ") == 1
            assert "the step has changed since" in shown
        assert looked[0]
        assert not any(looked[2:])
