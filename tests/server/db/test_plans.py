"""No statement that a page or document waits for reads through a large table, whatever its size (P8).

On SQLite, which plans alike for few rows and for many, until somebody has it count them: both are looked at. PostgreSQL
plans by what it counted.
"""

import re
import sqlite3
from contextlib import closing

import pytest

from server.accounts import actions as accounts
from server.accounts.actions import NewContext
from server.communities import actions as communities
from server.communities.form import CommunityForm
from server.db import Database
from server.db.database import _compile, _storable
from server.ids import new_id
from server.mastodon.ids import number_of
from server.posts import actions as posts
from server.posts import marks
from server.posts.sorting import put_into_topic
from server.topics import actions as topics
from tests.apps import app_of
from tests.web.test_costs import _written

LARGE = {
    "actor", "boost", "follow", "inbox_receipt", "membership", "notification", "outgoing", "post", "post_attachment",
    "post_like", "post_mention", "post_tag", "practice", "sent_activity", "timeline_entry", "tried_place",
    "tried_report",
}  # fmt: skip
SORTED = (
    "actor.id IN (SELECT community_id FROM membership WHERE person_id = :me",  # the communities of one person
    "FROM post_attachment AS file",  # of the posts on one page
    "SELECT 'application' AS kind",  # what waits for somebody
    "LIMIT :week_talked_about) AS talked",  # of fifty posts
    "AS spoke JOIN community",  # what at most five communities talked about within eight weeks
    "FROM account JOIN actor",  # who joined within a month
    "membership.role <> 'member'",  # those who look after one community
    "INDEXED BY idx_post_pinned",  # what is pinned in one community
    "SELECT kind, at, id, actor_id, post_id, unique_key, read_at FROM (SELECT * FROM (",  # a page of each kind
    ") AS listed JOIN post ON post.id = listed.post",  # two pages
    "WHERE post.id BETWEEN :low AND :high",  # one
    "WHERE boost.id BETWEEN :low AND :high",  # one
    "WHERE reader_id = :whose AND post_id IN (SELECT id FROM post WHERE id BETWEEN",  # one
    "AS able CROSS JOIN actor",  # of those who wrote the latest practices, and as many who may be asked
    "FROM profile_pin AS pin",  # what one person pinned
    "post.id IN (:only_0",  # posts that were found already
    "SELECT own.grown_from_id FROM practice AS own WHERE own.id = :id",  # two
    "sent_activity.post_id = :post_id",  # what was sent of one post
    "post.parent_id = :id",  # the answers to one post
    "FROM sent_activity WHERE uri LIKE :ours AND post_id IN",  # of the posts on one page
)
"""What is read first and then put in order, being of one person, post or place: little, however much there is."""
PAGES = (
    "/week", "/c/science", "/c/science?show=practices", "/c/science/feed.atom", "/practices", "/practices?minutes=10",
    "/@amara", "/@amara/followers", "/@amara/following", "/notifications", "/tags/maths", "/me/requests",
    "/people", "/communities", "/communities?where=elsewhere", "/practices?subject=Maths", "/practices?mine=shared",
    "/c/science/challenges", "/c/science/ideas", "/c/science/collections", "/collections", "/saved",
    "/c/science/invite",
    "/practices?sort=useful", "/practices?sort=useful&community=science",
    "/practices?like=mine", "/practices?like=mine&sort=useful", "/search?q=works&kind=practices&like=mine",
    "/search?q=what+works", "/search?q=works&kind=resources", "/people?q=amara",
)  # fmt: skip
FOR_APPS = (
    "/api/v1/bookmarks", "/api/v1/favourites", "/api/v1/scheduled_statuses", "/api/v1/timelines/home",
    "/api/v1/timelines/public", "/api/v1/timelines/public?local=true", "/api/v1/timelines/tag/maths",
    "/api/v1/notifications", "/api/v2/notifications", "/api/v1/conversations", "/api/v2/search?q=works",
)  # fmt: skip
MANY = 5_000
DOCUMENTS = ("", "/outbox", "/outbox?page=1", "/followers", "/featured", "/moderators")


@pytest.fixture
def asked(monkeypatch):
    """Every hand-written read, with what it was asked with."""
    found = {}
    rows = Database.rows

    async def noted(self, statement, /, **parameters):
        found[statement] = parameters
        return await rows(self, statement, **parameters)

    monkeypatch.setattr(Database, "rows", noted)
    return found


async def read_through(here, statement, parameters):
    """The large tables that a statement reads from one end to the other or sorts, what the notes above allow aside."""
    sql, names = _compile(statement, here.db.dialect)
    values = [_storable(parameters[name]) for name in names]
    connection = here.db.connection()
    partial = {
        row["name"]
        for row in await connection.execute_query_dict(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"
        )
    }
    plan = [row["detail"] for row in await connection.execute_query_dict(f"EXPLAIN QUERY PLAN {sql}", values)]
    pairs = re.findall(r"\b(?:FROM|JOIN) (\w+)(?: AS)? (\w+)", sql)
    named = {alias: table for table, alias in pairs}
    sorts = any("USE TEMP B-TREE FOR ORDER BY" in line for line in plan)
    found = [] if not sorts or any(few in statement for few in SORTED) else [table for table, _ in pairs]
    for line in plan:
        # By a range alone, such as every handle after this one, is from one end to the other, too.
        # Between two ids that apps know by the same digits is little.
        range_alone = r"SEARCH (\w+) .*INDEX (\w+) \(\w+[<>]\?(?! AND \w+[<>]\?)"
        match = re.match(rf"SCAN (\w+)(?:.* INDEX (\w+))?|{range_alone}", line)
        if match and (match[2] or match[4]) not in partial:
            found.append(named.get(match[1] or match[3], match[1] or match[3]))
    return [table for table in found if table in LARGE]


async def test_no_hot_statement_reads_through_a_large_table(fediverse, asked):
    here = await fediverse.start("alder.example")
    if here.db.dialect == "postgres":
        pytest.skip("its plans follow from statistics, which a small database has not")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    form = CommunityForm(name="Science", slug="science", purpose="To share what works.")
    community = await amara.do(communities.create_community, form)
    shared, thread = await _written(amara, bruno, community, 0)
    await bruno.do(posts.boost_post, shared.id)
    await fediverse.settle()
    another, _ = await _written(amara, bruno, community, 1)
    topic = await amara.do(topics.make_topic, community.id, "Beginnings")
    await amara.do(put_into_topic, thread.id, topic.id)
    await amara.do(accounts.save_context, NewContext("Year 8", "Science", "Year 8", 28))
    async with fediverse.client(here, bruno) as browser:
        said = {"outcome": "worked", "level": "adults"}
        assert (await browser.post(f"/p/{shared.short}/tried", data=said)).status_code == 303
        await fediverse.settle()
        asked.clear()
        assert (await browser.get(f"/p/{another.short}/tried")).status_code == 200
    async with fediverse.client(here, amara) as browser:
        for path in (*PAGES, f"/c/science/topics/{topic.id[-8:]}", shared.url, thread.url):
            assert (await browser.get(path)).status_code == 200, path
    async with fediverse.client(here) as reader:
        for uri in (amara.uri, community.uri):
            for part in DOCUMENTS:
                await reader.get(f"{uri}{part}", headers={"accept": "application/activity+json"})
        for part in ("", "/replies", "/replies?page=1", "/likes"):
            await reader.get(f"{thread.uri}{part}", headers={"accept": "application/activity+json"})
        await reader.get(f"{shared.uri}/trials", headers={"accept": "application/activity+json"})
        for uri in (amara.uri, community.uri, f"{here.settings.origin}/ap/u/nobody"):
            await reader.post(f"{uri}/inbox", content=b"{}", headers={"content-type": "application/activity+json"})
    app = await app_of(fediverse, here, amara)
    await amara.do(marks.bookmark_post, thread.id)
    await amara.do(posts.like_post, thread.id)
    for path in (*FOR_APPS, f"/api/v1/accounts/{number_of(amara.id)}/statuses"):
        await app.get(path)
        await app.get(path, max_id=number_of(new_id(here.clock.now())))
    for path in ("", "?pinned=true", "?only_media=true"):
        await app.get(f"/api/v1/accounts/{number_of(community.id)}/statuses{path}")
    await app.get(f"/api/v1/statuses/{number_of(thread.id)}/context")
    assert any("inbox_url" in statement for statement in asked)
    assert len(asked) > 40
    assert not await all_read_through(here, asked)
    skew_and_analyse(here.db.path, shared.id, thread.id, bruno.id)
    assert not await all_read_through(here, asked)


async def all_read_through(here, asked):
    with here.db.bind():
        async with here.db.transaction():
            return {
                statement: tables
                for statement, parameters in dict(asked).items()
                if (tables := await read_through(here, statement, parameters))
            }


def skew_and_analyse(path, shared, thread, author):
    """As an admin would on a large server: most posts are answers of others, elsewhere, and few of anything is rare."""
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY}) "
    with closing(sqlite3.connect(path)) as connection, connection:

        def copied(table, source, of_n=1, **changes):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] != "rowid"]
            values = ", ".join(changes.get(name, f'one."{name}"') for name in columns)
            names = ", ".join(f'"{name}"' for name in columns)
            connection.execute(
                f"INSERT INTO {table} ({names}) {numbers} SELECT {values} FROM n, {table} AS one"
                f" WHERE one.id = ? AND i % {of_n} = 0",
                (source,),
            )

        told = {
            "id": "'z' || i", "short": "'z' || i", "uri": "'z' || i", "url": "'z' || i", "is_local": "i % 20 = 0",
            "community_id": "CASE WHEN i / 5 % 3 = 0 THEN one.community_id END",
            "author_id": "CASE WHEN i % 20 = 0 THEN one.author_id ELSE 'a' || (i % 500) END",
            "published_at": "i", "created_at": "i", "updated_at": "i", "last_activity_at": "i", "raw_create": "NULL",
        }  # fmt: skip
        parent = "CASE WHEN i % 5 THEN 'z' || (i - i % 5) END"
        copied(
            "post",
            thread,
            **told,
            parent_id=parent,
            in_reply_to_uri=parent,
            kind="CASE WHEN i % 5 THEN 'reply' ELSE 'discussion' END",
        )
        copied("practice", shared, 5, id="'z' || i", grown_from_id="NULL")
        far = {name: "'a' || i" for name in ("id", "uri", "url", "username", "handle_key")}
        copied("actor", author, **far, is_local="0", name="'Person ' || i")
        connection.execute("ANALYZE")
        # Of what is not much here it would rightly say that reading all of it is nothing.
        connection.execute("DELETE FROM sqlite_stat1 WHERE tbl NOT IN ('account', 'actor', 'post', 'practice')")
        connection.execute("ANALYZE sqlite_schema")
