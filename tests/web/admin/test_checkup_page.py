"""Whether an installation is well, what was tried, and when it was saved last: for admins, in the browser."""

import pytest

from server.accounts import site
from server.checkup import actions
from server.errors import NotAllowed
from server.peers import actions as peers
from tests.conftest import Fediverse
from tests.interop.live import free_port
from tests.posting import community, write


async def test_r10_what_is_not_well_stands_first(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example", smtp_url=f"smtp://127.0.0.1:{free_port()}")
    maya = await fediverse.person(here, "maya")
    ana = await fediverse.person(here, "ana", role="admin")
    for act in (actions.ask_for_a_look, actions.ask_for_a_mail):
        with pytest.raises(NotAllowed):
            await maya.do(act, *(["maya@alder.example"] if act is actions.ask_for_a_mail else []))
    async with fediverse.client(here, ana) as browser:
        assert "Nothing yet" in (await browser.get("/admin/check")).text
        assert (await browser.post("/admin/check/again")).status_code == 303
        assert (await browser.post("/admin/check/mail", data={"to": "nobody"})).status_code == 422
        assert (await browser.post("/admin/check/mail", data={"to": "ana@alder.example"})).status_code == 303
        assert "is being sent" in (await browser.get("/admin/check")).text
        await fediverse.settle()
        page = (await browser.get("/admin/check")).text
        assert "alder.example cannot be reached over TLS" in page
        assert "does not answer" in page
        assert "a file was written, read and deleted" in page
        assert "The mail server did not take it" in page
        assert "No backup within a week" in page
        home = (await browser.get("/admin")).text
        assert "2 things of this installation are not well" in home
        assert "There is no backup of this week" in home


async def test_r9_a_backup_is_noted_and_grows_old(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    ana = await fediverse.person(here, "ana", role="admin")
    async with fediverse.client(here, ana) as browser:
        with here.db.bind():
            await actions.note_backup(here.db, here.clock.now(), 12_300_000)
        page = (await browser.get("/admin/check")).text
        assert "12.3 MB" in page
        assert "No backup within a week" not in page
        fediverse.clock.advance(9 * 86_400)
        assert "There is no backup of this week" in (await browser.get("/admin")).text


async def test_n3_the_first_day_is_five_steps_that_go_away(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    ana = await fediverse.person(here, "ana", role="admin")
    async with fediverse.client(here, ana) as browser:
        assert "0 of 5 done" in (await browser.get("/admin")).text
        await here.run(site.save, here, "@ana", {"guidelines": "Be kind.", "contact": "Ana"})
        await community(ana)
        await write(ana, kind="practice")
        await write(ana, kind="session")
        assert "4 of 5 done" in (await browser.get("/admin")).text
        for name in ("maya", "tom", "ines", "lena"):
            await fediverse.person(here, name)
        assert "The first day" not in (await browser.get("/admin")).text
        assert 'href="/help"' in (await browser.get("/admin")).text, "in the same place on every page"


async def test_n16_a_newer_version_is_heard_of_from_servers_that_we_know_and_from_nobody_else(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await fediverse.start("alder.example")
    ana = await fediverse.person(here, "ana", role="admin")
    for host in ("birch.example", "cedar.example"):
        await fediverse.start(host)
    monkeypatch.setattr(actions, "VERSION", "0.0.9")

    async def said() -> str:
        await here.run(actions.look, here)
        async with fediverse.client(here, ana) as browser:
            return (await browser.get("/admin/check")).text

    assert "No server that we know runs a newer one" in await said()
    await here.run(peers.note_seen, here, "birch.example", software="peerhall")
    assert "No server that we know runs a newer one" in await said(), "anybody can claim any version"
    await here.run(peers.note_seen, here, "cedar.example", software="peerhall")
    assert "runs 0.1.0: read what changed" in await said()
