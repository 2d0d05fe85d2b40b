"""One's own data: what is known, what was agreed to, and archives with all of it and nothing of anybody else (S36)."""

import io
import json
import re
import zipfile
from typing import Any

from starlette.requests import Request

from server.actors import blocking, muting
from server.consortium import numbers
from server.db.schema import read_schema
from server.media import actions as media
from server.moderation import actions as moderation
from server.moderation.actions import NewReport
from server.posts import marks
from server.privacy import actions, classes, consents, retention
from server.privacy.models import Consent, DataExport
from tests.conftest import PASSWORD, Fediverse, Person
from tests.counting import statements
from tests.posting import community, follow, join, reply, write
from web.privacy import words

DATA, CONSENTS = "/settings/data", "/settings/consents"


async def exports(here: Any) -> list[DataExport]:
    with here.db.bind():
        return await DataExport.all()


async def archive(fediverse: Fediverse, person: Person) -> dict[str, bytes]:
    """Ask for one, fetch it, and open all of its parts."""
    here = person.here
    async with fediverse.client(here, person) as browser:
        assert (await browser.post(f"{DATA}/archives", data={"password": PASSWORD})).status_code == 303
        await fediverse.settle()
        page = (await browser.get(DATA)).text
        path = re.search(rf'action="({DATA}/archives/\w+)"', page)
        assert path is not None
        found: dict[str, bytes] = {}
        for part in re.findall(r'name="part" value="(\d+)"', page):
            answer = await browser.post(path[1], data={"password": PASSWORD, "part": part})
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-store"
            with zipfile.ZipFile(io.BytesIO(answer.content)) as opened:
                found |= {name: opened.read(name) for name in opened.namelist()}
    return found


async def test_every_table_is_somebodys_or_says_why_not(fediverse: Fediverse) -> None:
    """A new table fails here: name it in `server/privacy/classes.py`, in HELD with whose its rows are, or in
    ABOUT_NOBODY with what is in it."""
    here = await fediverse.start("alder.example")
    tables = set(await here.run(read_schema, here.db))
    held = {item.table for item in classes.HELD}
    assert held | set(classes.ABOUT_NOBODY) == tables
    assert held & set(classes.ABOUT_NOBODY) == set()
    assert {item.of for item in classes.HELD} == set(classes.CLASSES)


async def test_s36_nobody_gets_what_is_anothers(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, eve = await fediverse.person(here, "amara"), await fediverse.person(here, "eve")
    await write(amara, "mine alone", visibility="private")
    for path in (DATA, CONSENTS):
        async with fediverse.client(here) as nobody:
            assert (await nobody.get(path)).status_code == 303
    async with fediverse.client(here, amara) as browser:
        stale = "UPDATE session SET proven_until = 1 WHERE account_id = :id"
        await here.run(here.db.execute, stale, id=amara.viewer.account_id)
        for wrong in ({}, {"proof_password": "wrong"}):
            stopped = await browser.post(f"{DATA}/archives?proof=1" if wrong else f"{DATA}/archives", data=wrong)
            assert stopped.status_code == (422 if wrong else 403)
        assert await exports(here) == []
        right = {"proof_password": PASSWORD}
        assert (await browser.post(f"{DATA}/archives?proof=1", data=right)).status_code == 303
        assert (await browser.post(f"{DATA}/archives")).status_code == 422, "one in 12 h"
        (export,) = await exports(here)
        assert (export.state, len(export.parts)) == ("ready", 1), "a small account has it at once"
        path, right = f"{DATA}/archives/{export.id}", {"part": "0"}
        for part in ("1", "-1", "x", ""):
            assert (await browser.post(path, data=right | {"part": part})).status_code == 404
        assert (await browser.get(f"/media/{export.parts[0]['key']}")).status_code == 404, "it lies in no public place"
        async with fediverse.client(here, eve) as other, fediverse.client(here) as nobody:
            assert (await other.post(path, data=right)).status_code == 404
            assert (await other.post(f"{path}/discard")).status_code == 404
            assert (await nobody.post(path, data=right)).status_code == 303
        assert (await browser.post(path, data=right)).status_code == 200
        fediverse.clock.advance(7 * 86_400 + 1)
        late = await browser.post(f"{path}?proof=1", data=right | {"proof_password": PASSWORD})
        assert late.status_code in {303, 404}
    await fediverse.settle()
    assert await exports(here) == []
    assert await here.run(actions.storage(here).size, export.parts[0]["key"]) is None


async def test_an_archive_has_everything_of_mine_and_nothing_private_of_others(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, ben = await fediverse.person(alder, "amara"), await fediverse.person(alder, "ben")
    bruno = await fediverse.person(birch, "bruno")
    group = await community(ben, "science")
    await join(amara, group)
    for person, target in ((amara, bruno), (bruno, amara), (ben, amara)):
        await follow(person, target)
    await fediverse.settle()
    shared = await write(amara, "MINE-public", title="Exit tickets", community_id=group.id)
    await write(amara, "MINE-alone", visibility="private")
    await reply(amara, shared, "MINE-direct @ben", visibility="direct")
    file = await alder.run(media.upload_document, alder, amara.id, b"MINE-file", "notes.txt")
    await alder.run(media.attach, alder, amara.id, [file.id])
    await alder.run(muting.note, alder, amara.id, ben.id, "MINE-note")
    await alder.run(muting.mute, alder, amara.id, ben.id)
    await alder.run(blocking.block, alder, amara.id, (await fediverse.person(alder, "eve")).id)
    await alder.run(muting.block_host, alder, amara.id, "cedar.example")
    theirs = await write(ben, "open", title="Of Ben")
    await amara.do(marks.bookmark_post, theirs.id)
    # Ben's, all of it about or beside Amara.
    await write(ben, "THEIRS-alone", visibility="private", title="THEIRS-title")
    await write(ben, "THEIRS-members", visibility="members", community_id=group.id)
    await reply(ben, shared, "THEIRS-direct @bruno@birch.example", visibility="direct")
    await alder.run(muting.note, alder, ben.id, amara.id, "THEIRS-note")
    await ben.do(moderation.report, NewReport("other", "THEIRS-report", person_id=amara.id))
    await fediverse.settle()

    found = await archive(fediverse, amara)
    everything = b"\n".join(found.values()).decode()
    for mine in ("MINE-public", "MINE-alone", "MINE-direct", "MINE-note", "MINE-file"):
        assert mine in everything
    assert "THEIRS" not in everything
    assert "password_hash" not in everything
    assert str(ben.viewer.account_id) not in everything
    assert {f"everything/{key}.json" for key in classes.CLASSES} <= set(found)
    assert json.loads(found["actor.json"])["id"] == amara.uri
    outbox = json.loads(found["outbox.json"])
    assert [item["type"] for item in outbox["orderedItems"]] == ["Create"]
    assert outbox["orderedItems"][0]["object"]["id"] == shared.uri
    assert "MINE-alone" in found["posts/1.html"].decode()
    lists = {name[4:-4]: data.decode().splitlines() for name, data in found.items() if name.startswith("csv/")}
    assert lists["following_accounts"][1] == "bruno@birch.example,true,false,"
    assert set(lists["followers"][1:]) == {"bruno@birch.example", "ben@alder.example"}
    assert lists["muted_accounts"] == ["Account address,Hide notifications", "ben@alder.example,true"]
    assert lists["blocked_accounts"] == ["Account address", "eve@alder.example"]
    assert (lists["blocked_domains"], lists["bookmarks"]) == (["cedar.example"], [theirs.uri])
    assert [line.split(",")[0] for line in lists["servers"]] == ["Server", "birch.example"]

    async with fediverse.client(alder, amara) as browser:
        with statements(alder) as log:
            page = (await browser.get(DATA)).text
    assert len(log) <= 12, log
    assert "birch.example" in page


async def test_what_one_agreed_to_is_one_thing_at_a_time_and_can_be_taken_back(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    people = [await fediverse.person(here, f"p{number}") for number in range(6)]
    amara = people[0]
    async with fediverse.client(here, amara) as browser:
        page = (await browser.get(CONSENTS)).text
        assert page.count("you have not chosen yet") == 5
        refused = await browser.post(CONSENTS, data={"agreed": ["directory", "named", "asked", "counted"]})
        assert refused.status_code == 422, "nothing says what one may be asked about"
        assert 'value="asked" checked' in refused.text
        assert (await browser.post(CONSENTS, data={"agreed": ["indexed", "nonsense"]})).status_code == 303
        page = (await browser.get(CONSENTS)).text
        assert re.findall(r'value="(\w+)" checked', page) == ["indexed"]
        fediverse.clock.advance(1)
        await browser.post("/settings/profile", data={"name": "Amara", "discoverable": "1"})
    with here.db.bind():
        kept = await Consent.filter(account_id=amara.viewer.account_id).order_by("id")
        actor = await here.db.row("SELECT discoverable, indexable FROM actor WHERE id = :id", id=amara.id)
        counted = await numbers.counted(here, numbers.quarter_before(fediverse.clock.now()))
    said = [(item.kind, item.given, item.place) for item in kept]
    switched = ("indexed", "directory", "named", "counted")
    assert set(said[:4]) == {(kind, kind == "indexed", "consents") for kind in switched}
    assert set(said[4:]) == {("indexed", False, "settings"), ("directory", True, "settings")}
    assert (bool(actor["discoverable"]), bool(actor["indexable"])) == (True, False)
    assert counted["people"] == 5, "six are here, and one is left out"


def test_every_class_of_data_and_every_consent_has_words() -> None:
    request = Request({"type": "http", "headers": [], "state": {}})
    assert set(words.classes(request, retention.USUAL)) == set(classes.CLASSES)
    assert set(words.consents(request)) == set(consents.KINDS)
