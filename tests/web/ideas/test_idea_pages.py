"""Pages of ideas without JavaScript (D13): refusals first, then from an idea to an event."""

from tests.posting import join
from tests.web.challenges.test_challenge_pages import place
from tests.web.practices.test_practice_pages import check

IDEA = {
    "kind": "idea",
    "title": "We visit each other",
    "content": "And have *coffee* afterwards.",
    "licence": "CC-BY-4.0",
    "language": "en",
    "share": "1",
}
EVENT = {
    "kind": "session",
    "starts": "2030-01-10T10:00",
    "ends": "2030-01-10T11:00",
    "timezone": "UTC",
    "place": "Room 3",
    "join_mode": "free",
    "language": "en",
    "share": "1",
}


async def had(fediverse, here, person, **more) -> str:
    async with fediverse.client(here, person) as client:
        answer = await client.post("/c/science/new", data={**IDEA, **more})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]


async def test_d13_s15_ideas_of_members_look_absent(fediverse) -> None:
    here, maya, tom, _ = await place(fediverse, visibility="members")
    address = await had(fediverse, here, maya, visibility="members")
    for person in (None, tom):
        async with fediverse.client(here, person) as client:
            assert (await client.get("/c/science/ideas")).status_code == 404
            assert (await client.get(address)).status_code == 404
    async with fediverse.client(here, tom) as client:
        assert (await client.post(f"{address}/host")).status_code == 404
        assert (await client.post("/c/science/new", data={**EVENT, "idea": address[-8:]})).status_code in {403, 404}


async def test_d13_a_date_is_refused_to_those_who_may_not_and_too_early(fediverse) -> None:
    here, maya, tom, group = await place(fediverse)
    await join(tom, group)
    address = await had(fediverse, here, maya)
    async with fediverse.client(here, tom) as client:
        assert (await client.get(f"/c/science/new?kind=session&idea={address[-8:]}")).status_code == 403
        sent = {**EVENT, "title": "Visits", "content": "x", "idea": address[-8:]}
        assert (await client.post("/c/science/new", data=sent)).status_code == 403
        assert (await client.get("/c/science/new?kind=session&idea=nonsense")).status_code == 404
    async with fediverse.client(here, maya) as client:
        early = await client.get(f"/c/science/new?kind=session&idea={address[-8:]}")
        assert early.status_code == 403
        assert "as soon as 3 people are interested" in early.text
    async with fediverse.client(here) as client:
        assert (await client.post(f"{address}/host")).status_code == 303


async def test_d13_from_an_idea_to_an_event(fediverse) -> None:
    here, maya, tom, group = await place(fediverse)
    others = [await fediverse.person(here, name) for name in ("ada", "ben")]
    for person in (tom, *others):
        await join(person, group)
    async with fediverse.client(here, maya) as client:
        empty = await client.get("/c/science/ideas")
        check(empty.text)
        assert "No idea yet." in empty.text
        check((await client.get("/c/science/new?kind=idea")).text)
    address = await had(fediverse, here, maya)
    for person in (tom, *others):
        async with fediverse.client(here, person) as client:
            board = await client.get("/c/science/ideas")
            check(board.text)
            assert "I am interested" in board.text
            assert (await client.post(f"/p/{address[-8:]}/useful")).status_code == 303
            assert "You are interested" in (await client.get(address)).text
    async with fediverse.client(here, tom) as client:
        assert "Schedule it" not in (await client.get(address)).text
        assert (await client.post(f"{address}/host")).status_code == 303
        page = await client.get(address)
        check(page.text)
        assert "3 people are interested." in page.text
        assert "Schedule it" in page.text
        form = await client.get(f"/c/science/new?kind=session&idea={address[-8:]}")
        check(form.text)
        assert 'value="We visit each other"' in form.text
        assert "And have *coffee* afterwards." in form.text
        sent = {**EVENT, "title": "Visits", "content": "Ten minutes.", "idea": address[-8:]}
        refused = await client.post("/c/science/new", data={**sent, "place": ""})
        assert refused.status_code == 422
        assert f'name="idea" value="{address[-8:]}"' in refused.text
        event = (await client.post("/c/science/new", data=sent)).headers["location"]
        shown = await client.get(event)
        check(shown.text)
        assert f'href="{address}"' in shown.text
        page = await client.get(address)
        check(page.text)
        assert f'href="{event}"' in page.text
        assert "Schedule it" not in page.text
