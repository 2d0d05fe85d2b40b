"""Whom a new post or boost reaches here, and that it costs the same however many follow from elsewhere (P4)."""

import pytest

from server.actors.models import Follow
from server.db import Database
from server.db.database import _compile, _storable
from server.posts import actions as posts
from server.timelines.queries import home
from tests.facts import make_community, make_follow, make_member, make_post, make_remote
from tests.posting import follow, write
from tests.web.test_costs import statements


@pytest.fixture
async def followed(fediverse):
    """Amara, whom Tom and people elsewhere follow, whom Pia asked, and whom Gus followed until he left."""
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    people = {name: await fediverse.person(here, name) for name in ("tom", "pia", "gus", "noor")}
    for number in range(3):
        far = await make_remote(here, f"far{number}", "birch.example")
        await make_follow(here, far.id, amara.id)
    await make_follow(here, people["tom"].id, amara.id)
    await make_follow(here, people["pia"].id, amara.id, state="requested")
    await make_follow(here, people["gus"].id, amara.id)
    gone = people["gus"].id
    await here.run(here.db.execute, "UPDATE actor SET deleted_at = 1 WHERE id = :id", id=gone)
    return here, amara, people


async def readers(here, post):
    rows = await here.run(
        here.db.rows,
        "SELECT actor.username FROM timeline_entry JOIN actor ON actor.id = reader_id WHERE post_id = :id ORDER BY 1",
        id=post.id,
    )
    return [row["username"] for row in rows]


async def test_p4_a_post_and_a_boost_are_for_followers_here_alone(followed):
    here, amara, people = followed
    post = await write(amara)
    assert await readers(here, post) == ["amara", "tom"]
    passed = await make_post(here, people["noor"].id)
    await amara.do(posts.boost_post, passed.id)
    assert "tom" in await readers(here, passed)
    assert not {"pia", "gus", "far0"} & set(await readers(here, passed))


async def test_p4_a_post_in_a_community_is_for_members_here_alone(followed):
    here, amara, people = followed
    group = await make_community(here, "science", stewards=(people["noor"].id,))
    far = await make_remote(here, "maj", "birch.example")
    await make_member(here, group.id, far.id)
    await make_member(here, group.id, people["pia"].id, state="applied")
    await make_member(here, group.id, people["gus"].id)
    post = await make_post(here, amara.id, community_id=group.id)
    assert await readers(here, post) == ["amara", "noor", "tom"]
    await here.run(here.db.execute, "UPDATE membership SET from_elsewhere = FALSE")
    post = await make_post(here, amara.id, community_id=group.id)
    assert await readers(here, post) == ["amara", "noor", "tom"]


async def test_p4_a_follow_that_does_not_say_where_it_is_from_is_asked(followed):
    """As another version, still running while the tables are already new, would write it."""
    here, amara, _ = followed
    await here.run(here.db.execute, "UPDATE follow SET from_elsewhere = FALSE")
    assert await readers(here, await write(amara)) == ["amara", "tom"]


async def test_p4_only_follows_from_elsewhere_say_so(fediverse):
    here, there = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, ines = await fediverse.person(here, "amara"), await fediverse.person(here, "ines")
    bruno = await fediverse.person(there, "bruno")
    await follow(ines, amara)
    await follow(bruno, amara)
    await follow(amara, bruno)
    await fediverse.settle()
    rows = await here.run(lambda: Follow.filter(state="accepted"))
    assert {row.follower_id: row.from_elsewhere for row in rows} == {
        amara.id: False,
        ines.id: False,
        next(row.follower_id for row in rows if row.from_elsewhere): True,
    }
    assert [row.from_elsewhere for row in await there.run(lambda: Follow.filter(follower_id=bruno.id))] == [False]


async def test_p5_a_home_timeline_takes_at_most_four_statements_whatever_is_in_it(followed):
    here, amara, people = followed
    noor, tom = people["noor"], people["tom"]
    counts, quoted = [], await write(amara)
    with statements(here) as log:
        for size in (1, 12):
            for number in range(size):
                passed = await make_post(here, noor.id)
                await amara.do(posts.boost_post, passed.id)
                await make_post(here, amara.id, sensitive=True, content_warning="Long")
                await write(amara, f"Number {number}", quote_id=quoted.id)
            log.clear()
            page = await tom.do(home, limit=20)
            assert len(page.items) == (4 if size == 1 else 20)
            assert any(post.quote for post in page.items)
            counts.append(len(log))
        assert len((await tom.do(home, limit=20, before=page.next)).items) == 20
    assert counts[0] == counts[1] <= 4


async def test_p4_followers_and_members_elsewhere_are_not_walked(followed, monkeypatch):
    here, amara, people = followed
    if here.db.dialect == "postgres":
        pytest.skip("its plans follow from statistics, which a small database has not")
    asked = []
    execute = Database.execute

    async def noted(self, statement, /, **parameters):
        asked.append((statement, parameters))
        return await execute(self, statement, **parameters)

    monkeypatch.setattr(Database, "execute", noted)
    await write(amara)
    await amara.do(posts.boost_post, (await make_post(here, people["noor"].id)).id)
    filling = [(one, values) for one, values in asked if one.startswith("INSERT INTO timeline_entry")]
    assert len(filling) == 3  # the two posts, and the boost
    for statement, values in filling:
        sql, names = _compile(statement, "sqlite")
        plan = await here.run(
            here.db.connection().execute_query_dict,
            f"EXPLAIN QUERY PLAN {sql}",
            [_storable(values[name]) for name in names],
        )
        details = [row["detail"] for row in plan]
        read = [one for one in details if " follow " in one]
        assert read, plan
        read_members = [one for one in details if " membership " in one]
        assert all(
            "SEARCH membership USING INDEX idx_membership_here (community_id=? AND state=?)" in one
            for one in read_members
        )
        assert len(read_members) == ("FROM post JOIN membership" in statement)
        assert all("SEARCH follow USING INDEX idx_follow_here (target_id=? AND state=?)" in one for one in read)
