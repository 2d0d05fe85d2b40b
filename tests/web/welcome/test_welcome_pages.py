"""The front page and what this server says of itself."""

import pytest


@pytest.mark.parametrize(
    ("mode", "words"), [("open", "Everybody may join"), ("invite", "by invitation"), ("closed", "Nobody new")]
)
async def test_the_front_page_says_who_may_join(fediverse, mode, words):
    here = await fediverse.start("alder.example", registration=mode)
    async with fediverse.client(here) as browser:
        page = await browser.get("/")
        assert words in page.text
        for path in ("/about", "/privacy", "/accessibility"):
            assert (await browser.get(path)).status_code == 200


async def test_who_is_signed_in_goes_on_to_the_week(fediverse):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    async with fediverse.client(here, maya) as browser:
        assert (await browser.get("/")).headers["location"] == "/week"
