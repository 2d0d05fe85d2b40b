"""Pages of remixes as people use them without JavaScript: refusals first, then each way through."""

from dataclasses import replace

import pytest

from server.posts.models import Post
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.remixes import actions
from server.remixes.actions import ChangeNote
from tests.counting import statements
from tests.posting import follow, found
from tests.web.practices.test_practice_pages import check

FORM = PracticeForm(
    title="Exit tickets that work",
    subject="Science",
    steps=("Ask *one* question.", "Sort the slips."),
    evidence="From 9 to 3.",
    certainty="tried",
    nobody_identifiable=True,
    would_change="Two chairs.",
    licence="CC-BY-SA-4.0",
    visibility="public",
)
FILLED = {
    "speed": "full",
    "title": "Exit tickets in pairs",
    "promise": "Everybody answers.",
    "problem": "Half cannot write yet.",
    "steps": ["Ask one question, in pairs.", "Sort the slips."],
    "would_change": "It takes longer.",
    "licence": "CC-BY-SA-4.0",
    "language": "en",
    "visibility": "public",
    "what_changed": "They answer in pairs.",
    "why": "Half of mine cannot write yet.",
}


@pytest.fixture
async def two(fediverse):
    """Amara at Alder shared a practice, which Bruno at Birch has."""
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    await follow(bruno, amara)
    await fediverse.settle()
    post = await amara.do(practices.share, FORM)
    await fediverse.settle()
    there = await found(birch, post.uri)
    return amara, bruno, post, f"/p/exit-tickets-that-work-{there.short}"


async def test_s28_strangers_sign_in_and_what_is_private_is_not_there(fediverse, two):
    amara, bruno, _post, page = two
    secret = await amara.do(practices.share, replace(FORM, visibility="instance"))
    draft = await amara.do(practices.save_draft, FORM)
    async with fediverse.client(bruno.here) as client:
        assert (await client.get(f"{page}/remix")).headers["location"].startswith("/sign-in")
        assert (await client.post(f"{page}/remix", data=FILLED)).status_code == 303
        assert "/remix" not in (await client.get(page)).text
    async with fediverse.client(amara.here) as client:
        for short in (secret.short, draft.short, "00000000"):
            assert (await client.get(f"/p/x-{short}/lineage")).status_code == 404
    eve = await fediverse.person(amara.here, "eve")
    async with fediverse.client(amara.here, eve) as client:
        assert (await client.get(f"/p/x-{draft.short}/remix")).status_code == 404
        assert (await client.post(f"/p/x-{draft.short}/remix", data=FILLED)).status_code == 404
        assert (await client.get(f"/practices/remix/{draft.short}")).status_code == 404


async def test_a_refused_remix_keeps_everything(fediverse, two):
    _, bruno, _, page = two
    async with fediverse.client(bruno.here, bruno) as client:
        sent = {**FILLED, "why": "", "licence": "CC-BY-4.0", "share": "1"}
        answer = await client.post(f"{page}/remix", data=sent)
    assert answer.status_code == 422
    check(answer.text)
    for kept in ("Exit tickets in pairs", "They answer in pairs.", "Ask one question, in pairs."):
        assert kept in answer.text
    assert "Say why you changed it" in answer.text
    assert "Its licence wants the same licence" in answer.text


async def test_the_source_stands_beside_a_form_that_begins_with_its_words(fediverse, two):
    _amara, bruno, _, page = two
    async with fediverse.client(bruno.here, bruno) as client:
        shown = (await client.get(page)).text
        assert f'href="{page}/remix"' in shown
        form = (await client.get(f"{page}/remix")).text
    check(form)
    assert "Ask <em>one</em> question." in form
    assert "Ask *one* question.</textarea>" in form
    assert "From 9 to 3.</p>" in form
    assert "From 9 to 3.</textarea>" not in form
    assert 'value="CC-BY-SA-4.0"' in form
    assert 'value="CC-BY-4.0"' not in form
    assert "The licence stays CC BY-SA 4.0." in form


async def test_it_is_previewed_published_and_named_on_both_pages(fediverse, two):
    amara, bruno, post, page = two
    async with fediverse.client(bruno.here, bruno) as client:
        preview = await client.post(f"{page}/remix", data={**FILLED, "preview": "1"})
        check(preview.text)
        assert "This is a changed version of" in preview.text
        more = await client.post(f"{page}/remix", data={**FILLED, "add_step": "1"})
        assert "They answer in pairs." in more.text
        sent = await client.post(f"{page}/remix", data={**FILLED, "share": "1"})
        assert sent.status_code == 303
        shown = (await client.get(sent.headers["location"])).text
        check(shown)
        assert f'<a href="{page}">Exit tickets that work</a>' in shown
        assert "Half of mine cannot write yet." in shown
        tree = (await client.get(f"{sent.headers['location']}/lineage")).text
        check(tree)
        assert "Original" in tree
        assert "They answer in pairs." in tree
    await fediverse.settle()
    async with fediverse.client(amara.here, amara) as client:
        home = (await client.get(f"/p/exit-tickets-that-work-{post.short}")).text
        check(home)
        assert "Remixed by" in home
        assert "Exit tickets in pairs" in home
        news = (await client.get("/notifications")).text
        assert "made a remix of this" in news
        assert "mentioned you" not in news
    async with fediverse.client(amara.here) as client:
        assert (await client.get(f"/p/exit-tickets-that-work-{post.short}/lineage")).status_code == 200


async def test_without_leave_there_is_only_a_draft(fediverse, two):
    amara, bruno, _, _ = two
    post = await amara.do(practices.share, replace(FORM, licence="CC-BY-ND-4.0"))
    await fediverse.settle()
    page = f"/p/x-{(await found(bruno.here, post.uri)).short}/remix"
    async with fediverse.client(bruno.here, bruno) as client:
        form = (await client.get(page)).text
        check(form)
        assert "Its licence lets nobody share a changed version" in form
        assert 'name="share"' not in form
        kept = await client.post(page, data={**FILLED, "save_draft": "1"})
        assert kept.headers["location"] == "/practices?mine=drafts"
        drafts = (await client.get("/practices?mine=drafts")).text
        short = drafts.split("/practices/new?draft=")[1][:8]
        moved = await client.get(f"/practices/new?draft={short}")
        assert moved.headers["location"] == f"/practices/remix/{short}"
        again = (await client.get(moved.headers["location"])).text
        check(again)
        assert "They answer in pairs.</textarea>" in again
        for address in (f"/practices/remix/{short}", "/practices/new"):
            refused = await client.post(address, data={**FILLED, "draft_id": short, "share": "1"})
            assert refused.status_code == 422


async def test_a_draft_whose_source_is_gone_can_still_be_read(fediverse, two):
    amara, bruno, post, _ = two
    there = await found(bruno.here, post.uri)
    draft = await bruno.do(
        actions.save_draft, there.id, replace(FORM, title="Mine", evidence=""), ChangeNote("This.", "That.")
    )
    await amara.do(practices.withdraw, post.id)
    await fediverse.settle()
    async with fediverse.client(bruno.here, bruno) as client:
        page = await client.get(f"/practices/remix/{draft.short}")
        check(page.text)
        assert "What it is based on is not there any more" in page.text
        assert (await client.post(f"/practices/remix/{draft.short}", data={**FILLED, "share": "1"})).status_code == 404


async def remixed(fediverse, two):
    """Bruno's remix, its page at Birch and at Alder, and the page of its source at Alder."""
    amara, bruno, post, page = two
    async with fediverse.client(bruno.here, bruno) as client:
        mine = (await client.post(f"{page}/remix", data={**FILLED, "share": "1"})).headers["location"]
    await fediverse.settle()
    remix = await found(amara.here, (await bruno.here.run(Post.get, short=mine[-8:])).uri)
    return mine, f"/p/exit-tickets-in-pairs-{remix.short}", f"/p/exit-tickets-that-work-{post.short}"


async def test_a_change_is_offered_looked_at_and_taken(fediverse, two):
    amara, bruno, _, _ = two
    mine, back, home = await remixed(fediverse, two)
    async with fediverse.client(bruno.here) as client:
        page = (await client.get(f"{mine}/differences")).text
        check(page)
        assert "Step 1 is changed" in page
        assert "Offer this change" not in page
        assert (await client.post(f"{mine}/offer", data={})).status_code == 303
    async with fediverse.client(bruno.here, bruno) as client:
        page = (await client.get(f"{mine}/differences")).text
        check(page)
        assert "Offer this change back" in page
        refused = await client.post(f"{mine}/offer", data={"note": "x" * 501})
        assert refused.status_code == 422
        check(refused.text)
        assert (await client.post(f"{mine}/offer", data={"note": "With beginners."})).status_code == 303
        assert "This change is offered" in (await client.get(f"{mine}/differences")).text
    await fediverse.settle()
    async with fediverse.client(amara.here, amara) as client:
        assert f'href="{back}/differences"' in (await client.get("/notifications")).text
        shown = (await client.get(home)).text
        check(shown)
        assert "Bruno offers you this change." in shown
        page = (await client.get(f"{back}/differences")).text
        check(page)
        assert "With beginners." in page
        assert 'name="take" value="0" checked' in page
        none = await client.post(f"{back}/take", data={"version": "1", "answer": "take", "change_note": "Pairs now."})
        assert none.status_code == 422
        check(none.text)
        assert "Choose at least one change." in none.text
        assert "Pairs now." in none.text
        taken = await client.post(f"{back}/take", data={"version": "1", "answer": "take", "take": ["0"]})
        assert taken.headers["location"] == home
        shown = (await client.get(home)).text
        check(shown)
        assert "With changes from" in shown
        assert "Ask one question, in pairs." in shown
        assert "With a change by Bruno" in (await client.get(f"{home}/versions")).text
    await fediverse.settle()
    async with fediverse.client(bruno.here, bruno) as client:
        assert "took your change into a new version" in (await client.get("/notifications")).text
        assert "This change was taken" in (await client.get(f"{mine}/differences")).text


async def test_s30_nobody_else_answers_an_offer(fediverse, two):
    amara, bruno, _, _ = two
    mine, back, _ = await remixed(fediverse, two)
    async with fediverse.client(bruno.here, bruno) as client:
        await client.post(f"{mine}/offer", data={})
    await fediverse.settle()
    eve = await fediverse.person(amara.here, "eve")
    async with fediverse.client(amara.here, eve) as client:
        page = (await client.get(f"{back}/differences")).text
        assert "offers you this change" not in page
        for answer in ("take", "decline"):
            sent = await client.post(f"{back}/take", data={"version": "1", "answer": answer, "take": ["0"]})
            assert sent.status_code == 404
    async with fediverse.client(amara.here, amara) as client:
        kept = await client.post(f"{back}/take", data={"answer": "decline"})
        assert kept.status_code == 303
        assert "was not taken this time" in (await client.get(f"{back}/differences")).text


async def test_without_its_source_there_is_nothing_to_compare(fediverse, two):
    amara, bruno, post, _ = two
    mine, _, _ = await remixed(fediverse, two)
    await amara.do(practices.withdraw, post.id)
    await fediverse.settle()
    async with fediverse.client(bruno.here, bruno) as client:
        assert (await client.get(f"{mine}/differences")).status_code == 404
        page = (await client.get(mine)).text
        check(page)
        assert "/differences" not in page


async def test_an_edited_remix_keeps_to_the_licence_and_its_line(fediverse, two):
    _, bruno, _, _ = two
    mine, _, _ = await remixed(fediverse, two)
    async with fediverse.client(bruno.here, bruno) as client:
        form = (await client.get(f"{mine}/edit")).text
        check(form)
        assert 'value="CC-BY-SA-4.0"' in form
        assert 'value="CC-BY-4.0"' not in form
        sent = {**FILLED, "share": "1", "licence": "CC-BY-4.0"}
        assert (await client.post(f"{mine}/edit", data=sent)).status_code == 422
        saved = await client.post(f"{mine}/edit", data={**sent, "licence": "CC-BY-SA-4.0", "title": "In pairs"})
        shown = (await client.get(saved.headers["location"])).text
        assert "Exit tickets that work</a>" in shown


async def test_pages_take_a_fixed_number_of_statements_however_many_remixes_there_are(fediverse, two):
    amara, bruno, post, _ = two
    there = await found(bruno.here, post.uri)
    note = ChangeNote("They answer in pairs.", "Half of mine cannot write yet.")
    counts = {}
    home = f"/p/exit-tickets-that-work-{post.short}"
    for size in (1, 7):
        for number in range(size):
            form = replace(FORM, title=f"Mine {size}.{number}", evidence="", certainty="")
            await bruno.do(actions.share, there.id, form, note)
        await fediverse.settle()
        async with fediverse.client(amara.here, amara) as client:
            for path in (home, f"{home}/lineage"):
                assert (await client.get(path)).status_code == 200
                with amara.here.db.bind(), statements(amara.here) as log:
                    assert (await client.get(path)).status_code == 200
                counts.setdefault(path, set()).add(len(log))
    assert [len(found) for found in counts.values()] == [1, 1]
