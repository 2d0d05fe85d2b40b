"""Pages of what people need, without JavaScript (D6, L1, L2)."""

from server.discussions import actions as discussions
from server.needs import actions
from server.needs.actions import CardForm
from tests.facts import make_post
from tests.posting import join
from tests.web.practices.test_practice_pages import check, place

CARD = {
    "teaches": "science",
    "works_with": "big groups",
    "stuck_with": "quiet",
    "would_learn": "seminars",
    "ask_me_about": "exit tickets",
}


async def test_l2_the_five_questions_keep_what_was_typed_and_are_asked_again_after_a_term(fediverse):
    here, maya, tom, science = await place(fediverse)
    async with fediverse.client(here) as client:
        assert (await client.get("/settings/needs")).status_code == 303
        assert (await client.get("/c/science/needs")).status_code == 404
    async with fediverse.client(here, maya) as client:
        refused = await client.post("/settings/needs", data={**CARD, "ask_me_about": "", "may_be_asked": "1"})
        assert refused.status_code == 422
        check(refused.text)
        assert "big groups" in refused.text
        assert 'href="#f-ask_me_about"' in refused.text
        assert (await client.post("/settings/needs", data={**CARD, "wants_picks": "1"})).status_code == 303
        for path in ("/settings/needs", "/welcome"):
            page = await client.get(path)
            check(page.text)
            assert all(f'value="{words}"' in page.text for words in CARD.values())
        pick = await make_post(here, tom.id, title="Quiet starts")
        week = (await client.get("/week")).text
        check(week)
        assert "Because you said you are stuck" in week
        assert (await client.post(f"/week/picks/{pick.short}/pass")).status_code == 303
        assert "Quiet starts" not in (await client.get("/week")).text.partition('id="try"')[2]
        assert (await client.post(f"/week/picks/{pick.short}/back")).status_code == 303
        assert (await client.post("/week/picks/nothing1/pass")).status_code == 404
        assert "A new term" not in week
        empty = (await client.get("/c/science/needs")).text
        check(empty)
        assert "Nothing that five people share yet" in empty
        for name in ("ann", "ben", "cem", "dea", "eli"):
            person = await fediverse.person(here, name)
            await join(person, science)
            await person.do(actions.answer, CardForm(stuck_with="late starts"))
        needs = (await client.get("/c/science/needs")).text
        check(needs)
        assert "<svg" in needs
        assert "<table" in needs
        assert "late: 5 people" in needs
    fediverse.clock.advance(121 * 24 * 3600)
    later = await fediverse.as_person(here, maya.id)
    async with fediverse.client(here, later) as client:
        assert "A new term" in (await client.get("/week")).text


async def test_d6_a_question_says_that_it_is_needed_today_and_how_many_were_asked(fediverse):
    here, maya, tom, science = await place(fediverse)
    await join(tom, science)
    await tom.do(actions.answer, CardForm(ask_me_about="exit tickets", may_be_asked=True))
    sent = {"kind": "ask", "title": "Exit tickets?", "content": "For 32.", "language": "en", "licence": "CC-BY-4.0"}
    async with fediverse.client(here, maya) as client:
        check((await client.get("/c/science/new?kind=ask")).text)
        refused = await client.post("/c/science/new", data={**sent, "title": "", "need_today": "1", "share": "1"})
        assert refused.status_code == 422
        assert 'name="need_today" value="1" checked' in refused.text
        asked = await client.post("/c/science/new", data={**sent, "need_today": "1", "share": "1"})
        address = asked.headers["location"]
        assert "are looked for" in (await client.get(address)).text
        await fediverse.settle()
        page = (await client.get(address)).text
        check(page)
        assert "One person was asked" in page
        assert "@tom" not in page.partition("<main")[2].partition("</main>")[0]
        other = await maya.do(
            discussions.start,
            discussions.ThreadForm(
                kind="ask", title="More?", text="Yes.", visibility="public", community_id=science.id
            ),
        )
        answer = await client.post(f"/p/{other.short}/today")
        assert "One question a day" in (await client.get(answer.headers["location"])).text
    async with fediverse.client(here, tom) as client:
        assert "needs an answer today" in (await client.get("/notifications")).text
        assert "was asked" not in (await client.get(address)).text
        assert (await client.post(f"{address}/today")).status_code == 403
