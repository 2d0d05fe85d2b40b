"""One tap on the page of a question or practice: "me too", "I would try it" (D3, D12)."""

from tests.posting import write
from tests.web.practices.test_practice_pages import check


async def test_d3_d12_one_tap_is_undone_by_the_same_tap(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    ask = await write(maya, kind="ask", title="How do you begin?", visibility="public")
    tip = await write(maya, kind="tip", title="Stand at the door", visibility="public")
    async with fediverse.client(here, tom) as client:
        for post, words in ((ask, "Me too"), (tip, "I would try it")):
            page = (await client.get(f"/p/{post.short}", follow_redirects=True)).text
            check(page)
            assert words in page
            assert (await client.post(f"/p/{post.short}/echo")).status_code == 303
            page = (await client.get(f"/p/{post.short}", follow_redirects=True)).text
            assert f'action="/p/{post.short}/unecho"' in page
        assert (await client.post(f"/p/{tip.short}/unecho")).status_code == 303
    async with fediverse.client(here, maya) as client:
        assert (await client.post(f"/p/{ask.short}/echo")).status_code == 403
        page = (await client.get(f"/p/{ask.short}", follow_redirects=True)).text
        assert "One person asks the same" in page
        assert "tom" not in page.lower().replace("bottom", "").replace("custom", "")
        assert "would try it" not in (await client.get(f"/p/{tip.short}", follow_redirects=True)).text
