"""This week: only what this person may see and decide, and never without an end."""

from datetime import timedelta

from server.week import queries
from tests.facts import make_community, make_follow, make_member, make_post, make_remote


async def told(person, **words) -> None:
    """What somebody said of themselves on their first visit."""
    for column, text in words.items():
        await person.here.run(
            person.here.db.execute, f"UPDATE account SET {column} = :text WHERE actor_id = :id", text=text, id=person.id
        )


async def week(person) -> queries.PostsOfTheWeek:
    return await person.do(queries.posts_of_the_week, await person.do(queries.about))


async def two(fediverse):
    here = await fediverse.start("alder.example")
    return here, await fediverse.person(here, "maya"), await fediverse.person(here, "tom")


async def test_s28_only_those_who_decide_see_what_waits(fediverse) -> None:
    here, maya, tom = await two(fediverse)
    admin = await fediverse.person(here, "ana", role="admin")
    ines = await fediverse.person(here, "ines")
    community = await make_community(here, "science", stewards=(maya.id,))
    await make_member(here, community.id, tom.id)
    await make_member(here, community.id, ines.id, state="applied")
    far = await make_remote(here, "far", "birch.example")
    await make_post(here, far.id, state="held", community_id=community.id, title="Held", is_local=False)
    await make_post(here, far.id, state="held", title="Alone", is_local=False)
    await make_post(here, maya.id, state="held", community_id=community.id, title="Own")
    await make_follow(here, far.id, maya.id, state="requested")
    seen = {
        name: [(item.kind, item.title) for item in await person.do(queries.waiting)]
        for name, person in {"maya": maya, "tom": tom, "ines": ines, "ana": admin}.items()
    }
    assert seen == {
        "maya": [("application", ""), ("follow_request", ""), ("held", "Held")],
        "tom": [],
        "ines": [],
        "ana": [("held", "Alone")],
    }


async def test_s15_replies_that_one_may_not_read_are_not_counted(fediverse) -> None:
    here, maya, tom = await two(fediverse)
    post = await make_post(here, maya.id, title="Exit tickets")
    await make_post(here, tom.id, kind="reply", parent_id=post.id, visibility="direct")
    await make_post(here, maya.id, kind="reply", parent_id=post.id)
    assert (await week(maya)).travelled == []
    await make_post(here, tom.id, kind="reply", parent_id=post.id)
    (item,) = (await week(maya)).travelled
    assert (item.post.title, item.replies, item.people) == ("Exit tickets", 1, 1)
    fediverse.clock.advance(timedelta(days=15).total_seconds())
    assert (await week(await fediverse.as_person(here, maya.id))).travelled == []


async def test_l9_asks_for_me_share_my_words_and_wait_for_an_answer(fediverse) -> None:
    here, maya, tom = await two(fediverse)
    await told(maya, ask_me_about="retrieval practice, exit tickets")
    await make_post(here, tom.id, kind="ask", title="Exit tickets in big groups?")
    await make_post(here, tom.id, kind="ask", title="Retrieval, answered", helped_count=1)
    await make_post(here, tom.id, kind="ask", title="Pottery?")
    await make_post(here, tom.id, kind="practice", title="Exit tickets that work")
    await make_post(here, maya.id, kind="ask", title="My own exit ticket")
    assert [ask.title for ask in (await week(maya)).asks] == ["Exit tickets in big groups?"]
    fediverse.clock.advance(timedelta(days=61).total_seconds())
    assert (await week(await fediverse.as_person(here, maya.id))).asks == []


async def test_l1_o4_one_practice_to_try_is_anothers_and_says_why(fediverse) -> None:
    here, maya, tom = await two(fediverse)
    await make_post(here, maya.id, title="My own")
    assert (await week(maya)).suggestions == []
    await make_post(here, tom.id, title="Pottery wheel")
    fits = (await week(maya)).suggestions[0]
    assert (fits.post.title, fits.reason) == ("Pottery wheel", "new")
    await make_post(here, tom.id, title="Quiet starts in science")
    for words, reason in (({"teaches": "science"}, "teaches"), ({"stuck_with": "noisy, never quiet"}, "stuck")):
        await told(maya, **words)
        fits = (await week(maya)).suggestions[0]
        assert (fits.post.title, fits.reason) == ("Quiet starts in science", reason)


async def test_o4_next_week_it_is_another_one(fediverse) -> None:
    here, maya, tom = await two(fediverse)
    for number in range(3):
        await make_post(here, tom.id, title=f"Practice {number}")
    titles = set()
    for _ in range(3):
        later = await fediverse.as_person(here, maya.id)
        titles.add((await week(later)).suggestions[0].post.title)
        fediverse.clock.advance(timedelta(days=7).total_seconds())
    assert len(titles) == 3


async def test_first_steps_are_ticked_off_and_go_away(fediverse) -> None:
    here, maya, tom = await two(fediverse)
    me = await maya.do(queries.about)
    assert (await maya.do(queries.first_steps, me)).done == 0
    community = await make_community(here, "science")
    await make_member(here, community.id, maya.id)
    await make_follow(here, maya.id, tom.id)
    steps = await maya.do(queries.first_steps, me)
    assert (steps.has_community, steps.follows_somebody, steps.has_shared, steps.done) == (True, True, False, 2)
    fediverse.clock.advance(timedelta(days=31).total_seconds())
    assert await (await fediverse.as_person(here, maya.id)).do(queries.first_steps, me) is None


async def test_somebody_new_to_greet_is_not_oneself_nor_hidden(fediverse) -> None:
    here, maya, tom = await two(fediverse)
    assert (await maya.do(queries.newest_person)).handle == "@tom"
    await here.run(here.db.execute, "UPDATE actor SET discoverable = FALSE WHERE id = :id", id=tom.id)
    assert await maya.do(queries.newest_person) is None
