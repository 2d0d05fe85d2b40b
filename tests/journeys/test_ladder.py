"""From oneself to everybody: a draft is shown to one person first (B11), and its author widens what is shared (B15)."""

import pytest

from server.actors.boundaries import set_boundary
from server.beforehand import actions as beforehand
from server.beforehand.models import FirstReader, FirstRemark
from server.errors import Invalid, NotFound
from server.posts import actions as posts
from server.posts import queries, widening
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.search import queries as search
from tests.apps import app_of
from tests.posting import community, document, follow, found, join, write
from tests.web.practices.test_practice_pages import check

WORDS = "zqhalfdonezq"


async def draft_of(person, **facts):
    """Something that nobody else has seen."""
    form = PracticeForm(title="Half done", promise=WORDS, problem=WORDS, steps=(WORDS,), text="", **facts)
    return await person.do(practices.save_draft, form)


async def test_b11_a_draft_is_shown_to_one_person_first_and_to_nobody_else(fediverse):
    here = await fediverse.start("alder.example")
    maya, tom, eve = [await fediverse.person(here, name) for name in ("maya", "tom", "eve")]
    ana, lee = await fediverse.person(here, "ana", role="admin"), await fediverse.person(here, "lee")
    birch = await fediverse.person(await fediverse.start("birch.example"), "birch")
    await here.run(lambda: set_boundary(here, lee.viewer, direct="nobody", mention="everyone", quiet=False))
    draft = await draft_of(maya)
    path = f"/beforehand/{draft.short}"
    for handle in ("@nobody", "@maya", "@lee", birch.viewer.full_handle):
        with pytest.raises(Invalid) as refusal:
            await maya.do(beforehand.show_to, draft.id, handle)
        assert refusal.value.field == "handle"
    with pytest.raises(NotFound):
        await ana.do(beforehand.show_to, draft.id, "@ana")
    async with fediverse.client(here, maya) as client:
        check((await client.get(path)).text)
        refused = await client.post(path, data={"handle": "@nobody", "note": "Is it clear?"})
        assert refused.status_code == 422
        check(refused.text)
        assert "Is it clear?" in refused.text
        assert (await client.post(path, data={"handle": "@tom", "note": "Is it clear?"})).status_code == 303
    await fediverse.settle()
    async with fediverse.client(here, tom) as client:
        assert "shows you a draft" in (await client.get("/notifications")).text
        listed = (await client.get("/beforehand")).text
        check(listed)
        assert "Half done" in listed
        page = (await client.get(path)).text
        check(page)
        assert WORDS in page
        assert "Is it clear?" in page
        assert (await client.post(f"{path}/remarks", data={"text": ""})).status_code == 422
        assert (await client.post(f"{path}/remarks", data={"text": "Step one needs a time."})).status_code == 303
        assert (await client.get(f"/p/{draft.short}")).status_code == 404
        assert (await client.post(f"{path}/back")).status_code == 404
    async with fediverse.client(here, maya) as client:
        assert "Step one needs a time." in (await client.get(path)).text
    # Whoever looks after this server sees as little of it as everybody else, and so does an app of the reader.
    for other in (eve, ana, None):
        async with fediverse.client(here, other) as client:
            for address in (path, f"/p/{draft.short}"):
                assert (await client.get(address)).status_code in {404, 303}, address
            assert (await client.post(f"{path}/remarks", data={"text": "x"})).status_code in {404, 303}
    app = await app_of(fediverse, here, tom)
    assert WORDS not in str(await app.get("/api/v1/timelines/home"))
    assert [each.id for each in (await tom.do(search.search_posts, WORDS)).posts] == []
    assert (await document(fediverse, here, draft.uri))[0] == 404
    # Another reader begins anew; shared, it is answered where everybody reads it, and nothing of this is left.
    await maya.do(beforehand.show_to, draft.id, "@eve")
    async with fediverse.client(here, tom) as client:
        assert (await client.get(path)).status_code == 404
    async with fediverse.client(here, eve) as client:
        assert "Step one needs a time." not in (await client.get(path)).text
    await eve.do(beforehand.remark, draft.id, "Good.")
    await maya.do(posts.publish_post, draft.id, visibility="public")
    for table in (FirstReader, FirstRemark):
        assert await here.run(table.get_or_none, id__gte="") is None
    async with fediverse.client(here, eve) as client:
        assert (await client.get(path)).status_code == 404


async def test_b15_only_its_author_widens_and_sees_for_how_many_it_is(fediverse):
    here = await fediverse.start("alder.example")
    birch = await fediverse.start("birch.example")
    maya, tom, ana = [await fediverse.person(here, name) for name in ("maya", "tom", "ana")]
    lee, far = await fediverse.person(birch, "lee"), await fediverse.person(birch, "far")
    group, closed = await community(maya), await community(maya, "room", visibility="members", join_policy="apply")
    for person in (tom, lee):
        await join(person, group)
    await follow(far, maya)
    await fediverse.settle()
    fediverse.watch.let_deliveries_pass()  # Lemmy knows no words for members alone in a public community
    post = await write(maya, WORDS, title=WORDS, visibility="private", community_id=group.id)
    assert await tom.do(queries.show, post.id) is None
    for other in (tom, ana):
        with pytest.raises(NotFound):
            await other.do(widening.widen, post.id, "public")
        async with fediverse.client(here, other) as client:
            assert (await client.post(f"/p/{post.short}/widen", data={"wider": "public"})).status_code == 404
    inside = await write(maya, "Inside", visibility="private", community_id=closed.id)
    secret = await write(maya, "Secret", visibility="members", community_id=closed.id, confidential=True)
    for each, wanted in (
        (inside, "public"),
        (inside, "instance"),
        (secret, "public"),
        (post, "private"),
        (post, "direct"),
    ):
        with pytest.raises(Invalid):
            await maya.do(widening.widen, each.id, wanted)
    async with fediverse.client(here, maya) as client:
        page = (await client.get(f"/p/{post.short}/audience", follow_redirects=True)).text
        check(page)
        assert "Members of Science — 3 people on 2 servers" in page
        assert "Everyone on the web" in page
        refused = await client.post(f"/p/{post.short}/widen", data={"wider": "everybody"})
        assert refused.status_code == 422
        check(refused.text)
        assert (await client.post(f"/p/{post.short}/widen", data={"wider": "members"})).status_code == 303
    await fediverse.settle()
    assert await tom.do(queries.show, post.id) is not None
    copy = await found(birch, post.uri)
    assert copy is not None
    assert copy.visibility == "members"
    assert await far.do(queries.show, copy.id) is None
    await maya.do(widening.widen, post.id, "public")
    await fediverse.settle()
    assert (await document(fediverse, here, post.uri))[0] == 200
    async with fediverse.client(here) as client:
        assert WORDS in (await client.get(f"/p/{post.short}", follow_redirects=True)).text
    assert (await found(birch, post.uri)).visibility == "members", "who has it keeps it as it was shared with them"
    told = await here.run(here.db.rows, "SELECT posts_count FROM community WHERE id = :id", id=group.id)
    assert told[0]["posts_count"] == 1
