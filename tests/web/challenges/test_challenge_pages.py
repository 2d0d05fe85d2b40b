"""Pages of challenges without JavaScript (C3): refusals first, then naming, answering and closing one."""

from server.communities import actions as communities
from server.communities.form import CommunityForm
from tests.posting import join
from tests.web.practices.test_practice_pages import FILLED, check
from tests.web.resources.test_library_pages import CARDS

NAMED = {
    "kind": "challenge",
    "title": "Half of them are done early",
    "content": "And the others have not begun.",
    "licence": "CC-BY-4.0",
    "language": "en",
    "share": "1",
}


async def place(fediverse, **facts):
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    form = CommunityForm(name="Science", purpose="Try.", slug="science", **facts)
    group = await maya.do(communities.create_community, form)
    return here, maya, tom, group


async def named(fediverse, here, person, **more) -> str:
    async with fediverse.client(here, person) as client:
        answer = await client.post("/c/science/new", data={**NAMED, **more})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]


async def test_c3_s15_challenges_of_members_look_absent(fediverse) -> None:
    here, maya, tom, _ = await place(fediverse, visibility="members")
    address = await named(fediverse, here, maya, visibility="members")
    for person in (None, tom):
        async with fediverse.client(here, person) as client:
            assert (await client.get("/c/science/challenges")).status_code == 404
            assert (await client.get(address)).status_code == 404
    async with fediverse.client(here, tom) as client:
        assert NAMED["title"] not in (await client.get(f"/practices/new?answers={address[-8:]}")).text
        sent = {**FILLED, "share": "1", "challenge": address[-8:]}
        refused = await client.post("/practices/new", data=sent)
        assert refused.status_code == 422
        assert "Silent mixing" in refused.text


async def test_c3_s30_others_neither_close_it_nor_say_what_a_practice_answers(fediverse) -> None:
    here, maya, tom, _ = await place(fediverse)
    address = await named(fediverse, here, maya)
    async with fediverse.client(here, maya) as client:
        practice = (await client.post("/practices/new", data={**FILLED, "share": "1"})).headers["location"]
        assert (await client.get(f"{address}/challenges")).status_code == 404
    async with fediverse.client(here, tom) as client:
        assert (await client.post(f"{address}/close", data={"reason": "No."})).status_code == 403
        assert (await client.get(f"{practice}/challenges")).status_code == 403
        sent = {"challenge": address[-8:]}
        assert (await client.post(f"{practice}/challenges", data=sent)).status_code == 403
    async with fediverse.client(here) as client:
        assert (await client.get(f"{practice}/challenges")).status_code == 303


async def test_c3_an_empty_board_says_what_to_do(fediverse) -> None:
    here, maya, _, _ = await place(fediverse)
    async with fediverse.client(here, maya) as client:
        page = await client.get("/c/science/challenges")
        check(page.text)
        assert "Name one thing that is hard here." in page.text
        check((await client.get("/c/science/challenges?show=closed")).text)
        form = await client.get("/c/science/new?kind=challenge")
        check(form.text)
        assert "The challenge in one line" in form.text
        refused = await client.post("/c/science/new", data={**NAMED, "title": ""})
        assert refused.status_code == 422
        assert "And the others have not begun." in refused.text
    async with fediverse.client(here) as client:
        assert "No challenge has a name here yet." in (await client.get("/c/science/challenges")).text


async def test_c3_l5_naming_answering_and_closing(fediverse) -> None:
    here, maya, tom, group = await place(fediverse)
    await join(tom, group)
    address = await named(fediverse, here, maya)
    async with fediverse.client(here, tom) as client:
        board = await client.get("/c/science/challenges")
        check(board.text)
        assert "No answer yet" in board.text
        assert f"/practices/new?answers={address[-8:]}&amp;community=science" in board.text
        form = await client.get(f"/practices/new?answers={address[-8:]}&community=science")
        check(form.text)
        assert f'<option value="{address[-8:]}" selected>' in form.text
        preview = await client.post("/practices/new", data={**FILLED, "preview": "1", "challenge": address[-8:]})
        assert f'<option value="{address[-8:]}" selected>' in preview.text or "challenge" in preview.text
        sent = {**FILLED, "share": "1", "challenge": address[-8:], "community": "science"}
        practice = (await client.post("/practices/new", data=sent)).headers["location"]
        shown = await client.get(practice)
        check(shown.text)
        assert "This answers the challenge" in shown.text
        assert f'href="{address}"' in shown.text
        page = await client.get(address)
        check(page.text)
        assert "Silent mixing" in page.text

        chooser = await client.get(f"{practice}/challenges")
        check(chooser.text)
        assert "No open challenge here." in chooser.text
        assert (await client.post(f"{practice}/challenges", data={"remove": address[-8:]})).status_code == 303
        assert "This answers the challenge<" not in (await client.get(practice)).text
        refused = await client.post(f"{practice}/challenges", data={"challenge": "nonsense"})
        assert refused.status_code == 422
        check(refused.text)
        assert (await client.post(f"{practice}/challenges", data={"challenge": address[-8:]})).status_code == 303
        assert "Silent mixing" in (await client.get(address)).text
        resource = await client.post("/c/science/new", data={**CARDS, "challenge": address[-8:]})
        assert "This answers the challenge" in (await client.get(resource.headers["location"])).text
        check((await client.get(f"/c/science/new?kind=resource&answers={address[-8:]}")).text)

    async with fediverse.client(here, maya) as client:
        refused = await client.post(f"{address}/close", data={"reason": ""})
        assert refused.status_code == 422
        check(refused.text)
        assert (await client.post(f"{address}/close", data={"reason": "Solved."})).status_code == 303
        closed = await client.get(address)
        check(closed.text)
        assert "Solved." in closed.text
        assert "Add what you do about it" not in closed.text
        assert NAMED["title"] in (await client.get("/c/science/challenges?show=closed")).text
        assert NAMED["title"] not in (await client.get("/c/science/challenges")).text
        assert (await client.post(f"{address}/reopen", data={"reason": "It came back."})).status_code == 303
        assert "It came back." in (await client.get(address)).text


async def test_c3_a_draft_remembers_the_challenge(fediverse) -> None:
    here, maya, _, _ = await place(fediverse)
    address = await named(fediverse, here, maya)
    async with fediverse.client(here, maya) as client:
        sent = {**FILLED, "save_draft": "1", "challenge": address[-8:], "community": "science"}
        await client.post("/practices/new", data=sent)
        drafts = (await client.get("/practices?mine=drafts")).text
        draft = drafts.partition("/practices/new?draft=")[2][:8]
        assert f'<option value="{address[-8:]}" selected>' in (await client.get(f"/practices/new?draft={draft}")).text
        assert "Silent mixing" not in (await client.get(address)).text
