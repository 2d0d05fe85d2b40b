"""Those who lead read sums, and nothing of anybody (N1)."""

from datetime import timedelta

from tests.conftest import Fediverse
from tests.posting import write


async def test_n1_sums_are_for_those_who_lead_and_name_nobody(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    for count in range(4):
        writer = await fediverse.person(here, f"writer{count}")
        for _ in range(2):
            await write(writer, kind="practice", visibility="public")
    fediverse.clock.advance(timedelta(days=90).total_seconds())
    ana = await fediverse.person(here, "ana", role="admin")
    maya, lena = await fediverse.person(here, "maya"), await fediverse.person(here, "lena")
    async with fediverse.client(here, lena) as browser:
        assert (await browser.get("/sums")).status_code == 404
        assert (await browser.get("/sums/brief")).status_code == 404
        assert (await browser.post("/sums", data={"handle": "lena"})).status_code == 404
    async with fediverse.client(here, ana) as browser:
        refused = await browser.post("/sums", data={"handle": "nobody@there"})
        assert refused.status_code == 422
        assert "nobody@there" in refused.text
        assert (await browser.post("/sums", data={"handle": "@lena"})).status_code == 303
        assert "@lena" in (await browser.get("/sums")).text
    async with fediverse.client(here, lena) as browser:
        page = (await browser.get("/sums")).text
        assert "2026-Q1" in page
        assert page.count("under 5") == 5, "four writers are too few to say how much they shared"
        assert "Who reads this page" not in page
        await write(maya, "MARK", kind="practice", title="MARK", visibility="public")
        await here.run(here.db.execute, "UPDATE post SET published_at = published_at - 86400000 WHERE title = 'MARK'")
        await here.run(
            here.db.execute, "UPDATE post SET published_at = :then", then=here.clock.now() - timedelta(days=60)
        )
        for page in ((await browser.get("/sums")).text, (await browser.get("/sums/brief")).text):
            assert ">10<" in page, "nine are said as ten"
            assert "MARK" not in page
            assert "writer" not in page
        assert (await browser.get("/admin")).status_code == 404, "it gives nothing else"
        assert "2025-Q4" in (await browser.get("/sums?quarter=2025-Q4")).text
        assert "2026-Q1" in (await browser.get("/sums?quarter=2099-Q1")).text
    async with fediverse.client(here, ana) as browser:
        account = await here.run(here.db.value, "SELECT account_id FROM leader")
        await browser.post("/sums", data={"account": account})
    async with fediverse.client(here, lena) as browser:
        assert (await browser.get("/sums")).status_code == 404
