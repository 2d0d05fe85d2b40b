"""Signing in with the provider of an organisation: refusals first."""

import base64
import hashlib
import hmac
import json

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import RSAKey

from server.accounts import actions as accounts
from server.accounts.models import Account, Session
from server.oauth import actions as oauth
from server.oidc import ending, provider
from server.settings import SettingsError, load
from tests.conftest import PASSWORD, Fediverse
from tests.provider import CLIENT, HOST, ISSUER, SETTINGS, Provider

OPEN = SETTINGS | {"oidc_required": (), "oidc_roles": ()}
BACK = "/sign-in/with/back"


async def school(fediverse, **more):
    """An instance, and the sign-in service of its organisation, which knows Maya."""
    here = await fediverse.start("alder.example", **(SETTINGS | more))
    there = Provider(fediverse.clock)
    there.add("maya-1", "staff", name="Maya Novak", email="maya@school.example", email_verified=True)
    fediverse.network.apps[HOST] = there.app
    return here, there


async def goes(browser, there, subject, *, onward="", **changed):
    """Somebody goes to the service and comes back; the last answer."""
    begun = await browser.get("/sign-in/with" + (f"?next={onward}" if onward else ""))
    assert begun.status_code == 303, begun.text
    given = there.authorize(begun.headers["location"], subject) | changed
    return await browser.get(BACK, params={name: value for name, value in given.items() if value is not None})


async def joins(browser, there, subject, name):
    """Somebody's first sign-in, with the name they choose."""
    assert (await goes(browser, there, subject)).headers["location"] == "/sign-in/with/name"
    return await browser.post("/sign-in/with/name", data={"username": name, "display_name": name.title()})


async def is_in(browser):
    return (await browser.get("/me")).headers.get("location", "").startswith("/@")


async def count(here, model, **filters):
    async def counted():
        return await model.filter(**filters).count()

    return await here.run(counted)


async def state(here, name):
    async def found():
        account = await Account.get(actor__username=name)
        return account.state, account.role

    return await here.run(found)


async def night(fediverse):
    fediverse.clock.advance(25 * 3600)
    await fediverse.settle()


def mac_with_public_key(there):
    """The oldest trick: the public key as the secret of a MAC."""

    def forge(payload):
        head = json.dumps({"alg": "HS256", "kid": "one"}).encode()
        parts = b".".join(base64.urlsafe_b64encode(each).rstrip(b"=") for each in (head, payload))
        digest = hmac.new(there.keys[0].as_pem(private=False), parts, hashlib.sha256).digest()
        return (parts + b"." + base64.urlsafe_b64encode(digest).rstrip(b"=")).decode()

    return forge


def unsigned(payload):
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=")
    return (head + b"." + base64.urlsafe_b64encode(payload).rstrip(b"=") + b".").decode()


def critical(payload):
    """What must be understood to be believed, and is not."""
    head = base64.urlsafe_b64encode(b'{"alg":"RS256","kid":"one","crit":["b64"],"b64":false}').rstrip(b"=")
    return (head + b"." + base64.urlsafe_b64encode(payload).rstrip(b"=") + b".AAAA").decode()


def by_a_stranger(payload):
    key = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
    return jws.serialize_compact({"alg": "RS256", "kid": "one"}, payload, key)


async def test_s31_what_the_service_says_is_checked_before_it_counts(fediverse: Fediverse) -> None:
    here, there = await school(fediverse)
    now = int(fediverse.clock.now().timestamp())
    lies = [
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"aud": "another-client"}},
        {"claims": {"aud": [CLIENT, "another-client"]}},
        {"claims": {"aud": [CLIENT, "another-client"], "azp": "another-client"}},
        {"claims": {"azp": "another-client"}},
        {"claims": {"exp": now - 61}},
        {"claims": {"exp": None}},
        {"claims": {"exp": True}},
        {"claims": {"iat": now + 120}},
        {"claims": {"iat": now - 3600}},
        {"claims": {"nbf": now + 120}},
        {"claims": {"nonce": "of another sign-in"}},
        {"claims": {"nonce": None}},
        {"claims": {"sub": ""}},
        {"claims": {"sub": 7}},
        {"forge": critical},
        {"header": {"kid": "nobody's"}},
        {"header": {"alg": "RS512"}, "as_another_algorithm": True},
        {"forge": mac_with_public_key(there)},
        {"forge": unsigned},
        {"forge": by_a_stranger},
        {"forge": lambda payload: "nonsense"},
    ]
    for lie in lies:
        there.claims, there.header, there.forge = lie.get("claims", {}), lie.get("header", {}), lie.get("forge")
        if lie.pop("as_another_algorithm", False):
            there.keys[0] = RSAKey.import_key(there.keys[0].as_dict(private=True), {"kid": "one", "alg": "RS256"})
            for each in fediverse.everywhere(here):
                each.caches.pop(provider.CACHE, None)
        async with fediverse.client(here) as browser:
            answer = await goes(browser, there, "maya-1")
            assert answer.status_code == 403, lie
            assert "could not be verified" in answer.text
            assert "set-cookie" not in answer.headers or "peerhall_session" not in str(answer.headers)
            assert not await is_in(browser)
    there.claims, there.header, there.forge = {}, {}, None
    async with fediverse.client(here) as browser:
        assert (await goes(browser, there, "maya-1")).headers["location"] == "/sign-in/with/name"
    assert there.asked.count("keys") <= 5, "made-up key names do not make us ask again and again (S24)"


async def test_s32_an_answer_counts_in_the_browser_that_began_and_once(fediverse: Fediverse) -> None:
    here, there = await school(fediverse)
    async with fediverse.client(here) as attacker, fediverse.client(here) as victim:
        begun = await attacker.get("/sign-in/with")
        given = there.authorize(begun.headers["location"], "maya-1")
        # Somebody is made to open the attacker's answer: they are not signed in as them (login CSRF).
        assert (await victim.get(BACK, params=given)).status_code == 403
        await victim.get("/sign-in/with")
        assert (await victim.get(BACK, params=given)).status_code == 403
        for changed in (
            {"state": "x"},
            {"state": None},
            {"iss": "https://evil.example"},
            {"iss": None},
            {"code": None},
        ):
            answer = await goes(victim, there, "maya-1", **changed)
            assert answer.status_code == 403, changed
        twice = await victim.get("/sign-in/with")
        kept, given = dict(victim.cookies), there.authorize(twice.headers["location"], "maya-1")
        assert (await victim.get(BACK, params=given)).headers["location"] == "/sign-in/with/name"
        async with fediverse.client(here) as again:
            again.cookies.set("peerhall_oidc", kept["peerhall_oidc"])
            assert (await again.get(BACK, params=given)).status_code == 403
        late = await victim.get("/sign-in/with")
        given = there.authorize(late.headers["location"], "maya-1")
        fediverse.clock.advance(11 * 60)
        assert (await victim.get(BACK, params=given)).status_code == 403
        assert (await victim.get(BACK + f"?state={'x' * 9000}&state=y")).status_code == 403
        refused = await goes(victim, there, "maya-1", error="access_denied", code=None)
        assert refused.status_code == 403
        assert "ended there" in refused.text
    assert await count(here, Session) == 0


async def test_s13_the_service_is_reached_like_any_other_server(fediverse: Fediverse) -> None:
    here, there = await school(fediverse)
    async with fediverse.client(here) as browser:
        for wrong in (
            {"issuer": ISSUER + "/"},
            {"authorization_endpoint": "javascript:alert(1)"},
            {"token_endpoint": "file:///etc/passwd"},
            {"jwks_uri": ""},
            {"issuer": "x" * 400_000},
        ):
            there.metadata = wrong
            assert (await browser.get("/sign-in/with")).status_code == 503, wrong
        there.metadata = {"token_endpoint": "http://127.0.0.1:9/token"}
        assert (await goes(browser, there, "maya-1")).status_code == 503
        fediverse.network.down.add(HOST)
        fediverse.clock.advance(2 * 3600)
        assert (await browser.get("/sign-in/with")).status_code == 503
    plain = await fediverse.start("birch.example")
    async with fediverse.client(plain) as browser:
        for path in ("/sign-in/with", BACK, "/sign-in/with/name"):
            assert (await browser.get(path)).status_code == 404


async def test_s31_nobody_is_sent_elsewhere_and_names_are_never_guessed(fediverse: Fediverse) -> None:
    here, there = await school(fediverse)
    async with fediverse.client(here) as browser:
        for path in ("/sign-in/with/name", "/settings/provider"):
            assert (await browser.get(path)).status_code in {303, 403}
        for onward in ("https://evil.example/", "//evil.example", "/\\evil.example", "/oauth/authorize%0d%0ax"):
            async with fediverse.client(here) as other:
                assert (await goes(other, there, "maya-1", onward=onward)).headers["location"] == "/sign-in/with/name"
                page = await other.get("/sign-in/with/name")
                assert 'value="maya_novak"' in page.text
                assert "school.example" not in page.text.replace("login.school.example", "")
        await goes(browser, there, "maya-1", onward="/practices?sort=new")
        wrong = await browser.post("/sign-in/with/name", data={"username": "M N", "display_name": "Maya"})
        assert wrong.status_code == 422
        assert 'value="M N"' in wrong.text
        done = await browser.post("/sign-in/with/name", data={"username": "maya", "display_name": "Maya N."})
        assert done.headers["location"] == "/welcome"
        assert await is_in(browser)
        assert (await browser.post("/sign-in/with/name", data={"username": "maya2"})).status_code == 403
    assert await state(here, "maya") == ("active", "member")


async def test_s32_an_account_is_never_taken_over_by_a_mail_address(fediverse: Fediverse) -> None:
    here, there = await school(fediverse, **OPEN)
    await fediverse.person(here, "maya", email="maya@school.example")
    ana = await fediverse.person(here, "ana", role="admin", email="ana@school.example")
    there.add("evil-1", email="maya@school.example", email_verified=False)
    there.add("evil-2", email="ana@school.example", email_verified=True)
    async with fediverse.client(here) as browser:
        for subject in ("evil-1", "evil-2", "maya-1"):
            answer = await goes(browser, there, subject)
            assert answer.status_code == 403
            assert "sign in with its password" in answer.text
    # Where the settings connect what both sides confirmed, an unverified address and an admin's are still nobody's.
    trusting = await fediverse.start("birch.example", **(OPEN | {"oidc_link_verified": True}))
    await fediverse.person(trusting, "maya", email="maya@school.example")
    await fediverse.person(trusting, "ana", role="admin", email="ana@school.example")
    for subject, status in (("evil-1", 403), ("evil-2", 403), ("maya-1", 303)):
        async with fediverse.client(trusting) as browser:
            assert (await goes(browser, there, subject)).status_code == status, subject
            assert await is_in(browser) == (status == 303)
    # Everybody else connects the two with their password, in the session in which they asked.
    async with fediverse.client(here, ana) as browser:
        assert (await browser.post("/settings/provider/connect", data={"password": "guess"})).status_code == 422
        asked = await browser.post("/settings/provider/connect", data={"password": PASSWORD})
        word = asked.text.split("connect=")[1].split('"')[0]
        begun = await browser.get(f"/sign-in/with?connect={word}")
        given = there.authorize(begun.headers["location"], "evil-2")
        held = dict(browser.cookies)
        async with fediverse.client(here) as thief:
            thief.cookies.set("peerhall_oidc", held["peerhall_oidc"])
            assert (await thief.get(BACK, params=given)).status_code == 403
        given = there.authorize((await browser.get(f"/sign-in/with?connect={word}")).headers["location"], "evil-2")
        assert (await browser.get(BACK, params=given)).headers["location"] == "/settings/provider"
        assert (await browser.post("/settings/provider/disconnect", data={"password": "guess"})).status_code == 422
    async with fediverse.client(here) as browser:
        assert (await goes(browser, there, "evil-2", onward="/admin")).headers["location"] in {"/admin", "/welcome"}
    await fediverse.settle()
    assert any("was connected to School account" in mail.text for mail in here.mailer.logged)


async def test_s28_roles_follow_the_service_and_an_end_there_is_an_end_here(fediverse: Fediverse) -> None:
    here, there = await school(fediverse)
    there.add("ana-1", "staff", "it", name="Ana")
    there.add("tom-1", "staff", "leads", name="Tom")
    there.add("eve-1", "pupils", name="Eve")
    async with fediverse.client(here) as eve, fediverse.client(here) as ana, fediverse.client(here) as tom:
        refused = await goes(eve, there, "eve-1")
        assert refused.status_code == 403
        assert "groups is staff or guests" in refused.text
        await joins(ana, there, "ana-1", "ana")
        await joins(tom, there, "tom-1", "tom")
        assert [await state(here, name) for name in ("ana", "tom")] == [("active", "admin"), ("active", "steward")]
        token = await here.run(_token_of, here, "tom")
        # At night the service says that Tom leads no more, later that he is no staff, later that nobody is.
        there.add("tom-1", "staff", name="Tom")
        await night(fediverse)
        assert await state(here, "tom") == ("active", "member")
        assert await is_in(tom)
        there.add("tom-1", "alumni", name="Tom")
        there.add("ana-1", "alumni", name="Ana")
        await night(fediverse)
        assert await state(here, "tom") == ("suspended", "member")
        assert await state(here, "ana") == ("active", "admin"), "the only admin stays"
        assert not await is_in(tom)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(fediverse.network.apps["alder.example"]), base_url=here.settings.origin
        ) as app:
            bearer = {"authorization": f"Bearer {token}"}
            assert (await app.get("/api/v1/accounts/verify_credentials", headers=bearer)).status_code == 401
        assert (await goes(tom, there, "tom-1")).status_code == 403
        there.add("ana-1", "staff", "it", name="Ana")
        assert (await goes(ana, there, "ana-1")).headers["location"] == "/week" or await is_in(ana)
        page = (await ana.get("/admin/provider")).text
        assert "@tom" in page
        assert "groups is staff or guests" in page
        assert SETTINGS["oidc_client_secret"] not in page
        there.add("tom-1", "staff", "leads", name="Tom")
        assert (await goes(tom, there, "tom-1")).status_code == 303
        assert await state(here, "tom") == ("active", "steward")
        assert await is_in(tom)
        # Whom an admin suspends, the service does not let back in.
        account = await here.run(_account_id, "tom")
        await here.run(accounts.suspend_account, here, account, by="@ana")
        assert "suspended" in (await goes(tom, there, "tom-1")).text
        there.add("tom-1", "alumni", name="Tom")
        await goes(tom, there, "tom-1")
        there.add("tom-1", "staff", name="Tom")
        await goes(tom, there, "tom-1")
        assert (await state(here, "tom"))[0] == "suspended"


async def _account_id(name):
    return (await Account.get(actor__username=name)).id


async def _token_of(here, name):
    return await oauth.create_token(here, await _account_id(name), scopes_text="read", app_name="phone")


async def test_s28_at_night_nothing_ends_by_mistake(fediverse: Fediverse) -> None:
    here, there = await school(fediverse, **OPEN)
    names = ["ben", "cleo", "dana", "emil", "finn", "gina", "hana"]
    browsers = {}
    for name in names:
        there.add(f"{name}-1", name=name.title())
        browsers[name] = fediverse.client(here)
        await joins(browsers[name], there, f"{name}-1", name)
    fediverse.network.down.add(HOST)
    await night(fediverse)
    fediverse.network.down.clear()
    there.metadata = {"issuer": "https://evil.example"}
    await night(fediverse)
    there.metadata = {}
    assert [await is_in(browsers[name]) for name in names] == [True] * 7
    del there.people["ben-1"]
    await night(fediverse)
    assert (await state(here, "ben"))[0] == "suspended"
    # All at once is rather a new secret of the client: they sign in anew, and nobody is suspended.
    there.refuses_refresh = True
    await night(fediverse)
    assert {(await state(here, name))[0] for name in names[1:]} == {"active"}
    assert not await is_in(browsers["cleo"])
    # Without a refresh token nobody can be asked about: after a week they sign in again.
    there.gives_refresh = False
    assert (await goes(browsers["cleo"], there, "cleo-1")).status_code == 303
    for _ in range(6):
        await night(fediverse)
    assert await is_in(browsers["cleo"])
    await night(fediverse)
    await night(fediverse)
    assert not await is_in(browsers["cleo"])
    assert await here.run(ending.nightly, here, None) is None
    for browser in browsers.values():
        await browser.aclose()


async def test_s31_new_keys_of_the_service_are_found_and_signing_out_says_where_one_is_still_in(
    fediverse: Fediverse,
) -> None:
    here, there = await school(fediverse, **(OPEN | {"oidc_create": "approval"}))
    ana = await fediverse.person(here, "ana", role="admin")
    async with fediverse.client(here) as browser, fediverse.client(here, ana) as desk:
        assert "School account" in (await browser.get("/sign-in")).text
        waits = await joins(browser, there, "maya-1", "maya")
        assert waits.status_code == 200
        assert not await is_in(browser)
        assert "is sent" in (await goes(browser, there, "maya-1")).text or (await state(here, "maya"))[0] == "pending"
        account = await here.run(_account_id, "maya")
        assert (await desk.post(f"/admin/people/{account}/approve")).status_code == 303
        there.keys = [RSAKey.generate_key(2048, {"kid": "two"}, auto_kid=False)]
        fediverse.clock.advance(120)
        assert (await goes(browser, there, "maya-1")).status_code == 303
        assert await is_in(browser)
        for path in ("/admin/provider",):
            assert (await browser.get(path)).status_code == 404
            assert (await browser.post(path + "/test")).status_code == 404
        tested = (await desk.post("/admin/provider/test")).text
        assert tested.count(": yes") == 5, tested
        there.keys = [RSAKey.generate_key(2048, {"kid": "weak", "use": "enc"}, auto_kid=False)]
        fediverse.clock.advance(120)
        assert "no RSA or EC key that we trust" in (await desk.post("/admin/provider/test")).text
        out = await browser.post("/sign-out")
        assert f"{ISSUER}/out" in out.text
        assert not await is_in(browser)
        assert (await desk.post("/sign-out")).headers["location"] == "/"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", "login.school.example"),
        ("ISSUER", "https://login.school.example/?x=1"),
        ("CLIENT_SECRET", ""),
        ("SCOPES", "profile email"),
        ("ROLES", "owner:groups=it"),
        ("ROLES", "admin"),
        ("REQUIRED", "staff"),
        ("PARAMETERS", "state=fixed"),
        ("CREATE", "all"),
    ],
)
def test_a_wrong_setting_of_the_provider_stops_the_start(name: str, value: str) -> None:
    right = {"PEERHALL_OIDC_ISSUER": ISSUER, "PEERHALL_OIDC_CLIENT_ID": "a", "PEERHALL_OIDC_CLIENT_SECRET": "b"}
    load(right | {"PEERHALL_OIDC_ROLES": "admin:groups=it,steward:realm_access.roles=leads"})
    with pytest.raises(SettingsError, match=f"PEERHALL_OIDC_{name}"):
        load(right | {f"PEERHALL_OIDC_{name}": value})
