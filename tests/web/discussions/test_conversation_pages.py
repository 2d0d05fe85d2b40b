"""Pages of conversations without JavaScript: refusals first, then asking, answering, helping, closing."""

import re
from dataclasses import replace

import pytest

from server.actors import actions as actors
from server.communities import actions as communities
from server.communities import members
from server.communities.form import CommunityForm
from server.discussions import actions
from server.discussions.actions import ThreadForm
from server.posts import queries as posts
from tests.web.practices.test_practice_pages import check, png

ASK = ThreadForm(kind="ask", title="How do you get the boards back?", text="They end up in the *cupboard*.")
ANSWER = ThreadForm(text="Number the boards.")
ACTS = [
    "like",
    "unlike",
    "useful",
    "boost",
    "unboost",
    "share",
    "helped",
    "unhelped",
    "close",
    "reopen",
    "reply",
    "delete",
]


async def place(fediverse, **facts):
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    science = await maya.do(
        communities.create_community, CommunityForm(name="Science", purpose="Try.", slug="science", **facts)
    )
    return here, maya, tom, science


@pytest.mark.parametrize("act", [*ACTS, "edit"])
async def test_s28_strangers_do_nothing(fediverse, act: str) -> None:
    here, maya, _, science = await place(fediverse)
    ask = await maya.do(actions.start, replace(ASK, community_id=science.id))
    async with fediverse.client(here) as client:
        answer = await client.post(f"/p/{ask.short}/{act}", data={"content": "x", "unclear": "x"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("act", [*ACTS, "edit"])
async def test_s30_what_one_cannot_see_one_cannot_touch(fediverse, act: str) -> None:
    here, maya, tom, science = await place(fediverse, visibility="members")
    ask = await maya.do(actions.start, replace(ASK, community_id=science.id))
    async with fediverse.client(here, tom) as client:
        sent = {"content": "x", "unclear": "x", "title": "x"}
        assert (await client.post(f"/p/{ask.short}/{act}", data=sent)).status_code == 404
        assert (await client.get(f"/p/{ask.short}/report")).status_code == 404
        assert (await client.get("/c/science/new?kind=ask")).status_code == 404
        assert (await client.post("/c/science/new", data={**sent, "kind": "ask"})).status_code == 404


async def test_who_is_no_member_is_told_what_to_do(fediverse) -> None:
    here, _, tom, _ = await place(fediverse)
    async with fediverse.client(here, tom) as client:
        answer = await client.get("/c/science/new?kind=ask")
        assert answer.status_code == 403
        assert "Join this community first." in answer.text
        assert (await client.get("/c/science/new?kind=practice")).status_code == 404
        assert (await client.get("/c/nowhere/new?kind=ask")).status_code == 404


async def test_what_is_not_public_is_not_passed_on(fediverse) -> None:
    here, maya, _, science = await place(fediverse, visibility="members")
    ask = await maya.do(actions.start, replace(ASK, community_id=science.id))
    async with fediverse.client(here, maya) as client:
        assert (await client.post(f"/p/{ask.short}/boost")).status_code == 403
        page = await client.get(ask.url)
    assert "Share with my followers" not in page.text


async def test_a_refused_question_keeps_everything(fediverse) -> None:
    here, maya, *_ = await place(fediverse)
    async with fediverse.client(here, maya) as client:
        sent = {"kind": "ask", "title": "", "content": "They <end> up", "content_warning": "Loss", "share": "1"}
        answer = await client.post("/c/science/new", data=sent)
    assert answer.status_code == 422
    check(answer.text)
    assert "They &lt;end&gt; up" in answer.text
    assert 'value="Loss"' in answer.text
    assert 'href="#f-title"' in answer.text


async def test_a_refused_answer_keeps_its_words_and_files(fediverse) -> None:
    here, maya, _, science = await place(fediverse)
    ask = await maya.do(actions.start, replace(ASK, community_id=science.id))
    async with fediverse.client(here, maya) as client:
        picture = {"files": ("board.png", png(), "image/png")}
        answer = await client.post(f"/p/{ask.short}/reply", data={"content": "Like <this>"}, files=picture)
        assert answer.status_code == 422
        check(answer.text)
        assert "Like &lt;this&gt;</textarea>" in answer.text
        media_id = re.search(r'name="media_id" value="(\w+)"', answer.text)[1]
        again = {
            "content": "Like <this>",
            "media_id": media_id,
            f"alt-{media_id}": "A board",
            "nobody_identifiable": "1",
        }
        answer = await client.post(f"/p/{ask.short}/reply", data=again)
        assert answer.status_code == 303
        page = await client.get(answer.headers["location"])
    check(page.text)
    assert 'alt="A board"' in page.text


async def test_d3_asking_answering_helping_closing(fediverse) -> None:
    here, maya, tom, science = await place(fediverse)
    await tom.do(members.join, science.id)
    async with fediverse.client(here, maya) as asker, fediverse.client(here, tom) as helper:
        check((await asker.get("/c/science/new?kind=ask")).text)
        preview = await asker.post(
            "/c/science/new", data={"kind": "ask", "title": "T?", "content": "*C*", "preview": "1"}
        )
        check(preview.text)
        assert "As seen on Mastodon" in preview.text
        sent = {"kind": "ask", "title": ASK.title, "content": ASK.text, "language": "en", "share": "1"}
        answer = await asker.post("/c/science/new", data=sent)
        address = answer.headers["location"]
        assert re.fullmatch(r"/p/how-do-you-get-the-boards-back-\w{8}", address)
        page = await helper.get(address)
        check(page.text)
        assert "Be the first. A half answer helps." in page.text
        short = address[-8:]
        check((await helper.get(f"/p/{short}/reply")).text)
        answer = await helper.post(f"/p/{short}/reply", data={"content": "Number **them**."})
        assert answer.headers["location"].startswith(f"{address}#reply-")
        reply = answer.headers["location"].rpartition("-")[2]
        assert f'action="/p/{reply[-8:]}/helped"' not in (await helper.get(address)).text
        page = await asker.get(address)
        assert f'action="/p/{reply[-8:]}/helped"' in page.text
        check(page.text)
        answer = await asker.post(f"/p/{reply[-8:]}/helped", headers={"referer": f"https://alder.example{address}"})
        assert answer.headers["location"] == f"{address}#reply-{reply}"
        page = await helper.get(address)
        check(page.text)
        assert "one answer helped" in page.text
        assert "This helped" in page.text
        refused = await asker.post(f"/p/{short}/reopen", data={"unclear": "", "clear": "Numbers"})
        assert refused.status_code == 422
        check(refused.text)
        assert 'value="Numbers"' in refused.text
        assert (await asker.post(f"/p/{short}/close", data={"clear": "Numbers"})).status_code == 303
        closed = await helper.get(address)
        check(closed.text)
        assert "This conversation is closed" in closed.text
        assert "<textarea" not in closed.text
        assert (await asker.post(f"/p/{short}/reopen", data={"unclear": "And pens?"})).status_code == 303
        assert "And pens?" in (await helper.get(address)).text


async def test_a_reply_is_shown_in_its_conversation_and_an_old_address_leads_on(fediverse) -> None:
    here, maya, tom, science = await place(fediverse)
    ask = await maya.do(actions.start, replace(ASK, community_id=science.id))
    reply = await tom.do(actions.reply, ask.id, ANSWER)
    address = (await maya.do(posts.show, ask.id)).url
    async with fediverse.client(here) as client:
        answer = await client.get(f"/p/reply-{reply.short}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{address}#reply-{reply.id}")
        answer = await client.get(f"/p/an-old-title-{ask.short}")
        assert (answer.status_code, answer.headers["location"]) == (301, address)
        page = await client.get(address)
    check(page.text)
    assert "Sign in to answer" in page.text
    assert f'id="reply-{reply.id}"' in page.text


async def test_d12_useful_and_passing_on_go_back_to_where_the_button_was(fediverse) -> None:
    here, maya, tom, science = await place(fediverse)
    ask = await maya.do(actions.start, replace(ASK, community_id=science.id))
    address = (await maya.do(posts.show, ask.id)).url
    async with fediverse.client(here, tom) as client:
        back = {"referer": "https://alder.example/practices?subject=Art"}
        answer = await client.post(f"/p/{ask.short}/useful", headers=back)
        assert answer.headers["location"] == "/practices?subject=Art"
        for elsewhere in ("https://evil.example/x", "https://alder.example//evil.example", "javascript:x", ""):
            answer = await client.post(f"/p/{ask.short}/boost", headers={"referer": elsewhere})
            assert answer.headers["location"] == address
        view = await tom.do(posts.show, ask.id)
        assert (view.likes_count, view.boosts_count) == (1, 1)
        await client.post(f"/p/{ask.short}/useful")
        await client.post(f"/p/{ask.short}/unboost")
    view = await tom.do(posts.show, ask.id)
    assert (view.likes_count, view.boosts_count) == (0, 0)


async def test_editing_and_deleting_a_thread_and_a_reply(fediverse) -> None:
    here, maya, _tom, science = await place(fediverse)
    ask = await maya.do(actions.start, replace(ASK, community_id=science.id))
    reply = await maya.do(actions.reply, ask.id, ANSWER)
    async with fediverse.client(here, maya) as client:
        for post, title in ((ask, "Boards?"), (reply, "")):
            page = await client.get(f"/p/{post.short}/edit")
            check(page.text)
            fediverse.clock.advance(60)
            changed = {
                "title": title,
                "content": "Changed <words>",
                "language": "en",
                "share": "1",
                "change_note": "Shorter",
            }
            assert (await client.post(f"/p/{post.short}/edit", data=changed)).status_code == 303
            versions = await client.get(f"/p/{post.short}/versions")
            check(versions.text)
            assert "Shorter" in versions.text
        check((await client.get(f"/p/{reply.short}/delete")).text)
        gone = await client.post(f"/p/{reply.short}/delete")
        assert gone.headers["location"].startswith("/p/boards-")
        gone = await client.post(f"/p/{ask.short}/delete")
        assert gone.headers["location"] == "/c/science"
        assert (await client.get(f"/p/{ask.short}")).status_code == 404


async def test_d14_a_post_from_elsewhere_says_so_and_takes_answers(fediverse) -> None:
    here, maya, _, science = await place(fediverse)
    birch = await fediverse.start("birch.example")
    bruno = await fediverse.person(birch, "bruno")
    target = await birch.run(actors.resolve, birch, "@science@alder.example")
    await birch.run(actors.request_follow, birch, bruno.id, target.id)
    await fediverse.settle()
    ask = await maya.do(actions.start, replace(ASK, community_id=science.id))
    async with fediverse.client(here, maya) as client:
        fediverse.network.down.add("birch.example")
        await fediverse.settle()
        assert "waiting for birch.example" in (await client.get(f"/p/{ask.short}", follow_redirects=True)).text
        fediverse.network.down.clear()
        fediverse.clock.advance(7200)
        await fediverse.settle()
        page = await client.get(f"/p/{ask.short}", follow_redirects=True)
        check(page.text)
        assert "One other server has it" in page.text
    found = (await bruno.do(posts.listing, kinds=("ask",))).items[0]
    async with fediverse.client(birch, bruno) as client:
        page = await client.get(found.url)
        check(page.text)
        assert "This lives on alder.example" in page.text
        assert ask.url in page.text
        message = await client.get(f"{found.url}/message")
        check(message.text)
        assert maya.uri in message.text
        assert (await client.post(f"/p/{found.short}/reply", data={"content": "From birch"})).status_code == 303
    await fediverse.settle()
    async with fediverse.client(here) as client:
        page = await client.get(f"/p/{ask.short}", follow_redirects=True)
    check(page.text)
    assert "waiting for" not in page.text


async def test_report_names_who_can_act(fediverse) -> None:
    here, maya, tom, science = await place(fediverse)
    ask = await maya.do(actions.start, replace(ASK, community_id=science.id))
    async with fediverse.client(here, tom) as client:
        page = await client.get(f"/p/{ask.short}/report")
    check(page.text)
    assert "@maya" in page.text
