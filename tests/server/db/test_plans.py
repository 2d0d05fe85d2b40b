"""No statement that a page or document waits for reads through a large table, whatever its size (P8).

On SQLite, which plans alike for few rows and for many; PostgreSQL plans by what it counted.
"""

import re

import pytest

from server.communities import actions as communities
from server.communities.form import CommunityForm
from server.db import Database
from server.db.database import _compile, _storable
from server.posts import actions as posts
from tests.web.test_costs import _written

LARGE = {
    "actor", "boost", "follow", "inbox_receipt", "membership", "notification", "outgoing", "post", "post_attachment",
    "post_like", "post_mention", "post_tag", "sent_activity", "timeline_entry",
}  # fmt: skip
SORTED = (
    "actor.id IN (SELECT community_id FROM membership WHERE person_id = :me",  # the communities of one person
    "FROM post_attachment AS file",  # of the posts on one page
    "SELECT 'application' AS kind",  # what waits for somebody
    "LIMIT :week_talked_about) AS talked",  # of fifty posts
    "FROM account JOIN actor",  # who joined within a month
    "membership.role <> 'member'",  # those who look after one community
    "INDEXED BY idx_post_pinned",  # what is pinned in one community
    "post.id IN (:only_0",  # posts that were found already
    "SELECT practice.id FROM practice WHERE practice.id = :origin",  # two
    "sent_activity.post_id = :post_id",  # what was sent of one post
    "post.parent_id = :id",  # the answers to one post
    "FROM sent_activity WHERE uri LIKE :ours AND post_id IN",  # of the posts on one page
)
"""What is read first and then put in order, being of one person, post or place: little, however much there is."""
PAGES = (
    "/week", "/c/science", "/c/science?show=practices", "/c/science/feed.atom", "/practices", "/practices?minutes=10",
    "/@amara", "/@amara/followers", "/@amara/following", "/notifications", "/tags/maths", "/me/requests",
    "/people", "/communities", "/communities?where=elsewhere", "/practices?subject=Maths", "/practices?mine=shared",
)  # fmt: skip
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
        match = re.match(r"SCAN (\w+)(?:.* INDEX (\w+))?|SEARCH (\w+) .*INDEX (\w+) \(\w+[<>]\?", line)
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
    asked.clear()
    async with fediverse.client(here, amara) as browser:
        for path in (*PAGES, shared.url, thread.url):
            assert (await browser.get(path)).status_code == 200, path
    async with fediverse.client(here) as reader:
        for uri in (amara.uri, community.uri):
            for part in DOCUMENTS:
                await reader.get(f"{uri}{part}", headers={"accept": "application/activity+json"})
        for part in ("", "/replies", "/replies?page=1", "/likes"):
            await reader.get(f"{thread.uri}{part}", headers={"accept": "application/activity+json"})
    assert len(asked) > 40
    with here.db.bind():
        async with here.db.transaction():
            through = {
                statement: tables
                for statement, parameters in dict(asked).items()
                if (tables := await read_through(here, statement, parameters))
            }
    assert not through
