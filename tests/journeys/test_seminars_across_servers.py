"""Seminars that begin before and go on after the meeting (D7), and taking part later (D9), on several servers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.errors import Invalid, NotAllowed, NotFound
from server.notifications import queries as notifications
from server.posts import actions as post_actions
from server.posts import queries as posts
from server.sessions import actions, later, queries, seminar
from tests.posting import Stranger, community, document, follow, found, join, reply, sees
from tests.server.sessions.test_events import FORM

ENDS = datetime(2026, 3, 10, 17, tzinfo=UTC)
UNTIL = datetime(2026, 3, 17, 22, 59, tzinfo=UTC)
"""Until midnight in Berlin, seven days later."""


@pytest.fixture
async def scene(fediverse):
    """Maya invites at Alder, where Tom and Ada are; Lee is at Birch, and Sofia on Mastodon."""
    here = await fediverse.start("alder.example")
    maya, tom, ada = [await fediverse.person(here, name) for name in ("maya", "tom", "ada")]
    lee = await fediverse.person(await fediverse.start("birch.example"), "lee")
    group = await community(maya)
    await join(lee, group)
    await follow(lee, maya)
    await fediverse.settle()
    return maya, tom, ada, lee, group


async def view(person, uri):
    """The event as somebody sees it."""
    return await person.do(queries.event, await sees(person, uri))


async def asked(person, uri):
    """The questions in advance as somebody sees them, as their first words: on the agenda, and not."""
    event, post = await view(person, uri), await sees(person, uri)
    sorted_ = seminar.questions(await person.do(posts.thread, post.id), event.starts_at, event.agenda)
    return [[question.words for question in some] for some in (sorted_.agenda, sorted_.others)]


async def until(fediverse, moment):
    """Let time pass until then."""
    fediverse.clock.advance((moment - fediverse.clock.now()).total_seconds())
    await fediverse.settle()


async def test_d7_a_seminar_that_cannot_be_is_refused(fediverse):
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    await community(maya)
    many = tuple(f"@p{number}" for number in range(7))
    for change in ({"format": "lecture"}, *({"discussants": who} for who in (("@nobody",), ("@science",), many))):
        with pytest.raises(Invalid) as refusal:
            await maya.do(actions.publish_event, replace(FORM, **{"format": "seminar", **change}))
        assert {error["field"] for error in refusal.value.errors} == set(change)


async def test_d7_discussants_are_named_when_they_say_yes(fediverse, scene):
    maya, tom, ada, lee, group = scene
    people = ("tom", "@ada", "@lee@birch.example")
    form = replace(FORM, format="seminar", discussants=people, community_id=group.id)
    event = await maya.do(actions.publish_event, form)
    await fediverse.settle()
    assert [line.kind for line in (await tom.do(notifications.page)).groups[0].lines] == ["discussant"]
    assert [person.state for person in (await view(maya, event.uri)).discussants] == ["asked", "asked", "asked"]
    assert [person.name for person in (await view(tom, event.uri)).discussants] == ["Tom"]
    served = (await document(fediverse, maya.here, event.uri))[1]
    assert "ph:discussants" not in served
    assert "Tom" not in served["content"]
    assert "the conversation goes on here until Tue 17 Mar 2026, 23:59 (Europe/Berlin)" in served["content"]
    assert "#discussant" in served["content"]

    with pytest.raises(NotFound):
        await maya.do(seminar.answer, event.id, comes=True)
    await tom.do(seminar.answer, event.id, comes=True)
    await ada.do(seminar.answer, event.id, comes=False)
    there = await sees(lee, event.uri)
    await lee.do(discussions.reply, there.id, ThreadForm(kind="reply", text="Gladly. #discussant"))
    await fediverse.settle()
    fediverse.clock.advance(200)
    await fediverse.settle()
    for person in (maya, tom, lee):
        seen = await view(person, event.uri)
        assert [one.name for one in seen.discussants if one.state == "yes"] == ["Lee", "Tom"]
        assert seen.participants == 2
    assert [person.state for person in (await view(ada, event.uri)).discussants] == ["no", "yes", "yes"]
    assert (await sees(lee, event.uri)).edited is False
    served = (await document(fediverse, maya.here, event.uri))[1]
    assert served["ph:discussants"] == [
        {"ph:id": person.uri, "ph:url": f"https://{person.here.settings.domain}/@{name}", "ph:name": name.title()}
        for person, name in sorted(((tom, "tom"), (lee, "lee")), key=lambda pair: pair[0].uri)
    ]
    assert "Discussants: Lee, Tom." in served["content"]
    assert ada.uri not in str(served)
    await ada.do(seminar.answer, event.id, comes=True)
    await until(fediverse, ENDS)
    with pytest.raises(NotAllowed, match="over"):
        await ada.do(seminar.answer, event.id, comes=False)


async def test_d7_questions_in_advance_of_anybody_become_the_agenda(fediverse, scene):
    maya, tom, ada, lee, group = scene
    there = Stranger(fediverse, "mastodon.example")
    sofia = there.actor("sofia")
    event = await maya.do(actions.publish_event, replace(FORM, format="seminar", community_id=group.id))
    await fediverse.settle()
    first = await reply(tom, event, "How long do you wait?")
    fediverse.clock.advance(60)
    at_birch = await sees(lee, event.uri)
    await lee.do(discussions.reply, at_birch.id, ThreadForm(kind="reply", text="What if nobody talks?"))
    answering = {"inReplyTo": event.uri, "cc": [maya.uri], "published": "2026-02-20T09:00:00Z"}
    note = await there.create(fediverse, maya.here, sofia, "n/1", "<p>And with six-year-olds?</p>", **answering)
    await reply(ada, first, "Ten seconds")  # an answer to a question is none
    await fediverse.settle()
    second = await found(maya.here, note)
    await ada.do(post_actions.like_post, second.id)
    await fediverse.settle()
    agenda, others = await asked(maya, event.uri)
    assert agenda == ["And with six-year-olds?", "How long do you wait?", "What if nobody talks?"]
    assert others == []
    with pytest.raises(NotFound):
        await tom.do(seminar.arrange, event.id, [first.uri])
    await maya.do(seminar.arrange, event.id, [first.uri, second.uri, first.uri, "https://else.example/1"])
    await fediverse.settle()
    for person in (maya, lee):
        agenda, others = await asked(person, event.uri)
        assert agenda[0] == "How long do you wait?"
        assert others == ["What if nobody talks?"]
    served = (await document(fediverse, maya.here, event.uri))[1]
    assert served["ph:agenda"] == [first.uri, second.uri]
    assert served["ph:eventFormat"] == "seminar"

    await until(fediverse, ENDS + timedelta(minutes=1))
    await reply(ada, event, "That went well")
    await fediverse.settle()
    assert "That went well" not in str(await asked(maya, event.uri))
    for person in (maya, lee):
        seen = await view(person, event.uri)
        assert (seen.goes_on, seen.answers_until) == (True, UNTIL)
    assert "Seminar" not in (await sees(lee, event.uri)).content_html
    await until(fediverse, UNTIL + timedelta(minutes=1))
    assert (await view(lee, event.uri)).goes_on is False


async def test_d9_who_was_not_there_and_answers_in_time_took_part_later(fediverse, scene):
    maya, tom, ada, lee, group = scene
    kim = await fediverse.person(maya.here, "kim")
    there = Stranger(fediverse, "mastodon.example")
    sofia = there.actor("sofia")
    event = await maya.do(actions.publish_event, replace(FORM, community_id=group.id))
    await tom.do(actions.take_part, event.id)
    await kim.do(actions.take_part, event.id)
    await fediverse.settle()
    with pytest.raises(NotAllowed, match="over"):
        await maya.do(later.recap, event.id, "We agreed.")
    await until(fediverse, ENDS + timedelta(hours=1))
    early = await reply(ada, event, "How was it?")
    for text, days, field in ((" ", 7, "recap"), ("x" * 4001, 7, "recap"), ("We agreed.", 5, "days")):
        with pytest.raises(Invalid) as refusal:
            await maya.do(later.recap, event.id, text, days)
        assert refusal.value.errors[0]["field"] == field
    with pytest.raises(NotFound):
        await tom.do(later.recap, event.id, "We agreed.")
    fediverse.clock.advance(60.7)
    await maya.do(later.recap, event.id, "We agreed:\nten seconds.", 7)
    await fediverse.settle()
    assert (await view(ada, event.uri)).my_state == ""
    seen = await view(lee, event.uri)
    assert (seen.recap, seen.answers_until, seen.goes_on) == ("We agreed:\nten seconds.", UNTIL, True)
    assert "We agreed" not in (await sees(lee, event.uri)).content_html
    served = (await document(fediverse, maya.here, event.uri))[1]
    assert served["content"].startswith(
        "<p><strong>What came of it:</strong> We agreed:<br>ten seconds.<br>Were you not"
    )
    assert "Tue 17 Mar 2026, 23:59 (Europe/Berlin)" in served["content"]

    at_birch = await sees(lee, event.uri)
    answers = [await reply(ada, event, "I would wait longer"), await reply(ada, event, "Or shorter")]
    await reply(tom, event, "It was good")
    await reply(maya, event, "Ask away")
    await lee.do(discussions.reply, at_birch.id, ThreadForm(kind="reply", text="Here we wait five."))
    answering = {"inReplyTo": event.uri, "cc": [maya.uri], "published": "2026-03-12T09:00:00Z"}
    await until(fediverse, ENDS + timedelta(days=2))
    await there.create(fediverse, maya.here, sofia, "n/1", "<p>With small ones</p>", **answering)
    await fediverse.settle()
    states = [(await view(person, event.uri)).my_state for person in (ada, tom, maya, lee)]
    assert states == ["later", "going", "", "later"]
    assert ((await view(maya, event.uri)).later, (await view(tom, event.uri)).later) == (3, 0)
    assert (await view(maya, event.uri)).participants == 2
    served = str((await document(fediverse, maya.here, f"{event.uri}/attendees"))[1])
    assert "later" not in served
    assert lee.uri not in served

    await kim.do(actions.leave, event.id)  # she could not come after all
    await reply(kim, event, "I read it")
    await ada.do(discussions.withdraw, answers[0].id)
    assert (await view(maya, event.uri)).later == 4
    await ada.do(discussions.withdraw, answers[1].id)
    await ada.do(discussions.withdraw, early.id)
    assert (await view(maya, event.uri)).later == 3
    await maya.do(later.recap, event.id, "We agreed on ten seconds.", 14)  # said again, the time stays
    await until(fediverse, UNTIL + timedelta(minutes=1))
    await reply(ada, event, "Too late")
    await fediverse.settle()
    assert (await view(ada, event.uri)).my_state == ""
    assert (await view(lee, event.uri)).my_state == "later"
