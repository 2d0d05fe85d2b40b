"""Attacks on who is speaking: S1 to S4."""

import asyncio
import base64
import json
from datetime import UTC, datetime
from email.utils import format_datetime

from cryptography.hazmat.primitives.asymmetric import rsa

from federation.ports import Signer
from federation.signatures import keys, rfc9421
from federation.signatures.message import HttpMessage
from federation.testing import make_signer
from tests.hostile.attacks import Scene, attack
from tests.hostile.server import answer, forged_key
from tests.hostile.stage import hours


def body_of(scene: Scene) -> bytes:
    """A Follow of Maya, as bytes."""
    return json.dumps(scene.follow()).encode()


@attack("S1", "unsigned", requests=0)
async def no_signature_at_all(scene: Scene) -> None:
    await scene.refused_post(body_of(scene))


@attack("S1", "signature unsigned algorithm key", requests=0)
async def signatures_that_are_none(scene: Scene) -> None:
    for value in ("", "x", "keyId=", f'keyId="{scene.eve}#main-key"', "\x80\xff", "a" * 9_000, 'signature="AAAA"'):
        response = await scene.refused_post(body_of(scene), {"Signature": value})
        assert response.status == 401
    for value in ("sig1", "sig1=()", 'sig1=("@method";req);keyid="a"', "=", "(" * 5_000):
        response = await scene.refused_post(body_of(scene), {"Signature-Input": value, "Signature": "sig1=:AAAA:"})
        assert response.status == 401


def covering(scene: Scene, names: list[str], body: bytes) -> dict[str, str]:
    """Headers whose draft-cavage signature is right, and covers only these."""
    headers = scene.stage.signed(body, scene.eve)
    values = {
        "(request-target)": "post /ap/inbox",
        "host": scene.stage.authority,
        "date": headers["Date"],
        "digest": headers["Digest"],
    }
    signer = make_signer(scene.eve)
    base = "\n".join(f"{name}: {values[name]}" for name in names).encode()
    made = base64.b64encode(keys.sign(signer.rsa_key, base)).decode()
    headers["Signature"] = f'keyId="{signer.rsa_key_id}",headers="{" ".join(names)}",signature="{made}"'
    return headers


@attack("S2", "coverage", requests=0)
async def a_signature_over_the_date_alone(scene: Scene) -> None:
    body = body_of(scene)
    await scene.refused_post(body, covering(scene, ["date"], body))


@attack("S2", "coverage", requests=0)
async def a_signature_that_leaves_something_out(scene: Scene) -> None:
    body = body_of(scene)
    parts = ["(request-target)", "host", "date", "digest"]
    for left_out in parts:
        await scene.refused_post(body, covering(scene, [part for part in parts if part != left_out], body))


@attack("S2", "coverage", requests=0)
async def a_message_signature_that_leaves_something_out(scene: Scene) -> None:
    body, signer = body_of(scene), make_signer(scene.eve)
    parts = ["@method", "@target-uri", "content-digest"]
    for left_out in parts:
        headers = scene.stage.signed(body, scene.eve, scheme="rfc9421")
        names = [part for part in parts if part != left_out]
        now = int(datetime.now(UTC).timestamp())
        raw = f'({" ".join(f"{chr(34)}{name}{chr(34)}" for name in names)});created={now};keyid="{signer.rsa_key_id}"'
        message = HttpMessage.of("POST", scene.stage.origin, "/ap/inbox", headers.items(), body)
        base = rfc9421.signature_base(message, rfc9421.Input(tuple(names), {}, raw))
        headers["Signature-Input"] = f"sig1={raw}"
        headers["Signature"] = f"sig1=:{base64.b64encode(keys.sign(signer.rsa_key, base)).decode()}:"
        await scene.refused_post(body, headers)


@attack("S2", "digest", requests=0)
async def another_body_than_was_signed(scene: Scene) -> None:
    body = body_of(scene)
    for scheme in ("cavage", "rfc9421"):
        headers = scene.stage.signed(body, scene.eve, scheme=scheme)
        await scene.refused_post(body.replace(b"Follow", b"Block "), headers)
        for name in ("Digest", "Content-Digest"):
            if name in headers:
                await scene.refused_post(body, {**headers, name: "SHA-256=AAAA"})


@attack("S2", "ambiguous", requests=0)
async def headers_that_come_twice(scene: Scene) -> None:
    body = body_of(scene)
    headers = scene.stage.signed(body, scene.eve)
    for name in ("Signature", "Date", "Digest", "Content-Type"):
        for value in (headers[name], "other"):
            for pairs in ([*headers.items(), (name, value)], [(name, value), *headers.items()]):
                response = await scene.stage.post(body, pairs)
                assert response.status in (400, 401, 415)


@attack("S2", "ambiguous signature", requests=2)
async def a_signature_made_for_another_server(scene: Scene) -> None:
    body = body_of(scene)
    for scheme in ("cavage", "rfc9421"):
        headers = scene.stage.signed(body, scene.eve, scheme=scheme, authority="other.example")
        await scene.refused_post(body, headers)
        await scene.refused_post(body, {**headers, "Host": scene.stage.authority})


@attack("S2", "signature coverage", requests=2)
async def a_signature_made_for_another_method_or_target(scene: Scene) -> None:
    body = body_of(scene)
    for scheme in ("cavage", "rfc9421"):
        await scene.refused_post(body, scene.stage.signed(body, scene.eve, scheme=scheme, method="PUT"))
        await scene.refused_post(body, scene.stage.signed(body, scene.eve, scheme=scheme, path="/ap/u/maya/inbox"))


@attack("S1", "algorithm signature", requests=2)
async def algorithms_that_are_not_the_keys(scene: Scene) -> None:
    body, signer = body_of(scene), make_signer(scene.eve)
    headers = scene.stage.signed(body, scene.eve)
    for name in ("none", "hmac-sha256", "rsa-md5", "ecdsa-sha256", ""):
        changed = headers["Signature"].replace('algorithm="rsa-sha256"', f'algorithm="{name}"')
        if name != "":
            await scene.refused_post(body, {**headers, "Signature": changed})
    message = scene.stage.signed(body, scene.eve, scheme="rfc9421")
    wrong = message["Signature-Input"].replace('alg="rsa-v1_5-sha256"', 'alg="ed25519"')
    await scene.refused_post(body, {**message, "Signature-Input": wrong})
    forged = base64.b64encode(keys.public_pem(signer.rsa_key.public_key()).encode()[:256]).decode()
    await scene.refused_post(body, {**message, "Signature": f"sig1=:{forged}:"})


@attack("S1", "signature", requests=2)
async def a_key_of_ones_own_under_the_right_name(scene: Scene) -> None:
    body, real = body_of(scene), make_signer(scene.eve)
    forged = Signer(real.actor, real.rsa_key_id, forged_key(), real.ed25519_key_id, real.ed25519_key)
    for scheme in ("cavage", "rfc9421"):
        await scene.refused_post(body, scene.stage.signed(body, scene.eve, scheme=scheme, signer=forged))


def with_key(scene: Scene, name: str, pem: str) -> str:
    """An actor that lists this as its key."""
    uri = scene.site.uri(f"u/{name}")
    scene.site.actor(name, publicKey={"id": f"{uri}#main-key", "owner": uri, "publicKeyPem": pem}, assertionMethod=[])
    return uri


@attack("S1", "key", requests=12)
async def weak_and_monstrous_keys(scene: Scene) -> None:
    weak = await asyncio.to_thread(rsa.generate_private_key, public_exponent=65537, key_size=1024)
    modulus = make_signer("x").rsa_key.public_key().public_numbers().n
    pems = {
        "weak": keys.public_pem(weak.public_key()),
        "huge": keys.public_pem(rsa.RSAPublicNumbers(65537, (1 << 15_999) + 1).public_key()),
        "exponent": keys.public_pem(rsa.RSAPublicNumbers(2**2000 + 1, modulus).public_key()),
        "text": "-----BEGIN PUBLIC KEY-----\n" + "A" * 100_000 + "\n-----END PUBLIC KEY-----",
        "multikey": "z" + "1" * 8_000,
    }
    for name, pem in pems.items():
        actor = with_key(scene, name, pem)
        signer = Signer(
            actor,
            f"{actor}#main-key",
            weak if name == "weak" else make_signer(actor).rsa_key,
            "",
            make_signer(actor).ed25519_key,
        )
        body = json.dumps(scene.follow(f"f/{name}", actor)).encode()
        response = await scene.refused_post(body, scene.stage.signed(body, actor, signer=signer))
        assert response.status == 401


@attack("S4", "key signature", requests=14)
async def names_of_keys_that_only_look_like_toms(scene: Scene) -> None:
    quiet, host, tom = scene.stage.quiet.host, scene.site.host, scene.stage.tom
    scene.site.documents["/u/tom"] = scene.stage.quiet.documents["/u/tom"]
    real = make_signer(scene.eve)
    body = json.dumps({"id": f"{tom}/f/9", "type": "Follow", "actor": tom, "object": scene.stage.maya}).encode()
    for key_id in (
        f"{tom}#other",
        f"{tom}?x=1#main-key",
        f"http://{quiet}@{host}/u/eve#main-key",
        f"http://{host}/u/tom#main-key",
        f"http://{host}/u/eve#{tom}#main-key",
        f"http://{host}/u/eve?{tom}#main-key",
        f"http://{host}\\@{quiet}/u/tom#main-key",
        f"http://{quiet}:80:{host}/u/tom#main-key",
        f"HTTP://{quiet.upper()}/u/tom#main-key",
        f"//{quiet}/u/tom#main-key",
        f"{tom}#main-key",
    ):
        signer = Signer(tom, key_id, forged_key(), "", real.ed25519_key)
        response = await scene.refused_post(body, scene.stage.signed(body, tom, signer=signer))
        assert response.status in (400, 401, 403), key_id


@attack("S4 S8", "key", requests=12)
async def documents_of_keys_that_name_another_owner(scene: Scene) -> None:
    signer, tom = make_signer(scene.eve), scene.stage.tom
    pem = keys.public_pem(forged_key().public_key())
    body = json.dumps({"id": f"{tom}/f/8", "type": "Follow", "actor": tom, "object": scene.stage.maya}).encode()
    for number, document in enumerate(
        (
            {"id": scene.site.uri("k/0"), "type": "CryptographicKey", "owner": tom, "publicKeyPem": pem},
            {"id": scene.site.uri("k/1"), "owner": scene.eve, "publicKeyPem": pem},
            {
                "id": tom,
                "type": "Person",
                "publicKey": {"id": scene.site.uri("k/2"), "owner": tom, "publicKeyPem": pem},
                "inbox": f"{tom}/inbox",
                "preferredUsername": "tom",
            },
            {
                "id": scene.site.uri("k/3"),
                "type": "Person",
                "inbox": scene.site.uri("i"),
                "preferredUsername": "x",
                "publicKey": {"id": f"{tom}#main-key", "owner": tom, "publicKeyPem": pem},
            },
        )
    ):
        scene.site.documents[f"/k/{number}"] = document
        claimed = Signer(tom, scene.site.uri(f"k/{number}"), forged_key(), "", signer.ed25519_key)
        response = await scene.refused_post(
            body, scene.stage.signed(body, tom, signer=claimed, path=scene.inbox), path=scene.inbox
        )
        assert response.status == 401


@attack("S4 S7", "key origin", requests=8)
async def keys_behind_redirects(scene: Scene) -> None:
    tom, quiet, signer = scene.stage.tom, scene.stage.quiet, make_signer(scene.eve)
    away = scene.serves("u/away", b"", status="302 Found", headers=(f"Location: {tom}",))
    quiet.documents[f"/open-{scene.name}"] = answer(b"", status="302 Found", headers=(f"Location: {scene.eve}",))
    for actor, key_id in (
        (away, f"{away}#main-key"),
        (quiet.uri(f"open-{scene.name}"), quiet.uri(f"open-{scene.name}#main-key")),
    ):
        body = json.dumps({"id": f"{actor}/f", "type": "Follow", "actor": actor, "object": scene.stage.maya}).encode()
        claimed = Signer(actor, key_id, signer.rsa_key, "", signer.ed25519_key)
        response = await scene.refused_post(
            body, scene.stage.signed(body, actor, signer=claimed, path=scene.inbox), path=scene.inbox
        )
        assert response.status == 401


@attack("S3", "time", requests=2)
async def signatures_out_of_time(scene: Scene) -> None:
    body = body_of(scene)
    for scheme in ("cavage", "rfc9421"):
        for offset in (-24 * 365, -25, -2, 2, 25, 24 * 365):
            await scene.refused_post(body, scene.stage.signed(body, scene.eve, scheme=scheme, now=hours(offset)))
    headers = scene.stage.signed(body, scene.eve)
    for date in (
        "",
        "yesterday",
        "Thu, 99 Jan 2026 10:00:00 GMT",
        format_datetime(datetime.now(UTC)) + " x" * 500,
        "9" * 50,
    ):
        await scene.refused_post(body, {**headers, "Date": date})


@attack("S3", "repeated")
async def a_request_sent_again_after_its_effect_was_undone(scene: Scene) -> None:
    like = scene.site.activity("Like", scene.eve, scene.stage.posts["scratch"].uri, "l/1")
    body = json.dumps(like).encode()
    headers = list(scene.stage.signed(body, scene.eve).items())
    assert (await scene.stage.post(body, headers)).status == 202
    await scene.settled()
    await scene.send("Undo", like, "u/1")
    await scene.settled()
    for _ in range(5):
        assert (await scene.stage.post(body, headers)).status == 202
    await scene.settled()
    count = "SELECT count(*) AS n FROM post_like JOIN actor ON actor.id = post_like.actor_id WHERE actor.uri = :uri"
    assert await scene.stage.here.run(scene.stage.here.db.value, count, uri=scene.eve) == 0


@attack("S1 S5", "signature key not-found unreachable")
async def a_true_signature_beside_one_for_another(scene: Scene) -> None:
    tom = scene.stage.tom
    body = json.dumps(
        {"id": f"{tom}/f/7", "type": "Follow", "actor": tom, "object": scene.stage.people["sam"].uri}
    ).encode()
    own = scene.stage.signed(body, scene.eve, scheme="rfc9421")
    claimed = own["Signature-Input"].replace("sig1=", "sig2=").replace(scene.eve, tom)
    both = {
        **own,
        "Signature-Input": f"{own['Signature-Input']}, {claimed}",
        "Signature": f"{own['Signature']}, sig2=:{base64.b64encode(b'x' * 256).decode()}:",
    }
    # Eve's own signature is good, but she is not Tom: it counts as passed on, and Tom's server knows nothing of it.
    assert (await scene.stage.post(body, list(both.items()))).status == 202
    swapped = {**both, "Signature-Input": f"{claimed}, {own['Signature-Input']}"}
    assert (await scene.stage.post(body, list(swapped.items()))).status in (202, 401)
    await scene.settled()


@attack("S24", "key later failing unreachable", requests=0, seconds=30)
async def many_requests_that_name_one_dead_host(scene: Scene) -> None:
    stage, dead = scene.stage, f"dead.{scene.name}.evil.example"

    async def one(number: int) -> None:
        actor = f"http://{dead}:9/u/{number}"
        body = json.dumps({"id": f"{actor}/f", "type": "Follow", "actor": actor, "object": stage.maya}).encode()
        await stage.post(body, list(stage.signed(body, actor, path=scene.inbox).items()), path=scene.inbox)

    for start in range(0, 60, 10):
        await asyncio.gather(*(one(start + number) for number in range(10)))
    # As many at once as a host may be asked at once, and no more once it has failed three times.
    assert stage.resolved.count(dead) <= 8


@attack("S24 S16", "key failing", requests=0, seconds=30)
async def many_keys_at_somebody_elses_server(scene: Scene) -> None:
    victim = scene.friend("bystander")

    async def one(number: int) -> None:
        actor = victim.uri(f"u/{number}")
        body = json.dumps({"id": f"{actor}/f", "type": "Follow", "actor": actor, "object": scene.stage.maya}).encode()
        await scene.stage.post(body, list(scene.stage.signed(body, actor, path=scene.inbox).items()), path=scene.inbox)

    for start in range(0, 120, 10):
        await asyncio.gather(*(one(start + number) for number in range(10)))
    assert len(victim.asked) <= 50
