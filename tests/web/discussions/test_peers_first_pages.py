"""Peers first (D4) on pages: chosen when asking, a countdown for those whose answers wait, and a way past it."""

from tests.posting import community, join
from tests.web.practices.test_practice_pages import check

ASK = {
    "kind": "ask",
    "title": "How do you begin?",
    "content": "With half of them late.",
    "licence": "CC-BY-4.0",
    "language": "en",
    "peers_first": "1",
    "peers_first_hours": "4",
    "share": "1",
}


async def test_d4_from_asking_to_answering(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    await join(tom, await community(maya, "science"))
    async with fediverse.client(here, tom) as client:
        form = await client.get("/c/science/new?kind=ask")
        check(form.text)
        assert "Peers first" in form.text
        refused = await client.post("/c/science/new", data={**ASK, "title": ""})
        assert refused.status_code == 422
        assert refused.text.partition('name="peers_first"')[2].partition(">")[0].endswith("checked")
        assert (await client.post("/c/science/new", data={**ASK, "peers_first_hours": "400"})).status_code == 422
        address = (await client.post("/c/science/new", data=ASK)).headers["location"]
        page = await client.get(address)
        check(page.text)
        assert "Answers of those who look after this place wait." in page.text
        assert "This cannot wait" not in page.text
        tom_asks = f"/p/{address[-8:]}"
    async with fediverse.client(here) as client:
        assert "Peers first" not in (await client.get(address)).text
    async with fediverse.client(here, maya) as client:
        page = await client.get(address)
        check(page.text)
        assert "All are shown in 4 hours," in page.text
        assert "This cannot wait: somebody’s safety is at stake" in page.text
        sent = {"content": "With a list.", "language": "en"}
        kept = await client.post(f"{tom_asks}/reply", data=sent)
        waits = await client.get(kept.headers["location"].partition("#")[0])
        check(waits.text)
        assert "It waits: peers first" in waits.text
        reply = kept.headers["location"].partition("#reply-")[2][-8:]
    async with fediverse.client(here, tom) as client:
        assert "With a list." not in (await client.get(address)).text
        assert (await client.post(f"/p/{reply}/show-now")).status_code == 404
    async with fediverse.client(here, maya) as client:
        assert (await client.post(f"/p/{reply}/show-now")).status_code == 303
    async with fediverse.client(here, tom) as client:
        assert "With a list." in (await client.get(address)).text
