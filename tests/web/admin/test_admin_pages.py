"""Administration: for admins alone."""

import re

import pytest

from server.accounts.actions import delete_own_account
from server.consortium import actions as networks
from server.peers import queries as peers
from server.posts.queries import page_path
from server.posts.removal import remove_post, restore_post
from server.serverlists import taking
from tests.posting import write
from web.admin.pages import routes


def paths():
    """Every path of the administration with its methods."""
    return [
        (method, re.sub(r"{\w+}", "evil.example", route.path))
        for route in routes
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


@pytest.mark.parametrize("role", [None, "member", "steward"])
async def test_s28_the_administration_looks_absent_to_everybody_else(fediverse, role):
    here = await fediverse.start("alder.example")
    person = await fediverse.person(here, "maya", role=role) if role else None
    async with fediverse.client(here, person) as browser:
        for method, path in paths():
            answer = await browser.request(method, path, data={"grade": "blocked"} if method == "POST" else None)
            if role is None:
                assert answer.headers["location"].startswith("/sign-in"), path
            else:
                assert answer.status_code == 404, path
    assert peers.grade_of(here, "evil.example") == "normal"


async def test_every_page_of_the_administration_opens(fediverse):
    here = await fediverse.start("alder.example")
    ana = await fediverse.person(here, "ana", role="admin")
    gone = await fediverse.person(here, "evil.example")
    await gone.do(delete_own_account)
    await here.run(networks.found, here, "@ana", name="Valley", purpose="We try things.")
    await here.run(here.db.execute, "UPDATE consortium SET slug = 'evil.example'")
    await here.run(lambda: taking.import_file(here, "A file", [], 0, by="@ana"))
    await here.run(here.db.execute, "UPDATE server_list SET id = 'evil.example'")
    async with fediverse.client(here, ana) as browser:
        for method, path in paths():
            if method == "GET":
                assert (await browser.get(path)).status_code == 200, path


async def test_the_log_leads_to_the_page_of_a_post_while_there_is_one(fediverse):
    here = await fediverse.start("alder.example")
    ana = await fediverse.person(here, "ana", role="admin")
    maya = await fediverse.person(here, "maya")
    post = await write(maya)
    await ana.do(remove_post, post.id, "Not ours to share.")
    async with fediverse.client(here, ana) as browser:
        page = (await browser.get("/admin/audit")).text
        assert "a post that you cannot open" in page
        assert post.uri not in page
        await ana.do(restore_post, post.id)
        page = (await browser.get("/admin/audit")).text
        assert f'<a href="{page_path(post.short, post.title, post.kind)}">open it</a>' in page


async def test_blocking_a_server_says_what_it_does_and_can_be_undone(fediverse):
    here = await fediverse.start("alder.example")
    ana = await fediverse.person(here, "ana", role="admin")
    async with fediverse.client(here, ana) as browser:
        assert (await browser.post("/admin/servers", data={"host": "not a host"})).status_code == 422
        answer = await browser.post("/admin/servers", data={"host": "https://Evil.example/@x"})
        assert answer.headers["location"] == "/admin/servers/evil.example"
        page = await browser.get("/admin/servers/evil.example")
        assert "Nothing comes in and nothing goes out." in page.text
        refused = await browser.post("/admin/servers/evil.example", data={"grade": "banished", "note": "kept words"})
        assert refused.status_code == 422
        assert "kept words" in refused.text
        await browser.post("/admin/servers/evil.example", data={"grade": "blocked", "note": "spam"})
        await here.run(here.refresh)
        assert peers.grade_of(here, "evil.example") == "blocked"
        assert "graded a server" in (await browser.get("/admin/audit")).text
        await browser.post("/admin/servers/evil.example/undo")
        await here.run(here.refresh)
        assert peers.grade_of(here, "evil.example") == "normal"


async def test_an_invitation_link_lets_somebody_in_and_is_shown_once(fediverse):
    here = await fediverse.start("alder.example", registration="invite")
    ana = await fediverse.person(here, "ana", role="admin")
    async with fediverse.client(here, ana) as browser:
        assert (await browser.post("/admin/invitations", data={"max_uses": "0"})).status_code == 422
        made = await browser.post("/admin/invitations", data={"note": "science", "max_uses": "1", "days": "7"})
        link = re.search(r'value="https://alder\.example(/join/[\w-]+)"', made.text)[1]
        assert link not in (await browser.get("/admin/invitations")).text
    async with fediverse.client(here) as browser:
        assert (await browser.get("/join/made-up")).status_code == 404
        assert (await browser.get(link)).status_code == 200
        data = {"username": "lin", "password": "seven purple elephants", "invitation": link.rsplit("/", 1)[1]}
        assert (await browser.post("/sign-up", data=data)).headers["location"] == "/welcome"
        assert (await browser.get(link)).status_code in {303, 404}
