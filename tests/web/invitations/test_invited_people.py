"""Inviting many people with a list: looked at first, mails by a job, and what becomes of each. Refusals first."""

import re

import pytest

from server.errors import Invalid
from server.invitations import reading
from server.mailer import Mailer
from tests.conftest import Fediverse
from tests.provider import HOST, SETTINGS, Provider

HOME = "/admin/invitations/people"
GOOD = "seven purple elephants"
LIST = "E-Mail;Name;Role\nben@school.example;Ben Ito;steward\nCLEO@school.example;Cléo;\n"


async def server(fediverse, **more):
    """One that has mail; what it sends is kept in `here.mailer.logged`."""
    here = await fediverse.start("alder.example", registration="invite", smtp_url="smtp://mail.example", **more)
    for each in fediverse.everywhere(here):
        each.mailer = Mailer("", here.settings.domain, here.site.name)
    return here


def links(here, address):
    """The links that an address got, the last one last."""
    return [re.findall(r"/join/([\w-]+)", mail.text)[0] for mail in here.mailer.logged if mail.to == address]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"name,email\n", b"x" * 200_001, b"a\x00b@c.example"])
def test_a_file_that_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        reading.read(reading.text_of(data))


def test_every_line_is_right_or_says_why_not() -> None:
    found = reading.read(
        "name,email,role\nMaya,maya@school.example,\nNobody,nonsense,member\nTom,tom@school.example,owner\n,x@y.example,\n"
        'Ann,MAYA@school.example,member\n"Ruiz, Ana","ana@school.example",ADMIN\n'
    )
    assert [(row.line, row.name, row.role) for row in found.rows] == [(2, "Maya", "member"), (7, "Ruiz, Ana", "admin")]
    assert [line.line for line in found.wrong] == [3, 4, 5, 6]
    assert "stands in line 2" in found.wrong[-1].why
    again = reading.read("\n".join(line.text for line in found.wrong))
    assert len(again.wrong) == 3, "what is left can be read again, and only what is wrong in it still is"
    windows = reading.read(reading.text_of("Zoë\tzoe@school.example".encode("cp1252")))
    assert windows.rows[0].name == "Zoë"
    with pytest.raises(Invalid, match="at most 500"):
        reading.read("\n".join(f"P,p{number}@school.example" for number in range(501)))


async def test_s28_only_admins_invite_and_nobody_before_the_list_was_looked_at(fediverse: Fediverse) -> None:
    here = await server(fediverse)
    maya = await fediverse.person(here, "maya", role="steward", email="maya@school.example")
    ana = await fediverse.person(here, "ana", role="admin")
    async with fediverse.client(here, maya) as browser:
        for answer in (
            await browser.get(HOME),
            await browser.post(HOME, data={"list": LIST, "confirmed": "all"}),
            await browser.post(f"{HOME}/x/revoke"),
            await browser.post(f"{HOME}/x/resend"),
        ):
            assert answer.status_code == 404
    async with fediverse.client(here, ana) as desk:
        assert (await desk.post(HOME, data={"list": "  "})).status_code == 422
        looked = await desk.post(HOME, data={"list": LIST})
        assert "Invite 2 people" in looked.text
        assert "ben@school.example" in looked.text
        wrong = LIST + "maya@school.example;Maya;\nnonsense;Eve;\n"
        refused = await desk.post(HOME, data={"list": wrong, "confirmed": "all"})
        assert refused.status_code == 422
        assert "Line 4" in refused.text
        assert "has an account here" in refused.text
        assert "nonsense;Eve;" in refused.text, "nothing that was typed is lost"
        await fediverse.settle()
        assert here.mailer.logged == []
        # The right ones now; what is wrong stays in the form.
        part = await desk.post(HOME, data={"list": wrong, "confirmed": "right"})
        assert "2 people are written to now" in part.text
        assert "Eve,nonsense,member" in part.text or "Eve,nonsense," in part.text
        await fediverse.settle()
        assert sorted(mail.to for mail in here.mailer.logged) == ["ben@school.example", "cleo@school.example"]
        again = await desk.post(HOME, files={"file": ("list.csv", LIST.encode(), "text/csv")})
        assert "has an invitation that still works" in again.text


async def test_what_becomes_of_an_invitation_is_seen_and_a_second_mail_ends_the_first(fediverse: Fediverse) -> None:
    here = await server(fediverse)
    ana = await fediverse.person(here, "ana", role="admin")
    async with fediverse.client(here, ana) as desk:
        await desk.post(HOME, data={"list": LIST + "dee@school.example;Dee;\n", "confirmed": "all"})
        await fediverse.settle()
        page = (await desk.get(HOME)).text
        ids = {
            name: re.findall(rf'row-title">{shown}</p>.*?{HOME}/(\w+)/resend', page, re.DOTALL)[0]
            for name, shown in (("dee", "Dee"), ("ben", "Ben Ito"))
        }
        assert "within the last hour" in (await _toast(desk, f"{HOME}/{ids['ben']}/resend"))
        fediverse.clock.advance(3 * 3600)
        await desk.post(f"{HOME}/{ids['ben']}/resend")
        await fediverse.settle()
        first, second = links(here, "ben@school.example")
        await desk.post(f"{HOME}/{ids['dee']}/revoke")
        async with fediverse.client(here) as browser:
            for gone in (first, links(here, "dee@school.example")[0]):
                assert (await browser.get(f"/join/{gone}")).status_code == 404
            form = {"username": "ben", "display_name": "Ben", "password": GOOD, "email": "ben@home.example"}
            assert (await browser.post("/sign-up", data=form | {"invitation": second})).status_code == 303
        assert (await desk.post(f"{HOME}/{ids['ben']}/revoke")).status_code == 404
        fediverse.clock.advance(15 * 86400)
        await fediverse.settle()
        for state, who in (("joined", "Ben Ito"), ("revoked", "Dee"), ("over", "Cléo")):
            shown = (await desk.get(f"{HOME}?state={state}")).text
            assert who in shown
            assert shown.count("row-title") == 1
        assert "steward" in (await desk.get("/admin/people")).text
        # Somebody who is no admin any more invites nobody any more.
        await desk.post(HOME, data={"list": "Fay,fay@school.example", "confirmed": "all"})
        await here.run(here.db.execute, "UPDATE account SET role = 'member'")
        await fediverse.settle()
        assert links(here, "fay@school.example") == []


async def test_s31_who_was_invited_comes_with_the_address_that_the_provider_confirms(fediverse: Fediverse) -> None:
    here = await server(fediverse, **(SETTINGS | {"oidc_create": "invited", "oidc_required": (), "oidc_roles": ()}))
    there = Provider(fediverse.clock)
    fediverse.network.apps[HOST] = there.app
    ana = await fediverse.person(here, "ana", role="admin")
    async with fediverse.client(here, ana) as desk:
        await desk.post(HOME, data={"list": LIST, "confirmed": "all"})
        await fediverse.settle()
        for subject, address, verified, status in (
            ("eve-1", "eve@school.example", True, 403),
            ("eve-2", "ben@school.example", False, 403),
            ("ben-1", "ben@school.example", True, 303),
        ):
            there.add(subject, name="Ben", email=address, email_verified=verified)
            async with fediverse.client(here) as browser:
                given = there.authorize((await browser.get("/sign-in/with")).headers["location"], subject)
                answer = await browser.get("/sign-in/with/back", params=given)
                assert answer.status_code == status, subject
                if status == 303:
                    await browser.post("/sign-in/with/name", data={"username": "ben", "display_name": "Ben"})
        assert "Ben Ito" in (await desk.get(f"{HOME}?state=joined")).text
    role = await here.run(here.db.value, "SELECT role FROM account WHERE email = 'ben@school.example'")
    assert role == "steward"
    async with fediverse.client(here) as browser:
        assert (await browser.get(f"/join/{links(here, 'ben@school.example')[0]}")).status_code == 404


async def _toast(browser, path):
    return (await browser.get((await browser.post(path)).headers["location"])).text
