"""Signing in in two steps, passkeys, and being asked whether it is you (S28, S29, S32, S35): through the pages."""

import base64
import re
from html import unescape
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from starlette.routing import Route

from server.accounts import actions as accounts
from server.accounts import site
from server.accounts.actions import SecondStepNeeded
from server.errors import Refused
from server.factors import actions as factors
from server.factors import codes
from server.factors.passkeys import PasskeyRefused, read
from server.oauth.actions import create_token
from server.secrets import Signatures
from tests.conftest import PASSWORD, Fediverse, Person
from tests.device import PRESENT, Device
from web.routes import page_routes

STEP = "/settings/second-step"
MINUTE = 60


def hidden(page: str, name: str) -> str:
    """What a form of a page holds under a name."""
    return unescape(re.search(rf'name="{name}" value="([^"]*)"', page)[1])  # type: ignore[index]


def asked(page: str) -> str:
    """What a page wants of a passkey."""
    return unescape(re.search(r'data-passkey="([^"]*)"', page)[1])  # type: ignore[index]


def code_at(fediverse: Fediverse, secret: bytes) -> str:
    """What the app shows now."""
    return TOTP(secret, 6, SHA1(), 30).generate(int(fediverse.clock.now().timestamp())).decode()


async def enter(browser: httpx.AsyncClient, name: str = "maya", **more: str) -> httpx.Response:
    """Give name and password."""
    return await browser.post("/sign-in", data={"name": name, "password": PASSWORD, **more})


async def set_up_app(fediverse: Fediverse, who: Person) -> tuple[bytes, list[str]]:
    """Through the pages, as somebody without a camera: the secret, and the recovery codes."""
    async with fediverse.client(who.here, who) as browser:
        assert (await browser.post(f"{STEP}/app")).headers["location"] == f"{STEP}/app"
        page = (await browser.get(f"{STEP}/app")).text
        assert '<svg role="img"' in page
        key = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
        assert key is not None
        secret = base64.b32decode(key[1].replace(" ", ""))
        assert (await browser.post(f"{STEP}/app/confirm", data={"code": "000000"})).status_code == 422
        done = await browser.post(f"{STEP}/app/confirm", data={"code": code_at(fediverse, secret)})
        made = re.findall(r"<code>([a-z0-9]{4}(?:-[a-z0-9]{4}){3})</code>", done.text)
        assert len(made) == 10
        assert not re.search(r"<code>[a-z0-9]{4}-", (await browser.get(STEP)).text)
    fediverse.clock.advance(30)
    return secret, made


async def mails(fediverse: Fediverse, here: Any) -> list[str]:
    """Subjects of what was sent."""
    await fediverse.settle()
    return [mail.subject for mail in here.mailer.logged]


async def test_s32_a_password_alone_does_not_open_an_account_with_a_second_step(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    secret, recovery = await set_up_app(fediverse, maya)
    async with fediverse.client(here) as browser:
        answer = await enter(browser, next="/c")
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        opening = hidden(answer.text, "opening")
        assert hidden(answer.text, "next") == "/c"
        for wrong in ("000000", "", "12345", "½½½½½½", code_at(fediverse, secret)[::-1] + "1"):
            refused = await browser.post("/sign-in/second-step", data={"opening": opening, "code": wrong})
            assert refused.status_code == 422
            assert "set-cookie" not in refused.headers
        for forged in ("", "x.1.y", opening[:-2] + "AA", maya.token):
            refused = await browser.post(
                "/sign-in/second-step", data={"opening": forged, "code": code_at(fediverse, secret)}
            )
            assert (refused.status_code, "once more" in refused.text) == (422, True)
        good = {"opening": opening, "code": f"{code_at(fediverse, secret)[:3]} {code_at(fediverse, secret)[3:]}"}
        entered = await browser.post("/sign-in/second-step", data=good | {"next": "/c"})
        assert (entered.status_code, entered.headers["location"]) == (303, "/welcome")
        again = await browser.post("/sign-in/second-step", data=good)
        assert (again.status_code, "was used already" in again.text) == (422, True), "a code counts once"
        fediverse.clock.advance(11 * MINUTE)
        late = await browser.post("/sign-in/second-step", data={"opening": opening, "code": code_at(fediverse, secret)})
        assert (late.status_code, "ten minutes" in late.text) == (422, True)
    async with fediverse.client(here) as browser:
        app = await enter(browser, next="/oauth/authorize?client_id=x")
        assert "cross-origin-opener-policy" not in app.headers, "the window of an app stays its own"
        data = {"opening": hidden(app.text, "opening"), "recovery": recovery[0].upper().replace("-", " ")}
        assert (await browser.post("/sign-in/second-step", data=data)).status_code == 303
        assert (await browser.post("/sign-in/second-step", data=data)).status_code == 422, "good once"
    assert "9 are left" in (await fediverse.client(here, maya).get(STEP)).text
    assert await mails(fediverse, here) == ["A second step was added", "A recovery code was used"]
    with pytest.raises(SecondStepNeeded):
        await here.run(accounts.sign_in, here, "maya", PASSWORD)


async def test_s32_guesses_at_codes_are_slowed_down_and_lock_nobody_out(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    secret, recovery = await set_up_app(fediverse, await fediverse.person(here, "maya"))
    async with fediverse.client(here) as own, fediverse.client(here) as stranger:
        data = {"opening": hidden((await enter(own)).text, "opening"), "code": code_at(fediverse, secret)}
        assert (await own.post("/sign-in/second-step", data=data)).status_code == 303
        await own.post("/sign-out")
        opening = hidden((await enter(stranger)).text, "opening")
        answers = [
            await stranger.post("/sign-in/second-step", data={"opening": opening, "code": f"{guess:06}"})
            for guess in range(8)
        ]
        assert [answer.status_code for answer in answers] == [422] * 6 + [429] * 2
        assert int(answers[-1].headers["retry-after"]) > 0
        fediverse.clock.advance(30)
        opening = hidden((await enter(own)).text, "opening")
        data = {"opening": opening, "code": code_at(fediverse, secret)}
        assert (await own.post("/sign-in/second-step", data=data)).status_code == 303, "her own browser is let in"
        data = {"opening": opening, "recovery": recovery[3]}
        assert (await stranger.post("/sign-in/second-step", data=data)).status_code == 303, "and a recovery code"
    assert (await mails(fediverse, here)).count("Somebody may know your password") == 1


async def test_s32_a_new_password_does_not_skip_the_second_step(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    secret, _ = await set_up_app(fediverse, maya)
    await here.run(accounts.request_reset, here, "maya")
    await fediverse.settle()
    token = re.search(r"/reset/(\S+)", here.mailer.logged[-1].text)[1]  # type: ignore[index]
    async with fediverse.client(here) as browser:
        opened = hidden((await enter(browser)).text, "opening")
        new = "nine green umbrellas"
        assert (await browser.post(f"/reset/{token}", data={"password": new})).status_code == 303
        old = await browser.post("/sign-in/second-step", data={"opening": opened, "code": code_at(fediverse, secret)})
        assert old.status_code == 422, "what the old password opened is closed"
        answer = await browser.post("/sign-in", data={"name": "maya", "password": new})
        assert 'name="code"' in answer.text
        assert "A new password does not do that" in answer.text
        assert "set-cookie" not in answer.headers
    assert (await mails(fediverse, here))[-1] == "Your password was changed"


async def test_s35_secrets_of_apps_are_encrypted_and_codes_hashed(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    secret, recovery = await set_up_app(fediverse, maya)
    kept = str([await here.run(here.db.rows, f"SELECT * FROM {table}") for table in ("code_app", "recovery_code")])
    for word in (base64.b32encode(secret).decode(), secret.hex(), base64.b64encode(secret).decode(), *recovery):
        assert word not in kept
        assert word.replace("-", "") not in kept
    sealed = await here.run(here.db.value, "SELECT sealed FROM code_app")
    assert codes.unseal(here, str(maya.viewer.account_id), sealed) == secret
    assert codes.unseal(here, "01ANOTHERACCOUNT", sealed) is None, "nobody moves a row to somebody else"
    for process in fediverse.everywhere(here):
        process.signatures = Signatures(b"another secret key of the server")
    async with fediverse.client(here) as browser:
        page = (await enter(browser)).text
        data = {"opening": hidden(page, "opening"), "code": code_at(fediverse, secret)}
        assert (await browser.post("/sign-in/second-step", data=data)).status_code == 422
        data["recovery"] = recovery[0]
        assert (await browser.post("/sign-in/second-step", data=data)).status_code == 303, "recovery codes stay"


async def test_s32_passkeys_answer_this_page_once_and_for_their_owner(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, lin = await fediverse.person(here, "maya"), await fediverse.person(here, "lin")
    origin = here.settings.origin
    phone, other = Device(origin), Device(origin)
    async with fediverse.client(here, maya) as browser:
        page = (await browser.get(f"{STEP}/passkeys")).text
        for wrong in (
            phone.make(asked(page), origin="https://alder.example.evil.example"),
            phone.make(asked(page), origin="https://alder.example:8443"),
            phone.make(asked(page), flags=PRESENT),
            phone.make(asked((await fediverse.client(here, lin).get(f"{STEP}/passkeys")).text)),
            "{}",
            '{"response": []}',
            "[" * 5000,
        ):
            refused = await browser.post(f"{STEP}/passkeys", data={"passkey": wrong, "name": "My phone"})
            assert refused.status_code == 422, wrong
        made = {"passkey": phone.make(asked(page)), "name": "My <phone>"}
        kept = await browser.post(f"{STEP}/passkeys", data=made)
        assert kept.text.count("<code>") == 10, "recovery codes come with the first factor"
        assert (await browser.post(f"{STEP}/passkeys", data=made)).status_code == 422, "and no challenge counts twice"
        listed = (await browser.get(STEP)).text
        assert "My &lt;phone&gt;" in listed
    async with fediverse.client(here, lin) as browser:
        page = (await browser.get(f"{STEP}/passkeys")).text
        stolen = await browser.post(f"{STEP}/passkeys", data={"passkey": phone.make(asked(page)), "name": "Hers"})
        assert (stolen.status_code, "known here already" in stolen.text) == (422, True)
        made = {"passkey": other.make(asked(page)), "name": "Key"}
        assert (await browser.post(f"{STEP}/passkeys", data=made)).status_code == 200
        (mine,) = re.findall(r"passkeys/(\w+)/remove", listed)
        for path in (f"{STEP}/passkeys/{mine}", f"{STEP}/passkeys/{mine}/remove"):
            assert (await browser.post(path, data={"name": "Mine now"})).status_code == 404

    async with fediverse.client(here) as browser:
        wants = asked((await browser.get("/sign-in")).text)
        to_make = asked((await fediverse.client(here, maya).get(f"{STEP}/passkeys")).text)
        to_make = to_make.replace('"rp"', '"rpId": "alder.example", "rp"')
        phone.user = str(maya.viewer.account_id).encode()
        counted = phone.counter
        for wrong in (
            phone.answer(wants, origin="http://alder.example"),
            phone.answer(wants, origin="https://evil.example"),
            phone.answer(wants, flags=PRESENT),
            phone.answer(wants, user=str(lin.viewer.account_id)),
            phone.answer(wants, user=""),
            phone.answer(wants.replace('"challenge": "', '"challenge": "AAAA')),
            phone.answer(to_make),
            Device(origin).answer(wants),
        ):
            refused = await browser.post("/sign-in/passkey", data={"passkey": wrong})
            assert (refused.status_code, "set-cookie" in refused.headers) == (422, False), wrong
        tampered = phone.answer(wants)
        broken = tampered.replace(f'"{read(tampered)[0]["response"]["signature"]}"', '"MEUCIQ"')
        assert (await browser.post("/sign-in/passkey", data={"passkey": broken})).status_code == 422
        good = {"passkey": phone.answer(wants), "next": "/c"}
        entered = await browser.post("/sign-in/passkey", data=good)
        assert entered.status_code == 303
        assert (await browser.post("/sign-in/passkey", data=good)).status_code == 422, "no answer counts twice"
        phone.counter = counted
        anew = asked((await fediverse.client(here).get("/sign-in")).text)
        copied = await browser.post("/sign-in/passkey", data={"passkey": phone.answer(anew)})
        assert (copied.status_code, "copied" in copied.text) == (422, True)
        phone.counter += 100
        second = (await enter(browser, "maya")).text
        data = {"opening": hidden(second, "opening"), "passkey": other.answer(asked(second))}
        assert (await browser.post("/sign-in/second-step", data=data)).status_code == 422, "of somebody else"
        data["passkey"] = phone.answer(wants)
        assert (await browser.post("/sign-in/second-step", data=data)).status_code == 422, "asked for something else"
        data["passkey"] = phone.answer(asked(second))
        assert (await browser.post("/sign-in/second-step", data=data)).status_code == 303
        fediverse.clock.advance(16 * MINUTE)
        late = await browser.post("/sign-in/passkey", data={"passkey": phone.answer(wants)})
        assert (late.status_code, "too long" in late.text) == (422, True)
    with pytest.raises(PasskeyRefused):
        read("x" * 30_000)


async def test_s28_admins_are_asked_whether_it_is_them_and_nothing_is_lost(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    ana = await fediverse.person(here, "ana", role="admin")
    secret, _ = await set_up_app(fediverse, ana)
    phone = Device(here.settings.origin)
    async with fediverse.client(here, ana) as browser:
        page = (await browser.get(f"{STEP}/passkeys")).text
        await browser.post(f"{STEP}/passkeys", data={"passkey": phone.make(asked(page)), "name": "Phone"})
        site_form = {"name": "Alder & friends", "description": "line one\nline two", "registration": "invite"}
        site_form |= {"accent": "#2f6f5e", "default_licence": "CC-BY-4.0"}

        async def grow_stale() -> None:
            await here.run(here.db.execute, "UPDATE session SET proven_until = 1")

        await grow_stale()
        assert (await browser.get("/admin")).status_code == 200, "looking is not changing"
        stopped = await browser.post("/admin/site?x=1", data=site_form)
        assert stopped.status_code == 403
        assert 'action="/admin/site?x=1&amp;proof=1"' in stopped.text
        assert here.site.name == "Alder"
        sent = {name: hidden(stopped.text, name) for name in site_form}
        assert sent == site_form, "everything that was typed is on the page"
        for wrong in ({}, {"proof_password": "wrong"}, {"proof_code": "000000"}, {"proof_passkey": "{}"}):
            refused = await browser.post("/admin/site?proof=1", data=sent | wrong)
            assert (refused.status_code, here.site.name) == (422, "Alder")
            assert hidden(refused.text, "name") == "Alder & friends"
        done = await browser.post("/admin/site?proof=1", data=sent | {"proof_password": PASSWORD})
        assert (done.status_code, done.headers["location"]) == (303, "/admin/site")
        assert (await browser.get("/admin/site")).text.count("Alder &amp; friends") > 1
        assert (await browser.post("/admin/site", data=site_form)).status_code == 303, "once in half an hour is enough"
        fediverse.clock.advance(31 * MINUTE)
        for path in ("/settings/data/delete", "/settings/apps/token", f"{STEP}/app/remove", f"{STEP}/codes"):
            stopped = await browser.post(path, data={"understood": "1", "name": "Backup"})
            assert (stopped.status_code, "Is it you?" in stopped.text) == (403, True), path
        data = {"name": "Backup", "proof_code": code_at(fediverse, secret)}
        assert "token" in (await browser.post("/settings/apps/token?proof=1", data=data)).text
        await grow_stale()
        stopped = await browser.get(f"{STEP}/passkeys")
        assert hidden(stopped.text, "next") == f"{STEP}/passkeys"
        data = {"next": f"{STEP}/passkeys", "proof_passkey": phone.answer(asked(stopped.text))}
        assert (await browser.post("/prove?proof=1", data=data)).headers["location"] == f"{STEP}/passkeys"
        await grow_stale()
        assert (await browser.post("/prove?proof=1", data=data)).status_code == 422, "a proof counts once"
        assert (await browser.post("/prove", data=data)).status_code == 403
    maya = await fediverse.person(here, "maya")
    async with fediverse.client(here, maya) as browser:
        tried = await browser.post("/admin/site?proof=1", data=site_form | {"proof_password": PASSWORD})
        assert tried.status_code == 404


async def test_s28_whatever_an_admin_changes_needs_a_fresh_proof(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    ana = await fediverse.person(here, "ana", role="admin")
    await here.run(here.db.execute, "UPDATE session SET proven_until = 1")
    changing = [
        re.sub(r"{\w+}", "evil.example", route.path)
        for route in page_routes()
        if isinstance(route, Route) and route.path.startswith("/admin") and "POST" in (route.methods or ())
    ]
    assert len(changing) > 20
    async with fediverse.client(here, ana) as browser:
        for path in changing:
            stopped = await browser.post(path, data={"grade": "blocked"})
            assert (stopped.status_code, "Is it you?" in stopped.text) == (403, True), path
    assert await here.run(here.db.value, "SELECT count(*) AS n FROM audit_entry") == 0


async def test_s28_a_role_waits_for_the_second_step_that_is_asked_of_it(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    ana = await fediverse.person(here, "ana", role="admin")
    sam = await fediverse.person(here, "sam", role="steward")
    form = {"name": "Alder", "registration": "open", "accent": "#2f6f5e", "default_licence": "CC-BY-4.0"}
    async with fediverse.client(here, ana) as browser:
        refused = await browser.post("/admin/site", data=form | {"second_step_for": "stewards"})
        assert (refused.status_code, "your own second step first" in refused.text) == (422, True)
        await set_up_app(fediverse, ana)
        assert (await browser.post("/admin/site", data=form | {"second_step_for": "all"})).status_code == 422
        assert (await browser.post("/admin/site", data=form | {"second_step_for": "stewards"})).status_code == 303
        refused = await browser.post(f"{STEP}/app/remove", follow_redirects=True)
        assert "Who has your role here needs a second step" in refused.text
    token = await here.run(create_token, here, str(sam.viewer.account_id), scopes_text="read", app_name="Script")
    await here.run(here.db.execute, "UPDATE account SET onboarded_at = 1")
    script = {"url": "/api/v1/instance/domain_blocks", "headers": {"authorization": f"Bearer {token}"}}
    async with fediverse.client(here, sam) as browser:
        assert (await browser.get("/held")).status_code == 404
        assert (await browser.get(**script)).status_code == 404, "in apps and scripts, too"
        assert "You are a steward again" in (await browser.get(STEP)).text
    await set_up_app(fediverse, sam)
    assert (await fediverse.client(here, sam).get("/held")).status_code == 200
    assert (await fediverse.client(here).get(**script)).status_code == 200
    rob = await fediverse.person(here, "rob", role="admin")
    async with fediverse.client(here, rob) as browser:
        assert (await browser.get("/admin")).headers["location"] == STEP
        assert (await browser.post("/admin/site", data=form)).headers["location"] == STEP
    await here.run(site.save, here, "@ana", {"second_step_for": ""})
    assert (await fediverse.client(here, rob).get("/admin")).status_code == 200


async def test_s29_who_lost_everything_is_let_in_by_the_command_line_alone(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya", role="admin")
    await set_up_app(fediverse, maya)
    account_id = str(maya.viewer.account_id)
    with pytest.raises(Refused):
        await here.run(factors.reset, here, "nobody", by="command line")
    await here.run(factors.reset, here, account_id, by="command line")
    async with fediverse.client(here, maya) as browser:
        assert (await browser.get("/week")).headers["location"].startswith("/sign-in"), "her sessions have ended"
        assert (await enter(browser)).status_code == 303
        assert "took the second step of signing in away from" in (await browser.get("/admin/audit")).text
    assert (await mails(fediverse, here))[-1] == "Your second step was taken away"
    for table in ("code_app", "recovery_code", "passkey"):
        assert await here.run(here.db.value, f"SELECT count(*) AS n FROM {table}") == 0
