"""Support groups (D8): confidential, screened, uncounted, with helplines that an admin writes and their one limit."""

from dataclasses import replace

import pytest

from server.communities import actions
from server.communities.form import CommunityForm
from server.consortium.numbers import counted, quarter_before
from server.errors import Invalid
from server.week.meanwhile import silent
from tests.posting import community, document, join, reply, write
from tests.web.practices.test_practice_pages import check

FORM = CommunityForm(name="Carers", slug="carers", purpose="To listen.", kind="support", visibility="members")
LIMIT = "If somebody is in danger, those who look after this group will act"


async def test_d8_a_support_group_is_confidential_and_screened(fediverse):
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    for change in ({"visibility": "public"}, {"visibility": "instance"}, {"join_policy": "open"}):
        values = {"visibility": "members", "join_policy": "apply"} | change
        with pytest.raises(Invalid) as refusal:
            await community(maya, "carers", kind="support", **values)
        assert refusal.value.field == next(iter(change))


async def test_d8_it_begins_from_a_template_and_says_where_confidentiality_ends(fediverse):
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    ana = await fediverse.person(here, "ana", role="admin")
    async with fediverse.client(here, maya) as client:
        page = (await client.get("/communities/new?template=support")).text
        check(page)
        assert "There is one limit: if somebody is in danger" in page
        sent = {"template": "support", "name": "", "purpose": "To listen.", "kind": "support", "visibility": "members"}
        sent |= {"join_policy": "open", "guidelines": "1. What is said here stays here.", "slug": "carers"}
        refused = await client.post("/communities/new", data=sent)
        assert refused.status_code == 422
        check(refused.text)
        assert "People ask for a place in a support group, or are invited." in refused.text
        assert "1. What is said here stays here." in refused.text
        sent |= {"name": "Carers", "join_policy": "apply", "questions": "What would you like support with?"}
        assert (await client.post("/communities/new", data=sent)).headers["location"] == "/c/carers"
        page = (await client.get("/c/carers")).text
        check(page)
        assert LIMIT in page
        assert "No helplines have been written down for this server yet" in page
        assert "/admin/site" not in page
    async with fediverse.client(here, ana) as client:
        form = {"name": "Alder", "accent": "#2f6f5e", "registration": "open", "default_licence": "CC-BY-4.0"}
        refused = await client.post("/admin/site", data=form | {"helplines": "x" * 2001})
        assert refused.status_code == 422
        assert 'href="/admin/site"' in (await client.get("/c/carers")).text
        lines = "**The nurse** on the second floor, <script>alert(1)</script> until four"
        assert (await client.post("/admin/site", data=form | {"helplines": lines})).status_code == 303
    async with fediverse.client(here, tom) as client:
        for path in ("/c/carers", "/c/carers/apply"):
            page = (await client.get(path)).text
            check(page)
            assert LIMIT in page
            assert "<strong>The nurse</strong> on the second floor" in page
            assert "<script>alert" not in page
            assert "No helplines" not in page
        assert "What would you like support with?" in page
        assert "1 member" not in page
        assert "1 member" not in (await client.get("/communities")).text
        answers = {f"q{number}": "Listening." for number in range(4)} | {"accepts_guidelines": "1"}
        assert (await client.post("/c/carers/apply", data=answers)).status_code == 303
        assert "You have asked to join" in (await client.get("/c/carers")).text
    async with fediverse.client(here) as client:
        assert (await client.get("/c/carers")).status_code == 404


async def test_d8_nothing_of_it_is_counted_or_leaves(fediverse):
    here = await fediverse.start("alder.example")
    people = [await fediverse.person(here, name) for name in ("maya", "tom", "ada", "kim", "joe", "ben")]
    maya, *others = people
    lee = await fediverse.person(await fediverse.start("birch.example"), "lee")
    open_group, group = (
        await community(maya),
        await maya.do(actions.create_community, replace(FORM, join_policy="apply")),
    )
    for person in others:
        await person.do(actions.apply, group.id, ["Listening."] * 3)
        await maya.do(actions.decide_application, group.id, person.id, accept=True)
    await join(lee, open_group)
    await fediverse.settle()
    for person in people:
        post = await write(person, "A hard week", kind="tip", community_id=group.id, visibility="members", title="")
        await reply(maya, post, "I am listening", visibility="members")
    await write(maya, community_id=open_group.id)
    await fediverse.settle()
    rows = await here.run(here.db.rows, "SELECT id, posts_count, last_post_at FROM community")
    numbers = {row["id"]: (row["posts_count"], row["last_post_at"]) for row in rows}
    assert numbers[group.id] == (0, None)
    assert numbers[open_group.id][0] == 1
    fediverse.clock.advance(100 * 86_400)
    assert await maya.do(silent) == []
    assert "practices" not in await here.run(counted, here, quarter_before(fediverse.clock.now()))
    async with fediverse.client(here, maya) as client:
        assert (await client.get("/c/carers/needs")).status_code == 404
    async with fediverse.client(here) as client:
        assert (await client.get("/nodeinfo/2.1")).json()["usage"]["localPosts"] == 1
    for uri in (post.uri, group.uri, f"{group.uri}/outbox", f"{group.uri}/followers"):
        assert (await document(fediverse, here, uri))[0] == 404
    sent = await here.run(here.db.rows, "SELECT * FROM sent_activity")
    assert "A hard week" not in str(sent)
    assert group.uri not in str(sent)
