"""The weekly mail: who gets none, what it never says, when it comes, and that it comes once (O1, O2, O4)."""

from datetime import datetime, timedelta

import pytest

from server.accounts import actions as accounts
from server.actors.blocking import block, unblock
from server.communities.events import MemberApplied
from server.digest import actions, queries
from server.errors import Invalid
from server.mailer import AddressRefused, MailError
from server.notifications.times import Quiet, next_weekly
from server.posts.models import Post
from server.sessions import actions as sessions
from server.sessions.form import SessionForm
from server.words import zone_of
from tests.counting import statements
from tests.facts import emit, make_community, make_follow, make_member, make_post, make_remote

WEEK = timedelta(days=7)


async def told(person, **words) -> None:
    """What somebody said of themselves."""
    for column, text in words.items():
        await person.here.run(
            person.here.db.execute, f"UPDATE account SET {column} = :text WHERE actor_id = :id", text=text, id=person.id
        )


async def pass_on(fediverse, until: timedelta = WEEK, step: timedelta = timedelta(minutes=30)) -> None:
    """Time goes by, and what is due is done."""
    await fediverse.settle()
    end = fediverse.clock.now() + until
    while fediverse.clock.now() < end:
        fediverse.clock.advance(step.total_seconds())
        await fediverse.settle()


async def come_to(fediverse, here, person) -> None:
    """The moment at which somebody's next mail is due."""
    await fediverse.settle()
    due = (await person.do(queries.choice)).due_at
    assert due is not None
    fediverse.clock.advance((due - fediverse.clock.now()).total_seconds())
    await fediverse.settle()


def digests(here) -> list:
    return [mail for mail in here.mailer.logged if "week" in mail.subject or "Woche" in mail.subject]


async def two(fediverse, **facts):
    """Maya, to whom something happened, and Tom, who did it."""
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    await tom.do(actions.set_day, -1)
    post = await make_post(here, maya.id, title="Exit tickets")
    await make_post(here, tom.id, kind="reply", parent_id=post.id, content_html="<p>Secret words.</p>", **facts)
    await maya.do(actions_mail_off)
    return here, maya, tom


async def actions_mail_off(here, viewer) -> None:
    """No mail at once: what happened waits for the weekly one."""
    await here.db.execute(
        "INSERT INTO notification_setting (reader_id, mail_now) VALUES (:id, FALSE)", id=viewer.actor_id
    )


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE account SET email_confirmed_at = NULL",
        "UPDATE account SET email = NULL",
        "UPDATE account SET state = 'suspended'",
        "UPDATE actor SET suspended_at = 1",
        "UPDATE actor SET deleted_at = 1",
        "INSERT INTO mail_bounce (address, at, reason) VALUES ('maya@example.org', 1, 'gone')",
        "UPDATE notification_setting SET paused_until = 99999999999999",
        "UPDATE digest_plan SET day = -1",
    ],
)
@pytest.mark.parametrize("when", ["before", "between"])
async def test_who_should_get_no_mail_gets_none(fediverse, change: str, when: str) -> None:
    here, maya, _ = await two(fediverse)
    if when == "before":
        await fediverse.settle()
        due = (await maya.do(queries.choice)).due_at
        await here.run(here.db.execute, change)
        fediverse.clock.advance((due - fediverse.clock.now()).total_seconds())
    else:
        fediverse.clock.advance(60)
        await here.run(actions.plan_missing, here)
        due = (await maya.do(queries.choice)).due_at
        fediverse.clock.advance((due - fediverse.clock.now()).total_seconds())
        await here.run(actions.prepare, here)
        assert await here.run(here.db.value, "SELECT count(*) AS n FROM digest_mail WHERE state = 'waiting'") == 1
        await here.run(here.db.execute, change)
    await fediverse.settle()
    assert digests(here) == []


async def test_nothing_to_say_is_no_mail(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    await come_to(fediverse, here, maya)
    assert digests(here) == []
    (run,) = await here.run(queries.runs, here)
    assert (run.people, run.done, run.mails, run.silent) == (1, 1, 0, 1)
    assert run.ended_at is not None


async def test_a_day_that_is_none_is_refused(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    for day in (-2, 7):
        with pytest.raises(Invalid):
            await maya.do(actions.set_day, day)


async def test_hours_that_are_none_are_refused(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    now = fediverse.clock.now()
    for quiet in (Quiet(20, None), Quiet(20, 24), Quiet(-1, 5), Quiet(None, None, now + timedelta(days=400))):
        with pytest.raises(Invalid):
            await maya.do(actions.set_day, 0, quiet)
    assert (await maya.do(queries.choice)).quiet == Quiet()


@pytest.mark.parametrize("visibility", ["members", "direct", "followers", "network", "instance"])
async def test_s15_private_text_is_never_in_a_mail(fediverse, visibility: str) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    community = await make_community(here, "carers", visibility="members")
    for person in (maya, tom):
        await make_member(here, community.id, person.id)
    await make_follow(here, maya.id, tom.id)
    place = {"community_id": community.id} if visibility == "members" else {}
    private = {"visibility": visibility, **place}
    await actions_mail_off(here, maya.viewer)
    post = await make_post(here, maya.id, kind="practice", title="Burnout", **private)
    mentions = (maya.id,) if visibility == "direct" else ()
    await make_post(
        here, tom.id, kind="reply", parent_id=post.id, content_html="<p>Secret.</p>", mentions=mentions, **private
    )
    await make_post(here, tom.id, kind="practice", title="Burnout too", content_html="<p>Secret.</p>", **private)
    await make_post(here, tom.id, kind="ask", title="Burnout again", **private)
    await told(maya, stuck_with="burnout", ask_me_about="burnout")
    await come_to(fediverse, here, maya)
    (mail,) = [mail for mail in digests(here) if mail.to == "maya@example.org"]
    for word in ("burnout", "secret", "carers", "tom"):
        assert word not in (mail.subject + mail.text).lower()
    assert "new in" in mail.text


async def test_s15_what_a_mail_names_is_what_its_reader_may_read(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    await make_post(here, tom.id, title="Quiet starts")
    await make_post(here, tom.id, kind="ask", title="Quiet ends?")
    await told(maya, stuck_with="quiet", ask_me_about="quiet")
    assert [block.kind for block in (await maya.do(queries.preview)).blocks] == ["asks", "practice"]
    await here.run(block, here, tom.id, maya.id)
    assert not await maya.do(queries.preview)
    await here.run(unblock, here, tom.id, maya.id)
    assert await maya.do(queries.preview)
    await here.run(here.db.execute, "UPDATE actor SET suspended_at = 1 WHERE id = :tom", tom=tom.id)
    assert not await maya.do(queries.preview)


async def test_what_was_taken_away_since_it_was_prepared_is_not_sent(fediverse) -> None:
    here, maya, tom = await two(fediverse)
    await make_post(here, tom.id, title="Quiet starts")
    await here.run(actions.plan_missing, here)
    due = (await maya.do(queries.choice)).due_at
    fediverse.clock.advance((due - fediverse.clock.now()).total_seconds())
    await here.run(actions.prepare, here)
    await here.run(here.db.execute, "UPDATE post SET state = 'deleted' WHERE title = 'Quiet starts'")
    await fediverse.settle()
    (mail,) = digests(here)
    assert "Quiet starts" not in mail.text
    assert "Exit tickets: Tom answered." in mail.text


async def test_it_comes_on_monday_at_seven_of_their_own_day_in_their_language(fediverse) -> None:
    here, maya, _ = await two(fediverse)
    await maya.do(accounts.set_preferences, language="de", theme="auto", timezone="America/New_York")
    await come_to(fediverse, here, maya)
    (mail,) = digests(here)
    local = fediverse.clock.now().astimezone(zone_of("America/New_York"))
    assert (local.weekday(), local.hour, local.minute) == (0, 7, 0)
    assert mail.subject == "Deine Woche bei Alder"
    assert "Exit tickets: Tom hat geantwortet." in mail.text
    assert "https://alder.example/p/exit-tickets-" in mail.text
    assert "Secret" not in mail.text


async def test_a_chosen_day_quiet_hours_and_a_pause_are_kept(fediverse) -> None:
    _, maya, _ = await two(fediverse)
    await maya.do(actions.set_day, 2)
    due = (await maya.do(queries.choice)).due_at
    assert (due.weekday(), due.hour) == (2, 7)
    until = fediverse.clock.now() + timedelta(days=20)
    await maya.do(actions.set_day, 2, Quiet(20, 9, until))
    due = (await maya.do(queries.choice)).due_at
    assert (due.weekday(), due.hour) == (2, 9)
    assert until < due < until + WEEK


async def test_o4_each_news_is_told_once_and_no_practice_twice_in_eight_weeks(fediverse) -> None:
    here, maya, tom = await two(fediverse)
    for number in range(3):
        await make_post(here, tom.id, title=f"Practice {number}")
    said = []
    for _ in range(5):
        await come_to(fediverse, here, maya)
        said.append(digests(here)[len(said) :])
    texts = [mail.text for mails in said for mail in mails]
    assert [sum(f"Practice {number}" in text for text in texts) for number in range(3)] == [1, 1, 1]
    assert ["Exit tickets" in text for text in texts] == [True, False, False]
    await pass_on(fediverse, timedelta(weeks=6), timedelta(days=1))
    later = digests(here)[3:]
    assert [sum(f"Practice {number}" in mail.text for mail in later) for number in range(3)] == [1, 1, 1]


async def test_blocks_say_what_waits_what_travelled_and_what_one_could_answer(fediverse) -> None:
    here, maya, tom = await two(fediverse)
    far = await make_remote(here, "far", "birch.example")
    await make_post(here, far.id, kind="reply", is_local=False, parent_id=None, title="")
    community = await make_community(here, "science", stewards=(maya.id,))
    await make_member(here, community.id, tom.id, state="applied")
    await emit(here, MemberApplied(community.id, tom.id))
    await make_post(here, tom.id, title="Quiet starts")
    await make_post(here, tom.id, kind="ask", title="Pottery in big groups?")
    await told(maya, teaches="quiet", ask_me_about="pottery")
    found = await maya.do(queries.preview)
    assert [
        (block.kind, [(entry.what, entry.title, entry.count) for entry in block.entries]) for block in found.blocks
    ] == [
        ("waiting", [("applied", "", 1)]),
        ("travelled", [("reply", "Exit tickets", 1)]),
        ("asks", [("ask", "Pottery in big groups?", 0)]),
        ("practice", [("teaches", "Quiet starts", 0)]),
    ]


async def test_the_events_of_the_week_are_named_with_their_time_where_the_reader_is(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    community = await make_community(here, "science")
    for person in (maya, tom):
        await make_member(here, community.id, person.id)
    await maya.do(accounts.set_preferences, language="de", theme="auto", timezone="Europe/Berlin")
    due = next_weekly(fediverse.clock.now(), zone_of("Europe/Berlin"), 0, Quiet())
    for title, days in (("Lab tour", 2), ("Far away", 9)):
        day = due + timedelta(days=days)
        form = SessionForm(
            title=title,
            text="We look around.",
            starts=f"{day:%Y-%m-%dT10:00}",
            ends=f"{day:%Y-%m-%dT11:00}",
            place="Lab",
            visibility="public",
            community_id=community.id,
        )
        event = await tom.do(sessions.publish_event, form)
        await maya.do(sessions.take_part, event.id)
    await come_to(fediverse, here, maya)
    (mail,) = [mail for mail in digests(here) if mail.to == "maya@example.org"]
    day = due + timedelta(days=2)
    assert f"Mi., {day.day}. Jan., 11:00. Du bist dabei." in mail.text
    assert "Ich kann nicht kommen: https://alder.example/mail/" in mail.text
    assert "Far away" not in mail.text


async def test_who_is_killed_in_between_sends_it_once(fediverse) -> None:
    here, maya, _ = await two(fediverse)
    await come_to(fediverse, here, maya)
    assert len(digests(here)) == 1
    await here.run(here.db.execute, "UPDATE digest_run SET ended_at = NULL")
    await here.run(actions.prepare, here)
    (run,) = await here.run(queries.runs, here)
    assert run.ended_at is not None
    mail_id = await here.run(here.db.value, "SELECT id FROM digest_mail")
    await here.run(here.jobs.enqueue, "digest.send", {"id": mail_id})
    await fediverse.settle()
    assert len(digests(here)) == 1
    assert await here.run(here.db.value, "SELECT content FROM digest_mail") == ""


async def test_o2_what_happens_while_a_mail_is_prepared_is_in_the_next(fediverse, monkeypatch) -> None:
    here, maya, tom = await two(fediverse)
    prepared = actions.gather

    async def slowly(*given):
        found = await prepared(*given)
        if len(await Post.filter(title="Quiet starts")) == 0:
            fediverse.clock.advance(2)
            post = await make_post(here, maya.id, title="Quiet starts")
            await make_post(here, tom.id, kind="reply", parent_id=post.id, content_html="<p>Late.</p>")
        return found

    monkeypatch.setattr(actions, "gather", slowly)
    await come_to(fediverse, here, maya)
    await come_to(fediverse, here, maya)
    first, second = [mail for mail in digests(here) if mail.to == "maya@example.org"]
    assert ("Exit tickets" in first.text, "Quiet starts" in first.text) == (True, False)
    assert ("Exit tickets: Tom" in second.text, "Quiet starts: Tom answered." in second.text) == (False, True)


async def test_a_batch_that_fails_is_prepared_whole_afterwards(fediverse, monkeypatch) -> None:
    here, maya, _ = await two(fediverse)
    await here.run(actions.plan_missing, here)
    due = (await maya.do(queries.choice)).due_at
    fediverse.clock.advance((due - fediverse.clock.now()).total_seconds())

    async def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(actions, "_remember", die)
        with pytest.raises(KeyboardInterrupt):
            await here.run(actions.prepare, here)
    assert await here.run(here.db.value, "SELECT count(*) AS n FROM digest_mail") == 0
    await fediverse.settle()
    assert len(digests(here)) == 1
    (run,) = await here.run(queries.runs, here)
    assert (run.people, run.mails, run.sent, run.waiting) == (1, 1, 1, 0)


async def test_a_mail_server_that_is_away_gets_it_later_and_a_dead_address_nothing_more(fediverse, monkeypatch) -> None:
    here, maya, _ = await two(fediverse)

    async def refuse(_: object, mail: object) -> None:
        raise MailError("away")

    async def gone(_: object, mail: object) -> None:
        raise AddressRefused("5.1.1 no such user")

    with monkeypatch.context() as patch:
        patch.setattr(type(here.mailer), "send", refuse)
        await come_to(fediverse, here, maya)
    assert await here.run(here.db.value, "SELECT state FROM digest_mail") == "waiting"
    with monkeypatch.context() as patch:
        patch.setattr(type(here.mailer), "send", gone)
        fediverse.clock.advance(3600)
        await fediverse.settle()
    assert await here.run(here.db.value, "SELECT reason FROM mail_bounce") == "5.1.1 no such user"
    await make_post(here, maya.id, kind="ask", title="Anybody?")
    await come_to(fediverse, here, maya)
    assert digests(here) == []


async def test_a_batch_takes_the_same_statements_however_many_there_are(fediverse) -> None:
    here = await fediverse.start("alder.example")
    counts = []
    for size in (2, 9):
        for number in range(size):
            person = await fediverse.person(here, f"p{size}x{number}")
            post = await make_post(here, person.id, title=f"Practice {size} {number}")
            await make_post(here, person.id, kind="reply", parent_id=post.id)
        await here.run(actions.plan_missing, here)
        due = await here.run(here.db.value, "SELECT max(due_at) AS due FROM digest_plan")
        fediverse.clock.advance(due / 1000 - fediverse.clock.now().timestamp())
        with statements(here) as asked:
            await here.run(actions.prepare, here)
        counts.append(len(asked))
        await fediverse.settle()
    assert counts[0] == counts[1]


def test_the_first_mail_is_not_before_its_day() -> None:
    moment = datetime.fromisoformat("2026-11-30T07:00:00+00:00")
    zone = zone_of("UTC")
    assert next_weekly(moment, zone, 0, Quiet()) == moment + WEEK
    assert next_weekly(moment - timedelta(seconds=1), zone, 0, Quiet()) == moment
