"""Web Push: to whom nothing is sent, that only the app can read it, and what becomes of push services that fail."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from federation.transport.guard import Guard
from federation.transport.pool import GuardedTransport
from server.accounts import actions as accounts
from server.oauth import actions as oauth
from server.posts import actions as posts
from server.push import actions
from server.push.sealing import seal
from server.vapid import decoded, encoded, point, public_key
from tests.apps import App, app_of
from tests.conftest import Fediverse, Person
from tests.posting import reply, write

PATH = "/api/v1/push/subscription"
SERVICE = "https://push.example/send/1"
SECRET = bytes(range(16))


class Service:
    """A push service, and the browser behind it."""

    def __init__(self, fediverse: Fediverse) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.status = 201
        self.asked: list[tuple[dict[str, str], bytes]] = []
        watched = fediverse.network.observer
        assert watched is not None

        def activities_only(method: str, url: str, body: bytes, answer: bytes) -> None:
            if not url.startswith("https://push.example/"):
                watched(method, url, body, answer)

        fediverse.network.observer = activities_only
        fediverse.network.apps["push.example"] = Starlette(routes=[Route("/send/1", self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        self.asked.append((dict(request.headers), await request.body()))
        return Response(status_code=self.status)

    @property
    def body(self) -> dict[str, Any]:
        """What an app sends to subscribe."""
        keys = {"p256dh": encoded(point(self.key.public_key())), "auth": encoded(SECRET)}
        alerts = {"mention": True, "favourite": True, "follow": "false"}
        return {"subscription": {"endpoint": SERVICE, "keys": keys}, "data": {"alerts": alerts, "policy": "all"}}

    def opened(self) -> dict[str, Any]:
        """The latest message, opened as a browser does (RFC 8291 section 3.4)."""
        body = self.asked[-1][1]
        salt, theirs, sealed = body[:16], body[21:86], body[86:]
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        info = b"WebPush: info\x00" + point(self.key.public_key()) + theirs
        material = HKDF(hashes.SHA256(), 32, SECRET, info).derive(shared)
        key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(material)
        nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(material)
        plain = AESGCM(key).decrypt(nonce, sealed, None)
        assert plain.endswith(b"\x02")
        found: dict[str, Any] = json.loads(plain[:-1])
        return found


async def scene(fediverse: Fediverse) -> tuple[Any, Person, Person, App, Service]:
    """Amara's app is subscribed; Bruno may do something."""
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    app, service = await app_of(fediverse, here, amara), Service(fediverse)
    await app.post(PATH, service.body)
    return here, amara, bruno, app, service


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_nobody_subscribes_without_the_right(fediverse: Fediverse, method: str) -> None:
    here = await fediverse.start("alder.example")
    assert await (await app_of(fediverse, here)).refused(method, PATH) == 401
    amara = await fediverse.person(here, "amara")
    narrow = await app_of(fediverse, here, amara, scopes="read write follow")
    assert await narrow.refused(method, PATH) == 403
    app = await app_of(fediverse, here, amara)
    if method in {"GET", "PUT"}:
        assert await app.refused(method, PATH) == 404


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://push.example/send/1"},
        {"endpoint": "https://push.example:8443/send/1"},
        {"endpoint": "https://user:word@push.example/"},
        {"endpoint": "ftp://push.example/"},
        {"endpoint": "https://alder.example/ap/inbox"},
        {"endpoint": "https://push.example/" + "x" * 2000},
        {"endpoint": "https://push.example/a b"},
        {"endpoint": ""},
        {"keys": {"p256dh": "x", "auth": encoded(SECRET)}},
        {"keys": {"p256dh": encoded(b"\x04" + b"\x01" * 64), "auth": encoded(SECRET)}},
        {"keys": {}},
        {"keys": "x"},
    ],
)
async def test_s13_what_is_no_push_service_is_refused(fediverse: Fediverse, change: dict[str, Any]) -> None:
    here = await fediverse.start("alder.example")
    app, service = await app_of(fediverse, here, await fediverse.person(here, "amara")), Service(fediverse)
    body = service.body
    body["subscription"] |= change
    assert await app.refused("POST", PATH, json=body) == 422
    assert await app.refused("GET", PATH) == 404


async def test_s13_nothing_is_sent_to_private_addresses(fediverse: Fediverse) -> None:
    here, amara, bruno, app, service = await scene(fediverse)
    body = service.body
    body["subscription"]["endpoint"] = "https://127.0.0.1/send/1"
    await app.post(PATH, body)
    for process in fediverse.everywhere(here):
        process.engine.client.transport = GuardedTransport(Guard(()))
    post = await write(amara, "Mine", visibility="instance")
    await bruno.do(posts.like_post, post.id)
    await fediverse.settle()
    assert await app.refused("GET", PATH) == 404
    assert service.asked == []


async def test_a_subscription_is_made_changed_and_ended(fediverse: Fediverse) -> None:
    here, amara, _bruno, app, service = await scene(fediverse)
    found = await app.get(PATH)
    assert (found["endpoint"], found["policy"], found["standard"]) == (SERVICE, "all", True)
    assert (found["alerts"]["mention"], found["alerts"]["follow"], found["alerts"]["reblog"]) == (True, False, False)
    about = await app.get("/api/v2/instance")
    assert about["configuration"]["vapid"]["public_key"] == found["server_key"] == public_key(here.signatures)
    changed = await app.call("PUT", PATH, json={"data": {"alerts": {"follow": True}, "policy": "followed"}})
    assert (changed.json()["alerts"]["follow"], changed.json()["alerts"]["mention"]) == (True, False)
    assert changed.json()["policy"] == "followed"
    assert await app.refused("PUT", PATH, json={"data": {"policy": "some"}}) == 422
    other = await app_of(fediverse, here, amara)
    assert await other.refused("GET", PATH) == 404  # each token has its own
    form = {
        "subscription[endpoint]": SERVICE,
        "subscription[keys][p256dh]": service.body["subscription"]["keys"]["p256dh"],
        "subscription[keys][auth]": encoded(SECRET) + "==",
        "data[alerts][poll]": "1",
    }
    assert (await other.post(PATH, None, data=form))["alerts"]["poll"] is True
    await app.call("DELETE", PATH)
    assert await app.refused("GET", PATH) == 404
    assert (await other.get(PATH))["endpoint"] == SERVICE


async def test_one_person_has_so_many_apps_woken(fediverse: Fediverse) -> None:
    """The newest: with each app that is let in, one notification would send one more request to any address (S16)."""
    here, amara, bruno, _, service = await scene(fediverse)
    apps = []
    for _ in range(actions.MAX_OF_ONE + 3):
        fediverse.clock.advance(1)
        apps.append(await app_of(fediverse, here, amara))
        await apps[-1].post(PATH, service.body)
    other = await app_of(fediverse, here, bruno)
    await other.post(PATH, service.body)
    await apps[-1].post(PATH, service.body)
    for number, app in enumerate([*apps, other]):
        assert (await app.call("GET", PATH)).status_code == (404 if number < 3 else 200), number


async def test_an_app_is_woken_with_what_only_it_can_read(fediverse: Fediverse) -> None:
    here, amara, bruno, _app, service = await scene(fediverse)
    post = await write(amara, "Mine")
    await reply(bruno, post, "Well said, @amara")
    await fediverse.settle()
    message = service.opened()
    assert (message["notification_type"], message["title"]) == ("mention", "Bruno mentioned you")
    assert "Well said" in message["body"]
    assert message["icon"].startswith("https://")
    headers, body = service.asked[-1]
    assert b"Well said" not in body
    assert headers["content-encoding"] == "aes128gcm"
    assert int(headers["ttl"]) > 0
    claims, key = _claims(headers["authorization"])
    assert claims["aud"] == "https://push.example"
    assert here.clock.now().timestamp() < claims["exp"] <= here.clock.now().timestamp() + 86_400
    assert key == public_key(here.signatures)


def _claims(header: str) -> tuple[dict[str, Any], str]:
    """What the header says, after its signature was checked with the key in it."""
    token, _, key = header.removeprefix("vapid t=").partition(", k=")
    signed, _, signature = token.rpartition(".")
    raw = decoded(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(key))
    public.verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
    claims: dict[str, Any] = json.loads(decoded(signed.partition(".")[2]))
    return claims, key


async def test_s15_what_may_not_be_known_any_more_wakes_nobody(fediverse: Fediverse) -> None:
    here, amara, bruno, app, service = await scene(fediverse)
    post = await write(amara, "Mine")
    answer = await reply(bruno, post, "Well said")
    await bruno.do(posts.delete_post, answer.id)
    second = await reply(bruno, post, "Hidden")
    await here.run(here.db.execute, "UPDATE post SET state = 'held' WHERE id = :id", id=second.id)
    await fediverse.settle()
    third = await reply(bruno, post, "Seen already")
    newest = next(each for each in await app.get("/api/v1/notifications"))
    await app.post("/api/v1/markers", {"notifications": {"last_read_id": newest["id"]}})
    await fediverse.settle()
    await app.call("PUT", PATH, json={"data": {"alerts": {"follow": True}}})
    await bruno.do(posts.like_post, post.id)  # not wanted
    await fediverse.settle()
    assert service.asked == []
    assert third


@pytest.mark.parametrize("how", ["revoked", "suspended"])
async def test_s29_who_is_locked_out_is_not_woken(fediverse: Fediverse, how: str) -> None:
    here, amara, bruno, _app, service = await scene(fediverse)
    post = await write(amara, "Mine")
    await bruno.do(posts.like_post, post.id)
    if how == "revoked":
        await here.run(oauth.disconnect_all, here, amara.viewer.account_id)
        assert await here.run(here.db.rows, "SELECT id FROM push_subscription") == []
    else:
        await here.run(accounts.suspend_account, here, amara.viewer.account_id, by="test")
    await fediverse.settle()
    assert service.asked == []


async def test_policies_say_of_whom_one_hears(fediverse: Fediverse) -> None:
    _here, amara, bruno, app, service = await scene(fediverse)
    post = await write(amara, "Mine")
    for number, policy in enumerate(("none", "followed", "follower", "all")):
        await app.call("PUT", PATH, json={"data": {"policy": policy}})
        await reply(bruno, post, f"Number {number}")
        await fediverse.settle()
        assert len(service.asked) == (1 if policy == "all" else 0), policy


@pytest.mark.parametrize(
    ("status", "asked", "kept"), [(410, 1, False), (404, 1, False), (400, 1, True), (503, 2, True)]
)
async def test_services_that_fail_are_asked_again_or_forgotten(
    fediverse: Fediverse, status: int, asked: int, kept: bool
) -> None:
    _here, amara, bruno, app, service = await scene(fediverse)
    service.status = status
    post = await write(amara, "Mine")
    await bruno.do(posts.like_post, post.id)
    await fediverse.settle()
    service.status = 201
    fediverse.clock.advance(seconds=3600)
    await fediverse.settle()
    assert len(service.asked) == asked
    assert ((await app.call("GET", PATH)).status_code == 200) is kept


def test_the_example_of_the_rfc_is_sealed_as_in_the_rfc() -> None:
    """RFC 8291, appendix A."""
    own = ec.derive_private_key(
        int.from_bytes(decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), ec.SECP256R1()
    )
    sealed = seal(
        b"When I grow up, I want to be a watermelon",
        decoded("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        decoded("BTBZMqHH6r4Tts7J_aSIgg"),
        salt=decoded("DGv6ra1nlYgDCS1FRnbzlw"),
        own=own,
    )
    assert encoded(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBr"
        "u3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
