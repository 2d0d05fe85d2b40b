"""The page of deliveries and the figures for monitoring: who sees them, filters, pages, and what can be done."""

import httpx

from server.fediverse import deliveries
from server.instance import Instance
from tests.conftest import Fediverse, Person


async def peers(here: Instance, count: int) -> None:
    """Every third waits, every third of the others fails too, every third of these is paused."""
    now = here.clock.now()
    await here.db.execute(
        "INSERT INTO outgoing (activity_id, sender, inboxes, dialects, body, created_at, expires_at, spread_at)"
        " VALUES ('https://birch.example/ap/a/1', 'x', '[]', '', '{}', :now, :now, :now)",
        now=now,
    )
    seq = await here.db.value("SELECT max(seq) AS seq FROM outgoing")
    for number in range(count):
        waits, fails, paused = number % 3 == 0, number % 9 == 0, number % 27 == 0
        await here.db.execute(
            "INSERT INTO peer (host, grade, note, software, dialect, first_seen_at, cursor_seq, wanted_seq, attempts,"
            " paused, failing_since, next_try_at, last_error)"
            " VALUES (:host, 'normal', '', '', 'unknown', :now, :cursor, :seq, :attempts, :paused, :since, :next,"
            " :error)",
            host=f"h{number:03}.example",
            now=now,
            cursor=seq - 1 if waits else seq,
            seq=seq,
            attempts=3 if fails else 0,
            paused=paused,
            since=now if fails else None,
            next=now if fails else None,
            error="The name could not be resolved." if fails else None,
        )


async def test_only_admins_see_deliveries(fediverse: Fediverse) -> None:
    here = await fediverse.start("birch.example")
    member = await fediverse.person(here, "bruno")
    async with fediverse.client(here, member) as browser:
        assert (await browser.get("/admin/deliveries")).status_code in {403, 404}
    async with fediverse.client(here) as browser:
        assert (await browser.get("/admin/deliveries")).status_code != 200


async def test_deliveries_by_state_page_after_page(fediverse: Fediverse) -> None:
    here = await fediverse.start("birch.example")
    ana: Person = await fediverse.person(here, "ana", role="admin")
    await here.run(peers, here, 120)
    for state, expected in (("", 120), ("waiting", 40), ("failing", 14), ("paused", 5)):
        found = await here.run(deliveries.hosts, here, state=state, limit=500)
        assert len(found) == expected
    async with fediverse.client(here, ana) as browser:
        page = await browser.get("/admin/deliveries")
        assert page.text.count("data-item") == 50
        assert "/admin/deliveries?after=h049.example" in page.text
        page = await browser.get("/admin/deliveries?after=h099.example")
        assert page.text.count("data-item") == 20
        page = await browser.get("/admin/deliveries?state=failing")
        assert "The name could not be resolved." in page.text
        assert "h009.example" in page.text
        assert "h010.example" not in page.text
        assert (await browser.get("/admin/deliveries?state=other&after=zz")).status_code == 200
        done = await browser.post("/admin/servers/h009.example/pause", data={"back": "deliveries"})
        assert done.headers["location"] == "/admin/deliveries"
        asked = await browser.post("/admin/servers/h009.example/drop")
        assert "It is never delivered." in asked.text
        await browser.post("/admin/servers/h009.example/drop", data={"confirmed": "yes"})
    found = await here.run(deliveries.hosts, here, state="paused", after="h000.example", limit=1)
    assert (found[0].host, found[0].state, found[0].waiting) == ("h009.example", "paused", 0)
    assert "peer.drop" in {row["action"] for row in await here.run(here.db.rows, "SELECT action FROM audit_entry")}


async def test_figures_for_monitoring(fediverse: Fediverse) -> None:
    here = await fediverse.start("birch.example")
    await here.run(peers, here, 28)
    fediverse.clock.advance(60)
    lines = dict(line.rsplit(" ", 1) for line in await here.run(deliveries.figures, here))
    assert lines["peerhall_hosts_waiting"] == "10"
    assert (lines["peerhall_hosts_failing"], lines["peerhall_hosts_paused"]) == ("4", "2")
    assert lines["peerhall_outgoing_oldest_seconds"] == "60.0"
    assert lines['peerhall_deliveries_total{outcome="retry"}'] == "0"
    assert float(lines["peerhall_signatures_total"]) >= 0
    assert lines["peerhall_connections_open"] == "0"
    async with fediverse.client(here) as browser:
        assert isinstance(browser, httpx.AsyncClient)
        answer = await browser.get("/metrics")
        assert answer.status_code in {200, 404}, "for this machine only"
