"""How long things are kept, accounts that nobody uses, and what becomes of practices of who leaves (S27)."""

import io
import re
import zipfile
from typing import Any

import pytest

from server.accounts import actions as accounts
from server.audit import queries as audit
from server.coauthors import actions as coauthors
from server.errors import Invalid
from server.posts import marks
from server.posts.models import Post
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.privacy import inactive, retention
from tests.conftest import PASSWORD, Fediverse, Person
from tests.posting import Stranger, follow, found, reply, write

RETENTION, DELETE = "/admin/retention", "/settings/data/delete"
DAY = 86_400
EVENTS = (
    "INSERT INTO event_facts (id, ends_at, timezone, place, place_url, join_mode, join_url, status, categories,"
    " tickets_url, fee, format, recap, participants) VALUES (:id, :at, '', '', '', '', '', 'confirmed', '', '', '',"
    " '', '', 1)"
)


async def test_admins_choose_how_long_things_are_kept_and_see_before_what_would_go(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    ana, maya = await fediverse.person(here, "ana", role="admin"), await fediverse.person(here, "maya")
    spy = Stranger(fediverse, "spy.example")
    watcher = spy.actor("watcher")
    await spy.send(here, spy.activity("Follow", watcher, maya.uri, path="a/follow"))
    kept_uris = []
    for number in range(4):
        note = spy.note(watcher, f"p/{number}", f"<p>note {number}</p>")
        await spy.send(here, spy.activity("Create", watcher, note))
        kept_uris.append(note["id"])
    await fediverse.settle()
    notes = [await found(here, str(uri)) for uri in kept_uris]
    assert all(notes)
    await maya.do(marks.bookmark_post, notes[0].id)
    await reply(maya, notes[1])
    event = await write(ana, "We meet", kind="discussion")
    with here.db.bind():
        await here.db.execute(EVENTS, id=event.id, at=fediverse.clock.now())
        await here.db.execute(
            "INSERT INTO event_participation (id, event_id, actor_id, uri, state, at)"
            " VALUES ('part', :event, :me, 'a', 'going', :now)",
            event=event.id,
            me=maya.id,
            now=fediverse.clock.now(),
        )
    fediverse.clock.advance(60 * DAY)
    ana, maya = await fediverse.as_person(here, ana.id), await fediverse.as_person(here, maya.id)

    chosen = {key: str(days) for key, days in retention.USUAL.items()}
    async with fediverse.client(here, maya) as browser:
        assert (await browser.get(RETENTION)).status_code == 404
        assert (await browser.post(RETENTION, data=chosen | {"do": "save"})).status_code == 404
    async with fediverse.client(here, ana) as browser:
        for wrong in ("29", "3651", "-1", "many", ""):
            answer = await browser.post(RETENTION, data=chosen | {"cached": wrong, "do": "save"})
            assert answer.status_code == 422, wrong
        page = (await browser.post(RETENTION, data=chosen | {"cached": "30", "do": "preview"})).text
        assert "It would delete 2 entries." in page
        assert "The oldest is from" in page
        assert await here.run(retention.days_kept, here) == retention.USUAL, "looking changes nothing"
        shorter = chosen | {"cached": "30", "events": "30", "accounts": "0"}
        assert (await browser.post(RETENTION, data=shorter | {"do": "save"})).status_code == 303
        await here.run(retention.run, here)
        page = (await browser.get(RETENTION)).text
        assert "2 entries, older than 30 days" in page
    left = [await found(here, str(uri)) for uri in kept_uris]
    assert [note is not None for note in left] == [True, True, False, False]
    with here.db.bind():
        assert await here.db.value("SELECT count(*) FROM event_participation") == 0
        assert await here.db.value("SELECT participants FROM event_facts") == 1, "how many came is known still"
        (entry,) = await audit.about(here, "alder.example")
    assert (entry.action, entry.detail["after"]) == ("retention.change", {"cached": 30, "events": 30, "accounts": 0})
    # What is deleted so may come again.
    again = spy.note(watcher, "p/3", "<p>note 3</p>")
    await spy.send(here, spy.activity("Create", watcher, again, path="a/again"))
    await fediverse.settle()
    assert await found(here, str(kept_uris[3])) is not None


async def test_an_account_that_nobody_uses_ends_after_two_mails_with_a_link_to_everything(
    fediverse: Fediverse,
) -> None:
    here = await fediverse.start("alder.example")
    await fediverse.person(here, "ana", role="admin")
    maya, tom, _ = [await fediverse.person(here, name) for name in ("maya", "tom", "ines")]
    await write(maya, "mine alone", visibility="private")
    with here.db.bind():
        await here.db.execute("UPDATE account SET email_confirmed_at = NULL WHERE email = 'ines@example.org'")

    async def pass_by(days: int) -> list[tuple[str, str]]:
        """Who was written to after so many days."""
        fediverse.clock.advance(days * DAY)
        here.mailer.logged.clear()
        await here.run(inactive.run, here)
        await fediverse.settle()
        return sorted((mail.to, mail.text) for mail in here.mailer.logged if "archive" in mail.text + mail.subject)

    assert await pass_by(500) == []
    told = await pass_by(60)
    assert [to for to, _ in told] == ["maya@example.org", "tom@example.org"], "not admins, nor whom no mail reaches"
    await fediverse.as_person(here, tom.id)  # he comes back
    async with fediverse.client(here, await fediverse.as_person(here, tom.id)) as browser:
        await browser.get("/week")
    assert [to for to, _ in await pass_by(150)] == ["maya@example.org"]
    assert await pass_by(10) == [], "a month lies between the last word and the end"
    ((to, text),) = await pass_by(30)
    assert to == "maya@example.org"
    with here.db.bind():
        names = await here.db.rows("SELECT username FROM actor JOIN account ON account.actor_id = actor.id ORDER BY 1")
    assert [row["username"] for row in names] == ["ana", "ines", "tom"]
    path = re.search(r"https://alder\.example(/archive/\S+)", text)
    assert path is not None
    async with fediverse.client(here) as anybody:
        assert (await anybody.get("/archive/" + "0" * 43)).status_code == 404
        assert (await anybody.get(path[1])).status_code == 200
        answer = await anybody.post(path[1], data={"part": "0"})
        with zipfile.ZipFile(io.BytesIO(answer.content)) as opened:
            assert b"mine alone" in opened.read("everything/writing.json")
        fediverse.clock.advance(30 * DAY)
        assert (await anybody.get(path[1])).status_code == 404
    with pytest.raises(Invalid):
        await here.run(accounts.create_account, here, name="maya", email=None, password=PASSWORD)


async def _practice(author: Person, title: str, **more: Any) -> Post:
    form = PracticeForm(
        title=title, promise="You see where to begin.", problem="Nobody knew.", steps=("Ask.",), evidence="Fewer.",
        certainty="tried", licence="CC-BY-4.0", visibility="public", nobody_identifiable=True, would_change="Less.",
    )  # fmt: skip
    made: Post = await author.do(practices.share, form)
    return made


async def test_s27_practices_stay_by_a_former_member_or_go_to_a_co_author_as_their_author_chose(
    fediverse: Fediverse,
) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    ana = await fediverse.person(alder, "ana", role="admin")
    maya, ben, tom = [await fediverse.person(alder, name, display_name=f"{name} Zq") for name in ("maya", "ben", "tom")]
    bruno = await fediverse.person(birch, "bruno")
    await follow(bruno, maya)
    await follow(bruno, ben)
    await fediverse.settle()
    alone = await _practice(maya, "Exit tickets")
    note = await write(maya, "a note", title="", kind="note")
    await reply(tom, alone, "It helped.")
    together, other = await _practice(ben, "Quiet start"), await _practice(ben, "Alone")
    await ben.do(coauthors.invite, together.id, "@tom")
    await tom.do(coauthors.answer, together.id, accepted=True)
    await fediverse.settle()
    assert await found(birch, alone.uri) is not None

    async with fediverse.client(alder, maya) as browser:
        assert "Former member" in (await browser.get("/settings/data")).text
        for wrong in ({"understood": ""}, {"practices": "sell"}):
            data = {"password": PASSWORD, "understood": "1", "practices": "former"} | wrong
            assert (await browser.post(DELETE, data=data)).status_code == 422, wrong
        data = {"password": PASSWORD, "understood": "1", "practices": "former"}
        assert (await browser.post(DELETE, data=data)).status_code == 303
    async with fediverse.client(alder, ben) as browser:
        data = {"password": PASSWORD, "understood": "1", "practices": "coauthors"}
        assert (await browser.post(DELETE, data=data)).status_code == 303
    await fediverse.settle()

    async with fediverse.client(alder) as anybody:
        page = await anybody.get(f"/p/{alone.short}", follow_redirects=True)
        assert page.status_code == 200
        assert "Former member" in page.text
        assert "maya" not in page.text.lower()
        assert "It helped." in page.text
        document = (await anybody.get(alone.uri, headers={"accept": "application/activity+json"})).json()
        assert document["attributedTo"] != maya.uri
        former = await anybody.get("/@former-member")
        assert former.status_code == 200
        page = await anybody.get(f"/p/{together.short}", follow_redirects=True)
        assert "tom Zq" in page.text
        assert "ben Zq" not in page.text
        for gone in (note, other):
            assert (await anybody.get(f"/p/{gone.short}", follow_redirects=True)).status_code in {404, 410}
        for uri in (maya.uri, ben.uri):
            assert (await anybody.get(uri, headers={"accept": "application/activity+json"})).status_code == 410
    for post in (alone, together):
        far = await found(birch, post.uri)
        assert far is None or far.state == "deleted", "copies elsewhere are deleted"
    with alder.db.bind():
        counts = await alder.db.rows("SELECT username, posts_count FROM actor WHERE is_local ORDER BY username")
        assert await alder.db.value("SELECT count(*) FROM media WHERE owner_id = :id", id=maya.id) == 0
    known = {row["username"]: row["posts_count"] for row in counts}
    assert (known["former-member"], known["tom"], known["maya"], known["ben"]) == (1, 2, 0, 0)
    for name in ("maya", "former-member"):  # a name that was somebody's is nobody's any more
        with pytest.raises(Invalid):
            await ana.here.run(accounts.create_account, alder, name=name, email=None, password=PASSWORD)
