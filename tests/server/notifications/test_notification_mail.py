"""Mail about what cannot wait: to whom, when not, and what it never says."""

from datetime import timedelta

import pytest

from server.communities.events import MemberDecided
from server.notifications import actions
from tests.facts import emit, make_community, make_member, make_post


async def answered(fediverse, **values):
    """Tom replied to Maya a moment ago; the mail is due in two minutes."""
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    ask = await make_post(here, maya.id, kind="ask", title="Exit tickets?")
    values = {"content_html": "<p>Try sticky notes.</p>"} | values
    reply = await make_post(here, tom.id, kind="reply", parent_id=ask.id, **values)
    return here, maya, tom, reply


async def mails(fediverse, here, minutes: float = 3) -> list:
    fediverse.clock.advance(minutes * 60)
    await fediverse.settle()
    return [mail for mail in here.mailer.logged if "replied" in mail.subject or "application" in mail.subject]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE account SET email_confirmed_at = NULL",
        "UPDATE account SET email = NULL",
        "UPDATE account SET state = 'suspended'",
        "UPDATE notification SET read_at = 1",
        "UPDATE post SET state = 'removed' WHERE kind = 'reply'",
        "DELETE FROM notification",
        "INSERT INTO notification_setting (reader_id, mail_now) SELECT id, FALSE FROM actor",
    ],
)
async def test_no_mail_goes_to_who_should_not_get_it(fediverse, change: str) -> None:
    here, *_ = await answered(fediverse)
    await here.run(here.db.execute, change)
    assert await mails(fediverse, here) == []


async def test_s15_no_mail_about_what_the_reader_may_not_read(fediverse) -> None:
    here, *_ = await answered(fediverse, visibility="direct")
    assert await mails(fediverse, here) == []


async def test_s15_a_mail_about_a_private_conversation_says_nothing_of_it(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    community = await make_community(here, "carers")
    for person in (maya, tom):
        await make_member(here, community.id, person.id)
    private = {"visibility": "members", "community_id": community.id}
    post = await make_post(here, maya.id, kind="discussion", title="Burnout", **private)
    await make_post(here, tom.id, kind="reply", parent_id=post.id, content_html="<p>Secret words.</p>", **private)
    (mail,) = await mails(fediverse, here)
    assert mail.to == "maya@example.org"
    for word in ("Burnout", "Secret", "carers"):
        assert word.lower() not in (mail.subject + mail.text).lower()


async def test_nothing_is_mailed_before_its_time_or_days_later(fediverse) -> None:
    here, *_ = await answered(fediverse)
    assert await mails(fediverse, here, minutes=1) == []
    fediverse.clock.advance(timedelta(days=3).total_seconds())
    assert await mails(fediverse, here) == []


async def test_a_flood_of_replies_is_a_few_mails(fediverse) -> None:
    here, _, tom, reply = await answered(fediverse)
    for _ in range(20):
        await make_post(here, tom.id, kind="reply", parent_id=str(reply.parent_id))
    assert len(await mails(fediverse, here)) == 8


async def test_a_reply_is_mailed_once_with_its_words_and_a_way_to_stop(fediverse) -> None:
    here, maya, *_ = await answered(fediverse)
    (mail,) = await mails(fediverse, here)
    assert mail.to == "maya@example.org"
    assert mail.subject == "Tom replied to you"
    assert "> Try sticky notes." in mail.text
    assert "https://alder.example/p/" in mail.text
    assert "https://alder.example/settings/mail" in mail.text
    assert len(await mails(fediverse, here)) == 1
    await maya.do(actions.set_mail_now, False)
    await maya.do(actions.set_mail_now, True)


async def test_a_decision_is_mailed_and_the_community_named_inside_only(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    community = await make_community(here, "science", stewards=(maya.id,))
    await emit(here, MemberDecided(community.id, tom.id, accepted=False))
    (mail,) = await mails(fediverse, here)
    assert (mail.to, mail.subject) == ("tom@example.org", "Your application was decided")
    assert "Science was not accepted this time." in mail.text
