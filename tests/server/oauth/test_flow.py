"""Letting apps in: what is refused first, then the ways in that apps have, and the ways out (S29, S31, S32)."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from server.accounts import actions as accounts
from server.instance import Instance
from server.oauth import actions
from tests.conftest import PASSWORD, Fediverse, Person

BACK = "https://phone.example/back?via=app"
VERIFIER = "a verifier that is long enough for RFC 7636, at last".replace(" ", "-").replace(",", "")
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@dataclass
class Stage:
    here: Instance
    amara: Person
    browser: httpx.AsyncClient
    app: httpx.AsyncClient

    async def register(self, **changes: Any) -> dict[str, Any]:
        asked = {
            "client_name": "Pocket",
            "redirect_uris": BACK,
            "scopes": "read write",
            "website": "https://phone.example",
        }
        answer = await self.app.post("/api/v1/apps", json=asked | changes)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def question(self, client: dict[str, Any], **changes: str) -> dict[str, str]:
        usual = {
            "response_type": "code",
            "client_id": client["client_id"],
            "redirect_uri": BACK,
            "scope": "read write:statuses",
            "state": "s/+ =1",
        }
        return {name: value for name, value in (usual | changes).items() if value}

    async def code(self, client: dict[str, Any], **changes: str) -> str:
        question = self.question(client, **changes)
        answer = await self.browser.post("/oauth/authorize", data={**question, "decision": "yes"})
        assert answer.status_code == 303, answer.text
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    async def exchange(self, client: dict[str, Any], code: str, **changes: str) -> httpx.Response:
        usual = {
            "grant_type": "authorization_code",
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
            "redirect_uri": BACK,
            "code": code,
        }
        return await self.app.post("/oauth/token", data=usual | changes)

    async def token(self, client: dict[str, Any], **changes: str) -> str:
        answer = await self.exchange(client, await self.code(client, **changes))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def status(self, token: str) -> int:
        answer = await self.app.get("/api/v1/apps/verify_credentials", headers={"authorization": f"Bearer {token}"})
        return answer.status_code


@pytest.fixture
async def stage(fediverse: Fediverse) -> AsyncIterator[Stage]:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    transport = httpx.ASGITransport(fediverse.network.apps["alder.example"])
    async with (
        fediverse.client(here, amara) as browser,
        httpx.AsyncClient(transport=transport, base_url=here.settings.origin) as app,
    ):
        assert (await browser.post("/welcome", data={})).status_code == 303
        yield Stage(here, amara, browser, app)


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "/relative",
        "https://phone.example/#part",
        "https://user@phone.example/",
        "https://phone.example:99999/",
        "https://phone.example;sandbox/",
        "https://phone.example,x/",
        "https://",
        "app://x y",
        "",
    ],
)
async def test_s31_no_app_is_sent_back_to_such_an_address(stage: Stage, uri: str) -> None:
    answer = await stage.app.post("/api/v1/apps", json={"client_name": "Pocket", "redirect_uris": uri})
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("Validation failed")


async def test_an_app_without_a_name_or_with_unknown_scopes_is_refused(stage: Stage) -> None:
    for changes in ({"client_name": " "}, {"scopes": "read everything"}, {"scopes": "admin:read"}):
        asked = {"client_name": "Pocket", "redirect_uris": BACK} | changes
        answer = await stage.app.post("/api/v1/apps", data=asked)
        assert answer.status_code == 422, changes


async def test_apps_of_every_kind_register(stage: Stage) -> None:
    schemes = ["urn:ietf:wg:oauth:2.0:oob", "icecubesapp://", "oauth2redirect://com.keylesspalace.tusky/"]
    schemes.append("com.tapbots.Ivory.10217:/request_token")
    schemes.append("https://elk.example/api/alder.example/oauth/https%3A%2F%2Felk.example")
    made = await stage.register(redirect_uris="\n".join(schemes), scopes=None)
    assert made["redirect_uris"] == schemes
    assert made["redirect_uri"] == "\n".join(schemes)
    assert made["scopes"] == ["read"]
    assert (await stage.register(redirect_uris=schemes))["redirect_uris"] == schemes
    form = {"client_name": "Pocket", "redirect_uris": schemes[0], "scopes": "read write follow push"}
    for sent in ({"data": form}, {"files": {name: (None, value) for name, value in form.items()}}):
        answer = await stage.app.post("/api/v1/apps/", **sent)  # type: ignore[arg-type]
        assert answer.status_code == 200
        assert set(answer.json()) >= {"id", "name", "client_id", "client_secret", "vapid_key", "website"}
        assert answer.headers["access-control-allow-origin"] == "*"


async def test_s31_the_person_is_told_and_nobody_is_sent_anywhere(stage: Stage) -> None:
    client = await stage.register()
    for changes in ({"redirect_uri": BACK + "&x"}, {"redirect_uri": ""}, {"client_id": "nobody"}):
        for answer in (
            await stage.browser.get("/oauth/authorize", params=stage.question(client, **changes)),
            await stage.browser.post("/oauth/authorize", data={**stage.question(client, **changes), "decision": "yes"}),
        ):
            assert answer.status_code == 400
            assert "This app cannot be let in" in answer.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "read follow"}, "invalid_scope"),
        ({"scope": "read nonsense"}, "invalid_scope"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": CHALLENGE}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
    ],
)
async def test_s31_an_app_that_asks_wrongly_is_told_so(stage: Stage, changes: dict[str, str], error: str) -> None:
    client = await stage.register()
    answer = await stage.browser.get("/oauth/authorize", params=stage.question(client, **changes))
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{BACK}&error={error}&state=s%2F%2B+%3D1"


async def test_s31_nobody_unknown_is_led_on_by_a_link(stage: Stage) -> None:
    """Anybody can register an app with an address of theirs: a link here that leads there would look like ours."""
    client = await stage.register()
    for changes in ({"response_type": "token"}, {"scope": "read nonsense"}, {"code_challenge": "short"}, {}):
        question = stage.question(client, **changes)
        answer = await stage.app.get("/oauth/authorize", params=question)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?next=%2Foauth%2Fauthorize")


async def test_s32_a_form_from_elsewhere_lets_nobody_in(stage: Stage) -> None:
    client = await stage.register()
    question = {**stage.question(client), "decision": "yes"}
    answer = await stage.browser.post(
        "/oauth/authorize", data=question, headers={"sec-fetch-site": "cross-site", "origin": "https://phone.example"}
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "another"},
        {"redirect_uri": "https://phone.example/back"},
        {"redirect_uri": "https://phöne.example/"},
        {"code_verifier": VERIFIER},
    ],
)
async def test_s31_a_code_is_exchanged_as_it_was_given(stage: Stage, changes: dict[str, str]) -> None:
    client = await stage.register()
    code = await stage.code(client)
    answer = await stage.exchange(client, changes.pop("code", code), **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_s31_a_code_belongs_to_its_app_and_its_time(stage: Stage, fediverse: Fediverse) -> None:
    client, other = await stage.register(), await stage.register(client_name="Other")
    code = await stage.code(client)
    assert (await stage.exchange(other, code)).json()["error"] == "invalid_grant"
    wrong = await stage.exchange(client, code, client_secret="wrong")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    fediverse.clock.advance(actions.CODE_LIFE.total_seconds())
    assert (await stage.exchange(client, code)).json()["error"] == "invalid_grant"


async def test_s31_a_code_that_comes_twice_ends_what_it_brought(stage: Stage) -> None:
    client = await stage.register()
    code = await stage.code(client)
    token = (await stage.exchange(client, code)).json()["access_token"]
    assert await stage.status(token) == 200
    assert (await stage.exchange(client, code)).status_code == 400
    assert await stage.status(token) == 401


async def test_s31_pkce_cannot_be_dropped(stage: Stage) -> None:
    client = await stage.register()
    challenged = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    for verifier in ("", "x" * 43):
        answer = await stage.exchange(client, await stage.code(client, **challenged), code_verifier=verifier)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    answer = await stage.exchange(client, await stage.code(client, **challenged), code_verifier=VERIFIER)
    assert answer.status_code == 200


async def test_somebody_new_answers_the_three_questions_and_comes_back_to_the_app(
    stage: Stage, fediverse: Fediverse
) -> None:
    client = await stage.register()
    bruno = await fediverse.person(stage.here, "bruno")
    async with fediverse.client(stage.here, bruno) as browser:
        sent = await browser.get("/oauth/authorize", params=stage.question(client))
        assert sent.status_code == 303
        assert sent.headers["location"].startswith("/welcome?next=%2Foauth%2Fauthorize")
        page = await browser.get(sent.headers["location"])
        assert "cross-origin-opener-policy" not in page.headers, "the app opened a window, and would lose it"
        assert "Go on" in page.text
        onward = parse_qs(urlsplit(sent.headers["location"]).query)["next"][0]
        refused = await browser.post("/welcome", data={"teaches": "x" * 501, "next": onward})
        assert refused.status_code == 422
        assert escape(onward) in refused.text
        assert "cross-origin-opener-policy" not in refused.headers
        answered = await browser.post("/welcome", data={"teaches": "science", "next": onward})
        assert (answered.status_code, answered.headers["location"]) == (303, onward)
        assert "Let Pocket in?" in (await browser.get(onward)).text


async def test_s31_the_first_visit_leads_nowhere_but_here(stage: Stage) -> None:
    for onward in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        answered = await stage.browser.post("/welcome", data={"next": onward})
        assert answered.headers["location"] == "/week"
        assert "evil.example" not in (await stage.browser.get("/welcome", params={"next": onward})).text


async def test_a_person_signs_in_and_lets_an_app_in(stage: Stage, fediverse: Fediverse) -> None:
    client = await stage.register()
    async with fediverse.client(stage.here) as stranger:
        sent = await stranger.get("/oauth/authorize/", params=stage.question(client))
        assert sent.status_code == 303
        page = await stranger.get(sent.headers["location"])
        assert "cross-origin-opener-policy" not in page.headers, "the app opened a window, and would lose it"
        onward = parse_qs(urlsplit(sent.headers["location"]).query)["next"][0]
        form = {"name": "amara", "password": PASSWORD, "next": onward}
        signed_in = await stranger.post("/sign-in", data=form)
        assert (signed_in.status_code, signed_in.headers["location"]) == (303, onward)
        asked = await stranger.get(onward)
    assert asked.status_code == 200
    assert "Let Pocket in?" in asked.text
    assert "Post, reply, edit and delete in your name" in asked.text
    assert "form-action 'self' https://phone.example;" in asked.headers["content-security-policy"]
    assert "cross-origin-opener-policy" not in asked.headers

    refused = await stage.browser.post("/oauth/authorize", data={**stage.question(client), "decision": "no"})
    assert refused.headers["location"] == f"{BACK}&error=access_denied&state=s%2F%2B+%3D1"

    answer = await stage.exchange(client, await stage.code(client))
    found = answer.json()
    assert set(found) == {"access_token", "token_type", "scope", "created_at"}
    assert (found["token_type"], found["scope"]) == ("Bearer", "read write:statuses")
    assert not set(found["access_token"]) & set("=/: +"), "it travels as a WebSocket subprotocol, too"
    known = await stage.app.get(
        "/api/v1/apps/verify_credentials", headers={"authorization": f"Bearer {found['access_token']}"}
    )
    assert (known.json()["name"], known.json()["website"]) == ("Pocket", "https://phone.example")


async def test_codes_are_carried_by_hand_where_there_is_no_way_back(stage: Stage) -> None:
    client = await stage.register(redirect_uris=actions.OUT_OF_BAND)
    question = stage.question(client, redirect_uri=actions.OUT_OF_BAND)
    page = await stage.browser.post("/oauth/authorize", data={**question, "decision": "yes"})
    assert page.status_code == 200
    code = page.text.partition("<code>")[2].partition("<")[0]
    answer = await stage.exchange(client, code, redirect_uri=actions.OUT_OF_BAND)
    assert answer.status_code == 200


async def test_an_app_speaks_for_itself(stage: Stage) -> None:
    client = await stage.register()
    basic = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    wide = await stage.app.post(
        "/oauth/token",
        json={"grant_type": "client_credentials", "scope": "follow"},
        headers={"authorization": f"Basic {basic}"},
    )
    assert (wide.status_code, wide.json()["error"]) == (400, "invalid_scope")
    answer = await stage.app.post(
        "/oauth/token",
        json={"grant_type": "client_credentials", "scope": "read"},
        headers={"authorization": f"Basic {basic}"},
    )
    assert answer.status_code == 200
    assert await stage.status(answer.json()["access_token"]) == 200
    nobody = await stage.app.post("/oauth/token", json={"grant_type": "client_credentials", "client_id": "x"})
    assert (nobody.status_code, nobody.json()["error"]) == (401, "invalid_client")
    word = await stage.app.post("/oauth/token", json={"grant_type": "password", "username": "amara"})
    assert (word.status_code, word.json()["error"]) == (400, "unsupported_grant_type")


async def test_a_token_ends(stage: Stage) -> None:
    client, other = await stage.register(), await stage.register(client_name="Other")
    token = await stage.token(client)
    given = {name: other[name] for name in ("client_id", "client_secret")}
    assert (await stage.app.post("/oauth/revoke", data={**given, "token": token})).json() == {}
    assert await stage.status(token) == 200, "another app cannot end it"
    given = {name: client[name] for name in ("client_id", "client_secret")}
    assert (await stage.app.post("/oauth/revoke", data={**given, "token": token})).status_code == 200
    assert await stage.status(token) == 401
    assert (await stage.app.post("/oauth/revoke", data={"client_id": "x", "token": token})).status_code == 403


async def test_whoever_has_a_token_can_end_it(stage: Stage) -> None:
    token = await stage.token(await stage.register())
    nobody = await stage.app.post("/oauth/revoke", data={"client_id": "undefined", "token": "x" * 43})
    assert nobody.status_code == 403
    assert await stage.status(token) == 200
    assert (await stage.app.post("/oauth/revoke", data={"client_id": "undefined", "token": token})).json() == {}
    assert await stage.status(token) == 401


async def test_people_see_their_apps_and_disconnect_them(stage: Stage) -> None:
    client = await stage.register()
    empty = await stage.browser.get("/settings/apps")
    assert "No app yet" in empty.text
    token = await stage.token(client)
    page = await stage.browser.get("/settings/apps")
    assert "Pocket" in page.text
    assert "not used yet" in page.text
    assert await stage.status(token) == 200
    assert "last used" in (await stage.browser.get("/settings/apps")).text
    gone = await stage.browser.post(f"/settings/apps/{client['id']}/disconnect")
    assert gone.status_code == 303
    assert await stage.status(token) == 401
    assert (await stage.browser.post(f"/settings/apps/{client['id']}/disconnect")).status_code == 404


async def test_s29_a_new_password_and_a_locked_account_end_what_apps_may_do(stage: Stage, fediverse: Fediverse) -> None:
    client = await stage.register()
    token = await stage.token(client)
    await stage.amara.do(accounts.change_password, PASSWORD, "another long enough password")
    assert await stage.status(token) == 401
    token = await stage.token(client)
    await stage.here.run(accounts.suspend_account, stage.here, stage.amara.viewer.account_id, by="test")
    assert await stage.status(token) == 401


async def test_tokens_from_the_command_line(stage: Stage) -> None:
    token = await stage.here.run(
        actions.create_token,
        stage.here,
        stage.amara.viewer.account_id,
        scopes_text="write:statuses",
        app_name="My script",
    )
    assert await stage.status(token) == 200
    page = await stage.browser.get("/settings/apps")
    assert "My script" in page.text


async def test_apps_find_the_way(stage: Stage) -> None:
    found = (await stage.app.get("/.well-known/oauth-authorization-server")).json()
    assert found["issuer"] == "https://alder.example/"
    assert found["token_endpoint"] == "https://alder.example/oauth/token"
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert "password" not in found["grant_types_supported"]
    asked = await stage.app.options(
        "/oauth/token", headers={"origin": "https://elk.example", "access-control-request-method": "POST"}
    )
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    nothing = await stage.app.get("/api/v1/nothing")
    assert (nothing.status_code, nothing.headers["content-type"]) == (404, "application/json")
    assert nothing.json() == {"error": "Record not found"}


async def test_what_cannot_be_read_is_refused_in_json(stage: Stage) -> None:
    for body, kind, status in (
        (b"{", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"<xml/>", "application/xml", 415),
        (b"x" * (1024 * 1024 + 1), "application/json", 413),
    ):
        answer = await stage.app.post("/api/v1/apps", content=body, headers={"content-type": kind})
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
        assert answer.json()["error"]


async def test_letters_that_no_database_takes_are_no_trouble(stage: Stage) -> None:
    kind = {"content-type": "application/json"}

    async def sent(path: str, asked: dict[str, Any]) -> httpx.Response:
        return await stage.app.post(path, content=json.dumps(asked), headers=kind)

    made = await sent("/api/v1/apps", {"client_name": "Half \ud800\x00 pair", "redirect_uris": BACK})
    assert (made.status_code, made.json()["name"]) == (200, "Half ? pair")
    given = {name: made.json()[name] for name in ("client_id", "client_secret")}
    for name in ("code", "client_id", "client_secret", "code_verifier"):
        asked = {**given, "grant_type": "authorization_code", "code": "x", "redirect_uri": BACK, name: "\ud800"}
        assert (await sent("/oauth/token", asked)).status_code in {400, 401}, name
    assert (await sent("/oauth/revoke", given | {"token": "\ud800"})).status_code == 200


async def test_too_many_apps_from_one_address_wait(stage: Stage) -> None:
    for _ in range(30):
        await stage.register()
    answer = await stage.app.post("/api/v1/apps", json={"client_name": "Pocket", "redirect_uris": BACK})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
