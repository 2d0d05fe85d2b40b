"""Signing in, cookies, and protection of forms (S32)."""

import httpx
import pytest

from tests.conftest import PASSWORD

HTML = {"accept": "text/html"}
OWN = {"sec-fetch-site": "same-origin"}
UNSAFE = [
    "/sign-in",
    "/sign-out",
    "/sign-up",
    "/reset",
    "/welcome",
    "/settings/profile",
    "/settings/password",
    "/settings/data/delete",
    "/@maya/follow",
    "/people/look-up",
    "/admin/site",
    "/admin/servers/evil.example",
]


def bare(fediverse, here, person=None):
    """A client that sends no header of a browser by itself."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(fediverse.network.apps[here.settings.domain]),
        base_url=here.settings.origin,
        cookies={"peerhall_session": person.token} if person else {},
        headers=HTML,
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://alder.example"},
        {"origin": "https://alder.example.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "https://alder.example"},
        {"sec-fetch-site": "cross-site", "origin": "https://alder.example"},
    ],
)
async def test_s32_a_form_from_elsewhere_does_nothing(fediverse, headers):
    here = await fediverse.start("alder.example")
    ana = await fediverse.person(here, "ana", role="admin")
    await fediverse.person(here, "maya")
    async with bare(fediverse, here, ana) as browser:
        for path in UNSAFE:
            answer = await browser.post(path, headers=headers, data={"name": "ana", "password": PASSWORD})
            assert answer.status_code == 403, path
            assert "set-cookie" not in answer.headers
        assert (await browser.get("/me")).status_code == 303


async def test_s32_a_get_never_acts(fediverse):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    async with fediverse.client(here, maya) as browser:
        for path in ("/sign-out", "/@maya/follow", "/people/look-up", "/settings/data/delete"):
            assert (await browser.get(path)).status_code in {404, 405}
        assert (await browser.get("/settings/profile")).status_code == 200


async def test_s32_cookies_are_closed_and_sign_in_makes_a_new_session(fediverse):
    here = await fediverse.start("alder.example")
    old = await fediverse.person(here, "maya")
    async with bare(fediverse, here, old) as browser:
        answer = await browser.post("/sign-in", headers=OWN, data={"name": "@maya", "password": PASSWORD})
        assert answer.status_code == 303
        for cookie in answer.headers.get_list("set-cookie"):
            for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
                assert word in cookie
        assert browser.cookies.get("peerhall_session", domain="alder.example") != old.token
    async with bare(fediverse, here, old) as browser:
        assert (await browser.get("/settings/profile")).headers["location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/%0a//x\n",
    ],
)
async def test_s31_signing_in_leads_nowhere_else(fediverse, onward):
    here = await fediverse.start("alder.example")
    await fediverse.person(here, "maya")
    async with bare(fediverse, here) as browser:
        data = {"name": "maya", "password": PASSWORD, "next": onward}
        answer = await browser.post("/sign-in", headers=OWN, data=data)
    assert answer.headers["location"] in {"/week", "/welcome"}


async def test_s32_a_wrong_password_loses_nothing_and_is_slowed_down(fediverse):
    here = await fediverse.start("alder.example")
    await fediverse.person(here, "maya")
    async with bare(fediverse, here) as browser:
        for _ in range(6):
            answer = await browser.post("/sign-in", headers=OWN, data={"name": "maya", "password": "wrong"})
            assert answer.status_code == 422
        assert 'value="maya"' in answer.text
        assert "wrong" not in answer.text.split("<form", 1)[1].split("</form>")[0]
        answer = await browser.post("/sign-in", headers=OWN, data={"name": "maya", "password": PASSWORD})
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0


async def test_signing_up_and_the_first_visit(fediverse):
    here = await fediverse.start("alder.example")
    async with bare(fediverse, here) as browser:
        data = {"display_name": "Maya O.", "username": "MAYA", "password": "short", "email": ""}
        answer = await browser.post("/sign-up", headers=OWN, data=data)
        assert answer.status_code == 422
        assert 'value="Maya O."' in answer.text
        answer = await browser.post("/sign-up", headers=OWN, data=data | {"password": "seven purple elephants"})
        assert answer.headers["location"] == "/welcome"
        answer = await browser.post("/welcome", headers=OWN, data={"teaches": "science", "ask_me_about": "labs"})
        assert answer.headers["location"] == "/week"
        assert "labs" in (await browser.get("/@maya")).text
        answer = await browser.post("/sign-out", headers=OWN)
        assert (await browser.get("/me")).headers["location"] == "/sign-in?next=/me"


async def test_settings_keep_what_was_typed(fediverse):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    async with fediverse.client(here, maya) as browser:
        answer = await browser.post("/settings/contexts", data={"label": "Year 8", "minutes": "many"})
        assert answer.status_code == 422
        assert 'value="many"' in answer.text
        answer = await browser.post("/settings/profile", data={"name": " ", "summary": "<script>alert(1)</script>"})
        assert answer.status_code == 422
        assert "<script>alert" not in answer.text
        answer = await browser.post(
            "/settings/look", data={"language": "en", "theme": "dark", "timezone": "Europe/Berlin"}
        )
        assert answer.status_code == 303
        assert 'data-theme="dark"' in (await browser.get("/settings/look")).text
