"""The same thing from several apps at the same moment has one effect."""

import asyncio

from server.mastodon.ids import number_of
from tests.apps import app_of
from tests.conftest import Fediverse
from tests.posting import write


async def test_one_person_votes_once(fediverse: Fediverse) -> None:
    """Choosing several answers is one vote, and cannot be added to."""
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    asking, app = await app_of(fediverse, here, amara), await app_of(fediverse, here, bruno)
    poll = {"options": ["a", "b", "c", "d"], "expires_in": 3600, "multiple": True}
    asked = await asking.post("/api/v1/statuses", {"status": "Which?", "poll": poll})
    votes = f"/api/v1/polls/{asked['poll']['id']}/votes"
    answers = await asyncio.gather(*(app.call("POST", votes, json={"choices": [each]}) for each in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422]
    found = await asking.get(f"/api/v1/statuses/{asked['id']}")
    assert (found["poll"]["votes_count"], found["poll"]["voters_count"]) == (1, 1)
    assert await here.db.value("SELECT count(*) AS n FROM poll_vote WHERE actor_id = :id", id=bruno.id) == 1


async def test_marks_count_once(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    number = number_of((await write(amara, "Words", visibility="public")).id)
    app = await app_of(fediverse, here, bruno)
    single = f"/api/v1/statuses/{number}"
    for name in ("favourite", "reblog", "bookmark", "unfavourite", "unreblog", "unbookmark", "favourite", "reblog"):
        await asyncio.gather(*(app.post(f"{single}/{name}") for _ in range(4)))
    found = await app.get(single)
    assert (found["favourites_count"], found["reblogs_count"]) == (1, 1)
    follows = f"/api/v1/accounts/{number_of(amara.id)}"
    for name in ("follow", "unfollow", "follow", "block", "unblock"):
        await asyncio.gather(*(app.post(f"{follows}/{name}") for _ in range(4)))
    assert (await app.get(follows))["followers_count"] == 0
