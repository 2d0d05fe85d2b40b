"""How people like to work (B16), titles out of sight (A21), what two did together (A15), and who leads whom (A10)."""

import pytest

from server.communities import members
from server.errors import Invalid
from server.workcards import actions as workcards
from server.workcards import queries
from server.workcards.actions import CardForm
from tests.apps import app_of
from tests.posting import community, document, join
from tests.web.practices.test_practice_pages import check

NEEDS = "zqcaptionszq"


async def test_b16_a15_a21_a10_cards_are_read_in_communities_and_needs_by_who_looks_after_them(fediverse):
    here = await fediverse.start("alder.example")
    maya, tom, ada, eve = [await fediverse.person(here, name) for name in ("maya", "tom", "ada", "eve")]
    ana = await fediverse.person(here, "ana", role="admin")
    group = await community(maya)
    for form, field in (
        (CardForm(pace="fast"), "pace"),
        (CardForm(answers="never"), "answers"),
        (CardForm(pronouns="x" * 61), "pronouns"),
        (CardForm(manager="@tom"), "manager"),
        (CardForm(access_needs="x" * 1001), "access_needs"),
    ):
        with pytest.raises(Invalid) as refusal:
            await tom.do(workcards.save, form)
        assert refusal.value.field == field
    async with fediverse.client(here, tom) as client:
        check((await client.get("/settings/working")).text)
        sent = {"pronouns": "they/them", "languages": "German", "pace": "later", "answers": "days"}
        sent |= {"access_needs": NEEDS, "manager": "@ada"}
        refused = await client.post("/settings/working", data=sent | {"pace": "fast"})
        assert refused.status_code == 422
        assert NEEDS in refused.text
        assert (await client.post("/settings/working", data=sent)).status_code == 303
        await client.post("/settings/profile", data={"name": "Tom", "field_name": "Role", "field_value": "Head of all"})
    for person in (tom, ada):
        await join(person, group)
    for reader, reads_card, reads_needs in (
        (maya, True, True),
        (ada, True, False),
        (eve, False, False),
        (ana, False, False),
    ):
        async with fediverse.client(here, reader) as client:
            page = (await client.get("/c/science/members")).text
            check(page)
            assert ("they/them" in page) == reads_card
            assert (NEEDS in page) == reads_needs
            assert "Head of all" not in page, "in groups nobody has a title"
            for address in ("/@tom", "/people", "/c/science"):
                assert NEEDS not in (await client.get(address)).text
                assert "they/them" not in (await client.get(address)).text
    await tom.do(workcards.save, CardForm(title="Head of all", manager="@ada", access_needs=NEEDS))
    async with fediverse.client(here, ada) as client:
        assert "Head of all" in (await client.get("/c/science/members")).text, "unless they want it seen"
        assert "Together in" in (await client.get("/@tom")).text
    async with fediverse.client(here, eve) as client:
        assert "Together in" not in (await client.get("/@tom")).text
    app = await app_of(fediverse, here, maya)
    assert NEEDS not in str(await app.get("/api/v1/directory", local="true"))
    assert NEEDS not in str((await document(fediverse, here, tom.viewer.actor_uri))[1])

    # Whom he says leads him is to look after him here: both hear of it, nobody else, and neither by whom it was said.
    kinds = "SELECT reader_id, kind, actor_id FROM notification WHERE kind IN ('led', 'leads') ORDER BY kind"
    assert await here.run(here.db.rows, kinds) == []
    await maya.do(members.set_role, group.id, ada.id, "facilitator")
    told = [dict(row) for row in await here.run(here.db.rows, kinds)]
    assert [(row["reader_id"], row["kind"], row["actor_id"]) for row in told] == [
        (ada.id, "leads", None),
        (tom.id, "led", None),
    ]
    async with fediverse.client(here, ada) as client:
        page = (await client.get("/notifications")).text
        check(page)
        assert "is led by you at work" in page
        assert "@tom" not in page.partition("is led by you")[2][:300]
        assert NEEDS not in (await client.get("/c/science/members")).text, "though she looks after it now"
        assert (await client.get("/settings/working")).text.count("@tom") == 0
    assert (await ada.do(queries.own)).access_needs == ""
