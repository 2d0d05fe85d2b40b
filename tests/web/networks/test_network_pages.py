"""Pages of networks: an admin founds and joins one in the browser; everybody reads who is in it (M2, M6)."""

import re
from html import unescape

import pytest

from server.actors.actions import resolve
from server.actors.removal import suspend
from server.blueprints import actions as blueprints
from server.consortium import actions, joining
from server.consortium.models import Consortium, ConsortiumMember
from server.errors import Invalid
from tests.counting import statements
from tests.posting import community, follow, join

ALDER, BIRCH = "alder.example", "birch.example"
WORDS = {"name": "Valley schools", "purpose": "We try each other's practices.", "guidelines": "Name *no pupils*."}
NETWORK = "/admin/networks/valley-schools"


@pytest.fixture
async def two(fediverse):
    """Two servers that talk only with whom they chose; each with an admin in a browser."""
    found = []
    for host in (ALDER, BIRCH):
        here = await fediverse.start(host, federation="consortium")
        admin = await fediverse.person(here, "ana", role="admin")
        found.append((here, admin, fediverse.client(here, admin)))
    return found


async def says(client, path, *texts, status=200):
    """The page at a path, which says all this."""
    response = await client.get(path)
    assert response.status_code == status, response.text
    for text in texts:
        assert text in response.text, text
    return response.text


async def does(client, path, **form):
    """Send a form that is taken, and return where it leads."""
    response = await client.post(path, data=form)
    assert response.status_code == 303, response.text
    return response.headers["location"]


async def test_m2_only_admins_look_after_networks(fediverse, two):
    here, _, browser = two[0]
    await does(browser, "/admin/networks/found", **WORDS)
    member = fediverse.client(here, await fediverse.person(here, "tom"))
    for path in ("/admin/networks", NETWORK):
        assert (await member.get(path)).status_code in {403, 404}
    for part in ("found", "look", "ask"):
        assert (await member.post(f"/admin/networks/{part}", data=WORDS)).status_code in {403, 404}
    for part in ["describe", "expect", "accept", "refuse", "remove", "close", "leave", "apply", "choose", "fetch"]:
        response = await member.post(f"{NETWORK}/{part}", data={"host": BIRCH, "reason": "No.", "sure": "1"})
        assert response.status_code in {403, 404}, part
    assert (await fediverse.client(here).post(f"{NETWORK}/close", data={"sure": "1"})).status_code == 303
    await says(fediverse.client(here), "/networks/valley-schools", "Valley schools")


async def test_m2_a_form_that_is_refused_keeps_what_was_typed(fediverse, two):
    _, _, browser = two[0]
    response = await browser.post("/admin/networks/found", data=WORDS | {"name": ""})
    assert response.status_code == 422
    assert "Give the network a name." in response.text
    assert "Name *no pupils*." in response.text
    response = await browser.post("/admin/networks/look", data={"address": "nobody.example"})
    assert response.status_code == 422
    assert 'value="nobody.example"' in response.text
    await does(browser, "/admin/networks/found", **WORDS)
    response = await browser.post(f"{NETWORK}/expect", data={"host": "not a host"})
    assert (response.status_code, 'value="not a host"' in response.text) == (422, True)
    assert (await browser.post(f"{NETWORK}/close")).status_code == 422
    assert (await browser.get("/admin/networks/other")).status_code == 404
    assert (await browser.get("/networks/other")).status_code == 404


async def test_m4_a_network_begins_with_a_template_that_can_be_taken_away(fediverse, two):
    (alder, ana, host), _ = two
    member = fediverse.client(alder, await fediverse.person(alder, "tom"))
    words = ("Talking circles", "Week 9: meet for an hour", "not in here", "Writing project sites", "hub and sites")
    await says(host, "/admin/networks?begin=sel", *words)
    for key in ("sel", "writing", "faculty"):
        refused = await host.post("/admin/networks/found", data=WORDS | {"begin": key, "name": ""})
        assert (refused.status_code, f'name="begin" value="{key}"' in refused.text) == (422, True)
    assert await alder.run(alder.db.value, "SELECT count(*) FROM community") == 0
    # Where one of its communities cannot be made, there is nothing at all.
    halves = blueprints.Blueprint((("Good", "A place for us."), ("n" * 300, "Too long a name.")), ("Meet.",))
    with pytest.raises(Invalid):
        await ana.do(blueprints.begin, halves, **WORDS)
    for table in ("community", "consortium", "network_plan"):
        assert await alder.run(alder.db.value, f"SELECT count(*) FROM {table}") == 0, table
    await community(ana, "hub")  # this handle is taken
    assert await does(host, "/admin/networks/found", **WORDS, begin="faculty") == NETWORK
    await says(host, NETWORK, "Before term: the hub invites the sites", "Name *no pupils*.")
    # The first and the last step ask the same, with a poll that the plan fills in and somebody sends.
    page = await says(host, NETWORK, "How well do you know what is learnt in courses beside yours?")
    asks = [unescape(link) for link in re.findall(r'href="(/c/what-students-learn/new[?][^"]+)"', page)]
    assert len(asks) == 2
    assert asks[0] == asks[1]
    form = await says(
        host, asks[0], 'value="How well do you know what is learnt in courses beside yours?"', "Very much"
    )
    assert form.count('name="option"') == 8
    for wrong in ("lasts=ever", f"question={'x' * 900}", "&".join(f"option={n}" for n in range(30))):
        assert (await host.get(f"/c/what-students-learn/new?kind=poll&{wrong}")).status_code == 200
    assert (await member.get(asks[0])).status_code in {303, 403, 404}
    assert await alder.run(alder.db.value, "SELECT count(*) FROM post WHERE kind = 'poll'") == 0
    for path in ("tick", "unplan"):
        assert (await member.post(f"{NETWORK}/{path}", data={"step": "0", "done": "yes"})).status_code in {403, 404}
    assert (await host.post(f"{NETWORK}/tick", data={"step": "9", "done": "yes"})).status_code == 404
    await does(host, f"{NETWORK}/tick", step="0", done="yes")
    await says(host, NETWORK, "Not done after all")
    # The plan is for admins, and the communities are for members, who ask for a place.
    assert "Before term" not in await says(fediverse.client(alder), "/networks/valley-schools")
    made = await alder.run(
        alder.db.rows,
        "SELECT username, visibility, join_policy FROM community JOIN actor ON actor.id = community.id ORDER BY 1",
    )
    assert [row["username"] for row in made] == ["course-design", "hub", "hub-2", "what-students-learn"]
    assert {(row["visibility"], row["join_policy"]) for row in made if row["username"] != "hub"} == {
        ("members", "apply")
    }
    assert (await member.post("/c/course-design/apply", data={"q0": "a", "q1": "b", "q2": "c"})).status_code == 303
    await does(host, f"{NETWORK}/unplan")
    assert "Before term" not in await says(host, NETWORK, "Name *no pupils*.")
    closed = await alder.run(
        alder.db.rows,
        "SELECT username FROM community JOIN actor ON actor.id = community.id WHERE archived_at IS NOT NULL ORDER BY 1",
    )
    assert [row["username"] for row in closed] == ["hub-2", "what-students-learn"]
    assert (await host.post(f"{NETWORK}/unplan")).status_code == 404


async def connect(fediverse, alder, birch):
    await alder.run(actions.found, alder, "@ana", **WORDS)
    await alder.run(actions.expect, alder, "@ana", "valley-schools", BIRCH)
    await birch.run(joining.ask, birch, "@ana", ALDER)
    await fediverse.settle()
    await alder.run(actions.accept, alder, "@ana", "valley-schools", BIRCH)
    await fediverse.settle()


async def test_m6_the_map_counts_what_everybody_may_see(fediverse, two):
    (alder, maya, _), (birch, tom, _) = two
    fediverse.watch.let_deliveries_pass()
    await connect(fediverse, alder, birch)
    anybody = fediverse.client(alder)
    await says(anybody, "/networks/valley-schools", "Nothing yet that we know of.")
    group = await community(maya, "science", visibility="public")
    closed = await community(maya, "staff", visibility="members")
    await join(tom, group)
    await follow(tom, maya)
    await fediverse.settle()
    with statements(alder) as asked:
        await says(anybody, "/networks/valley-schools", "Nothing yet that we know of.")
    assert [statement for statement in asked if "FROM membership" in statement] == []
    fediverse.clock.advance(60)
    page = await says(anybody, "/networks/valley-schools", "with Birch:", "one community", "Alder – Birch")
    # The picture has a title and says the same in words; its twin is the table.
    picture = page[page.index('<figure class="chart travel">') : page.index("</figure>")]
    for said in ('role="img"', "<title id=", "Alder and Birch: 1.", ">Birch</text>", ">1</text>"):
        assert said in picture, said
    assert "staff" not in page
    assert closed.id
    # A member that calls itself like another is not taken for it.
    await alder.run(
        ConsortiumMember.create,
        id="0" * 26,
        consortium_id=(await alder.run(Consortium.get, slug="valley-schools")).id,
        uri="https://cedar.example/ap/actor",
        host="cedar.example",
        name="Birch",
        state="member",
        created_at=fediverse.clock.now(),
        changed_at=fediverse.clock.now(),
    )
    page = await says(anybody, "/networks/valley-schools", "cedar.example", "with Birch:")
    assert (page.count("with Alder:"), page.count('r="12"/>')) == (1, 3)
    # Who is suspended ties nobody.
    there = await alder.run(resolve, alder, tom.uri)
    await alder.run(suspend, alder, there.id, "@ana")
    fediverse.clock.advance(60)
    await says(anybody, "/networks/valley-schools", "Nothing yet that we know of.")


async def test_pages_of_networks_cost_a_fixed_number_of_queries(fediverse, two):
    (alder, _, host), (birch, _, _) = two
    await connect(fediverse, alder, birch)
    paths = ("/networks", "/networks/valley-schools", "/admin/networks", NETWORK)
    costs: dict[str, int] = {}
    network = await alder.run(Consortium.get, slug="valley-schools")
    for round in range(2):
        fediverse.clock.advance(60)
        for path in paths:
            with statements(alder) as asked:
                await says(host, path)
            assert len(asked) == costs.setdefault(path, len(asked)) <= 10, (path, round)
        now = fediverse.clock.now()
        for number in range(30 * round, 30):
            await alder.run(
                ConsortiumMember.create,
                id=f"{number:026}",
                consortium_id=network.id,
                uri=f"https://s{number}.example/ap/actor",
                host=f"s{number}.example",
                name=f"School {number}",
                state=["member", "asked", "expected"][number % 3],
                created_at=now,
                changed_at=now,
            )
