"""Another way (A17) on the page of a question: a box to tick, a place beside the others, a question when all agree."""

import re

from tests.posting import community, join, write
from tests.web.practices.test_practice_pages import check

AGREE = "Everybody says much the same so far."


async def asked(fediverse):
    here = await fediverse.start("alder.example")
    maya, tom, ada = [await fediverse.person(here, name) for name in ("maya", "tom", "ada")]
    group = await community(maya, "science")
    for person in (tom, ada):
        await join(person, group)
    ask = await write(maya, "With half of them late.", kind="ask", title="How do you begin?", community_id=group.id)
    return here, maya, tom, ada, ask


async def test_a17_a_refused_answer_keeps_the_tick(fediverse) -> None:
    here, _, tom, _, ask = await asked(fediverse)
    async with fediverse.client(here, tom) as client:
        refused = await client.post(
            f"/p/{ask.short}/reply", data={"content": " ", "another_way": "1", "language": "en"}
        )
    assert refused.status_code == 422
    check(refused.text)
    assert refused.text.partition('name="another_way"')[2].partition(">")[0].endswith("checked")


async def test_a17_other_ways_stand_beside_each_other_and_are_asked_for(fediverse) -> None:
    here, _, tom, ada, ask = await asked(fediverse)
    page = f"/p/{ask.short}/reply"
    async with fediverse.client(here, tom) as client:
        assert AGREE not in (await client.get(ask.url)).text
        for words in ("With a question.", "With two questions."):
            await client.post(page, data={"content": words, "language": "en"})
        agreed = await client.get(ask.url)
        check(agreed.text)
        assert AGREE in agreed.text
    async with fediverse.client(here, ada) as client:
        for words in ("With a riddle.", "On the stairs."):
            sent = {"content": words, "language": "en", "another_way": "1"}
            assert (await client.post(page, data=sent)).status_code == 303
        shown = await client.get(ask.url)
        check(shown.text)
        assert AGREE not in shown.text
        beside, _, below = shown.text.partition('<ol class="ways">')[2].partition("</ol>")
        assert [words in beside for words in ("With a riddle.", "On the stairs.", "With a question.")] == [
            True, True, False,
        ]  # fmt: skip
        assert "With a question." in below
        first = re.search(r'id="reply-\w{18}(\w{8})"', shown.text)[1]
        edit = await client.get(f"/p/{first}/edit")
        check(edit.text)
        assert 'name="another_way"' in edit.text
