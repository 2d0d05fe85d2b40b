"""Pages of rounds without JavaScript (B14): refusals first, then opening, answering, passing and closing one."""

from tests.posting import community, join
from tests.web.practices.test_practice_pages import check

ROUND = {"kind": "round", "title": "What do we stop doing?", "who": "everybody", "hidden": "1", "language": "en"}


async def test_b14_a_round_is_opened_answered_and_closed_on_its_page(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom, zoe = [await fediverse.person(here, name) for name in ("maya", "tom", "zoe")]
    group = await community(maya, "science")
    await join(tom, group)
    async with fediverse.client(here, maya) as host, fediverse.client(here, tom) as guest:
        refused = await host.post("/c/science/new", data={**ROUND, "title": "", "content": "Kept words", "who": "some"})
        assert refused.status_code == 422
        check(refused.text)
        for words in ("Kept words", "in one line", "Choose at least one other person"):
            assert words in refused.text
        check((await host.get("/c/science/new?kind=round")).text)
        made = await host.post("/c/science/new", data=ROUND)
        assert made.status_code == 303, made.text
        about = made.headers["location"]
        async with fediverse.client(here, zoe) as other:
            for path in ("", "/pass", "/close-round", "/nudge"):
                method = other.post if path else other.get
                assert (await method(f"{about}{path}")).status_code == 404
        page = (await guest.get(about)).text
        check(page)
        assert "2 are still waited for" in page
        assert "Close it before" not in page
        assert (await guest.post(f"{about}/close-round", data={"reason": "x"})).status_code == 403
        empty = await guest.post(f"{about}/reply", data={"content": " "})
        assert empty.status_code == 422
        sent = await guest.post(f"{about}/reply", data={"content": "Less paper"})
        assert sent.status_code == 303
        page = (await guest.get(about)).text
        check(page)
        assert "Only you see this until the round is closed" in page
        page = (await host.get(about)).text
        check(page)
        assert "Less paper" not in page
        assert "One person has answered." in page
        assert (await host.post(f"{about}/pass")).status_code == 303
        await fediverse.settle()
        page = (await host.get(about)).text
        check(page)
        assert "Less paper" in page
        assert "Everybody was heard, or passed." in page
        for path in ("/pass", "/unpass"):
            assert (await host.post(f"{about}{path}")).status_code == 403


async def test_b14_a_host_closes_with_a_reason_and_reminds_once(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = [await fediverse.person(here, name) for name in ("maya", "tom")]
    group = await community(maya, "science")
    await join(tom, group)
    async with fediverse.client(here, maya) as host:
        made = await host.post("/c/science/new", data={**ROUND, "who": "some", "asked": tom.id, "hidden": ""})
        about = made.headers["location"]
        for status in (303, 422):
            assert (await host.post(f"{about}/nudge", data={"person": tom.id})).status_code == status
        refused = await host.post(f"{about}/close-round", data={"reason": " "})
        assert refused.status_code == 422
        check(refused.text)
        assert (await host.post(f"{about}/close-round", data={"reason": "We meet <Friday>"})).status_code == 303
        page = (await host.get(about)).text
        check(page)
        assert "We meet &lt;Friday&gt;" in page
        assert "was not heard" in page
