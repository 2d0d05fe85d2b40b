"""Three doors where something is wrong (B7): talk, mediation that only three people ever read, a case."""

import json

from server.actors.boundaries import set_boundary
from server.mediation import queries
from server.moderation import actions
from server.moderation.actions import Decision, NewReport
from tests.conftest import Fediverse, Person
from tests.posting import Stranger, found, join, write
from tests.web.moderation.test_cases import kinds
from tests.web.moderation.test_moderation_pages import place
from tests.web.practices.test_practice_pages import check

WISH = "In the meeting and here you called my lessons a circus."


async def only_id(person: Person) -> str:
    (one,) = await person.do(queries.mine)
    return one.id


async def test_b7_a_mediation_is_read_by_its_three_people_and_nobody_else(fediverse: Fediverse) -> None:
    at = await place(fediverse)
    ava = await fediverse.person(at.here, "ava", role="admin")
    nik, zoe = await fediverse.person(at.here, "nik"), await fediverse.person(at.here, "zoe")
    doors = f"/p/{at.post.short}/wrong"
    async with fediverse.client(at.here) as nobody:
        assert (await nobody.get(doors)).status_code == 303
    async with fediverse.client(at.here, at.tom) as tom:
        assert (await tom.get(doors)).status_code == 404, "not for one's own"
    async with fediverse.client(at.here, at.lin) as lin:
        assert (
            f'{at.post.short}/wrong"'
            in (await lin.get((await lin.get(f"/p/{at.post.short}")).headers["location"])).text
        )
        page = await lin.get(doors)
        check(page.text)
        for words in (
            "1. Talk to them",
            "2. Somebody neutral helps",
            "3. A case",
            f"/p/{at.post.short}/report",
            "Maya",
        ):
            assert words in page.text
        for refused in ({"named": "@tom"}, {"named": "@lin"}, {"named": "@nobody"}, {"mediator": "@maya", "wish": ""}):
            answer = await lin.post(f"{doors}/mediation", data={"wish": WISH} | refused)
            assert answer.status_code == 422
            check(answer.text)
        asked = await lin.post(f"{doors}/mediation", data={"named": "@nik", "wish": WISH})
        path = asked.headers["location"]
        assert (await lin.post(f"{doors}/mediation", data={"named": "@nik", "wish": WISH})).status_code == 422
        assert (await lin.post(f"{path}/say", data={"text": "x"})).status_code == 404, "it has not begun"
    assert "mediation" in await kinds(at.tom)
    assert "mediation" not in await kinds(nik), "nobody helps who was not wanted by both"
    async with fediverse.client(at.here, nik) as browser:
        assert (await browser.get(path)).status_code == 404
        assert (await browser.post(f"{path}/agree")).status_code == 404
    async with fediverse.client(at.here, at.tom) as tom:
        page = await tom.get(path)
        check(page.text)
        assert WISH in page.text
        assert (await tom.post(f"{path}/agree")).status_code == 303
    async with fediverse.client(at.here, nik) as browser:
        check((await browser.get("/mediation")).text)
        await browser.post(f"{path}/agree")
        await browser.post(f"{path}/say", data={"text": "Lin, how was it for you?"})
    async with fediverse.client(at.here, at.lin) as lin:
        await lin.post(f"{path}/say", data={"text": "It hurt, in front of my class."})
    # Every other role, by every route: this does not exist.
    for person in (at.maya, at.dora, ava, zoe):
        async with fediverse.client(at.here, person) as browser:
            assert (await browser.get(path)).status_code == 404
            for act in ("agree", "decline", "leave", "say", "end"):
                sent = {"text": "x", "outcome": "agreed", "result": "x"}
                assert (await browser.post(f"{path}/{act}", data=sent)).status_code == 404
            for other in ("/mediation", "/moderation", "/admin/audit", "/settings/data"):
                text = (await browser.get(other)).text
                assert "It hurt" not in text
                assert WISH not in text
    async with fediverse.client(at.here, at.tom) as tom:
        assert (await tom.post(f"{path}/end", data={"outcome": "agreed", "result": "x"})).status_code == 404
    async with fediverse.client(at.here, nik) as browser:
        assert (await browser.post(f"{path}/end", data={"outcome": "agreed", "result": ""})).status_code == 422
        await browser.post(f"{path}/end", data={"outcome": "agreed", "result": "First in private, then in the team."})
    async with fediverse.client(at.here, at.lin) as lin:
        page = await lin.get(path)
        check(page.text)
        assert "First in private, then in the team." in page.text
        assert (await lin.post(f"{path}/say", data={"text": "x"})).status_code == 404
    await fediverse.settle()
    sent = await at.here.run(at.here.db.rows, "SELECT body FROM sent_activity")
    assert "circus" not in json.dumps([row["body"] for row in sent])


async def test_b7_anybody_may_say_no_and_a_case_can_lead_to_a_mediation(fediverse: Fediverse) -> None:
    at = await place(fediverse)
    nik = await fediverse.person(at.here, "nik")
    await join(nik, at.group)
    report = await at.lin.do(actions.report, NewReport("harassment", WISH, post_id=at.post.id))
    await at.maya.do(actions.decide, report.case_id, Decision("mediate"))
    assert await at.tom.do(queries.mine) == [], "who is reported learns nothing before the reporter agrees"
    assert "ruling" not in await kinds(at.tom)
    one = await only_id(at.lin)
    async with fediverse.client(at.here, at.lin) as lin:
        await lin.post(f"/mediation/{one}/agree")
    async with fediverse.client(at.here, at.tom) as tom:
        await tom.post(f"/mediation/{one}/decline")
    (seen,) = await at.lin.do(queries.mine)
    assert (seen.state, seen.outcome) == ("declined", "")
    assert await at.maya.do(queries.mine) == []
    # And whoever began may end it at any time.
    async with fediverse.client(at.here, nik) as browser:
        asked = await browser.post(f"/p/{at.post.short}/wrong/mediation", data={"mediator": "@maya", "wish": WISH})
        assert (await browser.post(f"{asked.headers['location']}/leave")).status_code == 303
        assert (await browser.post(f"{asked.headers['location']}/leave")).status_code == 404
    async with fediverse.client(at.here, at.tom) as tom:
        assert (await tom.post(f"{asked.headers['location']}/agree")).status_code == 404


async def test_b7_talk_is_a_message_to_one_person_here_or_elsewhere(fediverse: Fediverse) -> None:
    at = await place(fediverse)
    toot = Stranger(fediverse, "toot.example")
    uri = await toot.create(fediverse, at.here, toot.actor("eva"), "note/1")
    post = await found(at.here, uri)
    assert post is not None
    async with fediverse.client(at.here, at.lin) as lin:
        page = await lin.get(f"/p/{post.short}/wrong")
        check(page.text)
        assert "they live on another" in page.text
        assert (await lin.post(f"/p/{post.short}/wrong/talk", data={"text": ""})).status_code == 422
        assert (await lin.post(f"/p/{post.short}/wrong/talk", data={"text": "Could we talk?"})).status_code == 303
        closed = await write(at.tom, "For friends", community_id=at.group.id, visibility="instance")
        sent = await lin.post(f"/p/{closed.short}/wrong/talk", data={"text": "And here?"})
        assert sent.status_code == 303
        await at.tom.do(set_boundary, direct="nobody", mention="everyone", quiet=False)
        refused = await lin.post(f"/p/{closed.short}/wrong/talk", data={"text": "Are you there?"})
        assert refused.status_code == 422
        assert "Are you there?" in refused.text, "what was typed is kept, and the other doors are on the same page"
        check(refused.text)
    await fediverse.settle()
    (told,) = [item["object"] for item in toot.received if item["type"] == "Create"]
    assert "Could we talk?" in told["content"]
    assert len(told["to"]) == 1
    assert told.get("cc", []) == []
    rows = await at.here.run(
        at.here.db.rows, "SELECT visibility, content_html FROM post WHERE author_id = :lin ORDER BY id", lin=at.lin.id
    )
    assert [row["visibility"] for row in rows] == ["direct", "direct"]
    assert any(closed.short in row["content_html"] for row in rows), "what is not open is named by its address"
    assert "mention" in await kinds(at.tom)
