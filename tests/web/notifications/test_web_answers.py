"""One tap out of a mail: only who has the link, only the one thing, only by a button."""

from datetime import timedelta

import pytest

from server.digest import actions, queries
from server.notifications import links
from server.sessions import actions as sessions
from server.sessions.form import SessionForm
from tests.facts import make_post


async def maya_and_tom(fediverse):
    here = await fediverse.start("alder.example")
    return here, await fediverse.person(here, "maya"), await fediverse.person(here, "tom")


async def event_of(fediverse, tom):
    """A public event in three days."""
    day = fediverse.clock.now() + timedelta(days=3)
    form = SessionForm(
        title="Lab tour",
        text="We look around.",
        starts=f"{day:%Y-%m-%dT10:00}",
        ends=f"{day:%Y-%m-%dT11:00}",
        place="Lab",
        visibility="public",
    )
    return await tom.do(sessions.publish_event, form)


def stranger(fediverse, here):
    """A browser that is not signed in and came from elsewhere, as a mail program sends it."""
    client = fediverse.client(here)
    client.headers = {"sec-fetch-site": "cross-site", "accept": "text/html"}
    return client


async def count(here, table: str) -> int:
    return await here.run(here.db.value, f"SELECT count(*) AS n FROM {table}")


@pytest.mark.parametrize("change", ["purpose", "byte", "person", "late", "gone", "suspended", "nonsense"])
async def test_s32_a_link_that_is_not_ours_or_too_old_does_nothing(fediverse, change: str) -> None:
    here, maya, tom = await maya_and_tom(fediverse)
    post = await make_post(here, tom.id, title="Quiet starts")
    path = links.link(here, maya.id, links.KEEP, post.id).removeprefix("https://alder.example")
    until = fediverse.clock.now() + timedelta(days=1)
    if change == "purpose":
        path = "/mail/" + here.signatures.sign("toast", f'["{maya.id}","off",""]', until=until)
    elif change == "byte":
        path = path[:-3] + ("A" if path[-3] != "A" else "B") + path[-2:]
    elif change == "person":
        other = links.link(here, tom.id, links.KEEP, post.id).rpartition("/")[2]
        path = f"/mail/{other.split('.')[0]}.{path.split('.', 1)[1]}"
    elif change == "late":
        fediverse.clock.advance(timedelta(days=31).total_seconds())
    elif change == "gone":
        await here.run(here.db.execute, "UPDATE post SET state = 'removed'")
    elif change == "suspended":
        await here.run(here.db.execute, "UPDATE account SET state = 'suspended'")
    else:
        path = "/mail/x.y.z"
    async with stranger(fediverse, here) as client:
        assert (await client.get(path)).status_code == 404
        assert (await client.post(path)).status_code == 404
    assert await count(here, "bookmark") == 0


async def test_s32_looking_at_a_link_does_nothing(fediverse) -> None:
    here, maya, tom = await maya_and_tom(fediverse)
    event = await event_of(fediverse, tom)
    post = await make_post(here, tom.id, title="Quiet starts")
    async with stranger(fediverse, here) as client:
        for deed, post_id in (("going", event.id), ("keep", post.id), ("off", "")):
            link = links.link(here, maya.id, deed, post_id)
            for _ in range(2):
                shown = await client.get(link)
                assert shown.status_code == 200
                assert 'method="post"' in shown.text
                await client.head(link)
            assert shown.headers["cache-control"] == "no-store"
    assert await count(here, "event_participation") == 0
    assert await count(here, "bookmark") == 0
    assert (await maya.do(queries.choice)).day == 0


async def test_s15_a_link_that_was_passed_on_says_no_title_that_is_for_few_now(fediverse) -> None:
    here, maya, tom = await maya_and_tom(fediverse)
    post = await make_post(here, tom.id, title="Quiet starts")
    link = links.link(here, maya.id, links.KEEP, post.id)
    await here.run(here.db.execute, "UPDATE post SET visibility = 'instance'")
    async with stranger(fediverse, here) as client:
        for answer in (await client.get(link), await client.post(link)):
            assert answer.status_code == 200
            assert "quiet" not in answer.text.lower()
    assert await count(here, "bookmark") == 1


async def test_one_tap_takes_part_and_takes_it_back_without_signing_in(fediverse) -> None:
    here, maya, tom = await maya_and_tom(fediverse)
    event = await event_of(fediverse, tom)
    going, not_going = (links.link(here, maya.id, deed, event.id) for deed in ("going", "not_going"))
    async with stranger(fediverse, here) as client:
        for _ in range(2):
            answer = await client.post(going)
            assert answer.status_code == 200
            assert "You take part." in answer.text
        assert "set-cookie" not in answer.headers
        assert await here.run(here.db.value, "SELECT actor_id FROM event_participation") == maya.id
        assert await count(here, "event_participation") == 1
        await client.post(not_going)
        assert await count(here, "event_participation") == 0
        assert (await client.get("/week")).status_code == 303


async def test_a_practice_is_kept_for_later(fediverse) -> None:
    here, maya, tom = await maya_and_tom(fediverse)
    post = await make_post(here, tom.id, title="Quiet starts")
    async with stranger(fediverse, here) as client:
        await client.post(links.link(here, maya.id, links.KEEP, post.id))
    assert await here.run(here.db.value, "SELECT post_id FROM bookmark WHERE actor_id = :id", id=maya.id) == post.id


async def test_a_mail_program_unsubscribes_with_one_click(fediverse) -> None:
    """RFC 8058: a POST without cookies, and no redirect."""
    here, maya, tom = await maya_and_tom(fediverse)
    await make_post(here, tom.id, title="Quiet starts")
    await here.run(actions.plan_missing, here)
    due = (await maya.do(queries.choice)).due_at
    fediverse.clock.advance((due - fediverse.clock.now()).total_seconds())
    await fediverse.settle()
    (mail,) = [mail for mail in here.mailer.logged if mail.to == "maya@example.org"]
    message = here.mailer.message(mail, "peerhall@alder.example")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Message-ID"].startswith("<news.")
    link = message["List-Unsubscribe"].strip("<>")
    async with stranger(fediverse, here) as client:
        answer = await client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert (await maya.do(queries.choice)).day == -1


async def test_a_mail_is_small_the_same_in_both_parts_and_escaped(fediverse) -> None:
    here, maya, tom = await maya_and_tom(fediverse)
    await make_post(here, tom.id, title="<b>Quiet</b> & starts")
    await here.run(actions.plan_missing, here)
    due = (await maya.do(queries.choice)).due_at
    fediverse.clock.advance((due - fediverse.clock.now()).total_seconds())
    await fediverse.settle()
    (mail,) = [mail for mail in here.mailer.logged if mail.to == "maya@example.org"]
    message = here.mailer.message(mail, "peerhall@alder.example")
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert len(bytes(message)) < 20_000
    assert "&lt;b&gt;Quiet&lt;/b&gt; &amp; starts" in mail.html
    assert "<b>Quiet</b> & starts" in mail.text
    assert "<img" not in mail.html
    for url in (word for word in mail.text.split() if word.startswith("https://")):
        assert url in mail.html
