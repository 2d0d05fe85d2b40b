"""Who is speaking: invariants S1 to S5, S7, S8 and S17 on the inbox. Refusals come first."""

import base64
import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from federation.errors import Unauthenticated
from federation.ports import KnownKey, Signer
from federation.signatures import keys
from federation.testing import make_signer
from federation.vocab.base import PUBLIC
from tests.federation.conftest import World, follow, signed

KEY = "https://birch.example/ap/u/bruno#main-key"
INBOX = "https://alder.example/ap/inbox"


def body_of(world: World, number: int = 1) -> bytes:
    return json.dumps(follow(world.bruno, world.amara, number)).encode()


# S1: a valid signature by a key from its owner


async def test_s1_unsigned_is_refused(world: World) -> None:
    response = await world.alder.post(body_of(world), {"Content-Type": "application/activity+json"})
    assert response.status_code == 401
    assert world.alder.receipts.stored == {}


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "x",
        "keyId=",
        'keyId="a"',
        'keyId="https://birch.example/ap/u/bruno#main-key",signature="%%%"',
        f'keyId="{KEY}",headers="(request-target) host date digest",signature="AAAA"',
        'keyId="javascript:1",headers="(request-target) host date digest",signature="AAAA"',
        'keyId="https://birch.example/ap/u/bruno#main-key",keyId="x",signature="AAAA"',
        "\x80\xff",
        "a" * 10_000,
        f'keyId="{KEY}",algorithm="none",headers="(request-target) host date digest",signature=""',
    ],
)
async def test_s1_malformed_signatures_give_401(world: World, signature: str) -> None:
    body = body_of(world)
    headers = {**signed(INBOX, body, world.key(world.bruno), world.clock)}
    raw = [(name.encode(), value.encode()) for name, value in headers.items() if name != "Signature"]
    raw.append((b"Signature", signature.encode("latin-1")))
    assert (await world.alder.post(body, raw)).status_code == 401  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "inputs",
    [
        "",
        "sig1",
        "sig1=",
        "sig1=()",
        "sig1=();keyid=1",
        'sig1=("@method" "@method");keyid="a";created=1',
        'sig1=("@method";req "@target-uri" "content-digest");created=1;keyid="a"',
        "x" * 5000,
        '=("@method")',
        "sig1=(" * 200,
    ],
)
async def test_s1_malformed_signature_inputs_give_401(world: World, inputs: str) -> None:
    body = body_of(world)
    headers = {**signed(INBOX, body, world.key(world.bruno), world.clock, "rfc9421"), "Signature-Input": inputs}
    assert (await world.alder.post(body, headers)).status_code == 401


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
async def test_s1_another_key_is_refused(world: World, scheme: str) -> None:
    real = world.key(world.bruno)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = Signer(real.actor, real.rsa_key_id, other, real.ed25519_key_id, real.ed25519_key)
    response = await world.alder.send(follow(world.bruno, world.amara), forged, scheme=scheme)
    assert response.status_code == 401


def pem_of(bits: int, exponent: int = 65537) -> str:
    key = rsa.generate_private_key(public_exponent=exponent, key_size=bits).public_key()
    return keys.public_pem(key)


def test_s1_weak_and_monstrous_keys_are_refused() -> None:
    even = rsa.RSAPublicNumbers(2**32 + 3, make_signer("x").rsa_key.public_key().public_numbers().n).public_key()
    elliptic = (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    for text in (
        pem_of(1024),
        keys.public_pem(even),
        elliptic.decode(),
        "A" * 100_000,
        "z" + "1" * 100_000,
        "",
        "z",
        "-----",
        "zQ3sh",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    ):
        with pytest.raises(Unauthenticated):
            keys.public_key(text)


def test_s1_every_label_of_a_good_key_is_read() -> None:
    key = make_signer("x").rsa_key.public_key()
    pkcs1 = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1).decode()
    spki = keys.public_pem(key)
    for text in (
        spki,
        pkcs1,
        spki.replace("PUBLIC", "RSA PUBLIC"),
        pkcs1.replace("RSA PUBLIC", "PUBLIC"),
        spki.replace("\n", "\r\n"),
        f"\n{spki}\n",
        keys.multikey(key),
    ):
        assert keys.public_pem(keys.public_key(text)) == spki


async def test_s1_the_algorithm_is_the_keys(world: World) -> None:
    body = body_of(world)
    headers = signed(INBOX, body, world.key(world.bruno), world.clock, "rfc9421", ed25519=True)
    headers["Signature-Input"] = headers["Signature-Input"].replace('alg="ed25519"', 'alg="rsa-v1_5-sha256"')
    assert (await world.alder.post(body, headers)).status_code == 401
    cavage_headers = signed(INBOX, body, world.key(world.bruno), world.clock, ed25519=True)
    assert (await world.alder.post(body, cavage_headers)).status_code == 202


# S2: what the signature must cover


@pytest.mark.parametrize("dropped", ["(request-target)", "host", "date", "digest"])
async def test_s2_every_part_must_be_covered(world: World, dropped: str) -> None:
    body = body_of(world)
    signer = world.key(world.bruno)
    headers = signed(INBOX, body, signer, world.clock)
    values = {
        "(request-target)": "post /ap/inbox",
        "host": "alder.example",
        "date": headers["Date"],
        "digest": headers["Digest"],
    }
    covered = [name for name in values if name != dropped]
    base = "\n".join(f"{name}: {values[name]}" for name in covered).encode()
    signature = base64.b64encode(keys.sign(signer.rsa_key, base)).decode()
    headers["Signature"] = f'keyId="{signer.rsa_key_id}",headers="{" ".join(covered)}",signature="{signature}"'
    assert (await world.alder.post(body, headers)).status_code == 401


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
@pytest.mark.parametrize("change", ["body", "path", "query", "digest", "host"])
async def test_s2_what_is_covered_cannot_change(world: World, scheme: str, change: str) -> None:
    body = body_of(world)
    signer = world.key(world.bruno)
    await world.alder.send(follow(world.bruno, world.amara, 99), signer)
    headers = signed(INBOX, body, signer, world.clock, scheme)
    path = "/ap/inbox"
    if change == "body":
        body = body.replace(b"Follow", b"Block ")
    elif change == "path":
        path = "/ap/u/amara/inbox"
    elif change == "query":
        # Fedify signs without the query, and so a query may be added to a path that is signed without one.
        path = "/ap/inbox?x=1"
        if scheme == "cavage":
            return
    elif change == "digest":
        headers.pop("Digest", None)
        headers.pop("Content-Digest", None)
    else:
        headers["Host"] = "evil.example"
    assert (await world.alder.post(body, headers, path)).status_code == 401


async def test_s2_a_signature_for_another_server_is_refused(world: World) -> None:
    body = body_of(world)
    for scheme in ("cavage", "rfc9421"):
        headers = signed("https://birch.example/ap/inbox", body, world.key(world.bruno), world.clock, scheme)
        assert (await world.alder.post(body, headers)).status_code == 401
        assert (await world.alder.post(body, {**headers, "Host": "alder.example"})).status_code == 401


@pytest.mark.parametrize("name", ["Signature", "Date", "Digest", "Host", "Content-Type"])
async def test_s2_doubled_headers_are_refused(world: World, name: str) -> None:
    body = body_of(world)
    headers = signed(INBOX, body, world.key(world.bruno), world.clock)
    pairs = [(key.encode(), value.encode()) for key, value in headers.items()]
    for extra in (headers[name], "another"):
        response = await world.alder.post(body, [*pairs, (name.encode(), extra.encode())])  # type: ignore[arg-type]
        assert response.status_code in (400, 401, 415)
    assert (await world.alder.post(body, headers)).status_code == 202


# S3: time and replay


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
@pytest.mark.parametrize("hours", [-25, -2, 2, 25])
async def test_s3_outside_the_window_is_refused(world: World, scheme: str, hours: int) -> None:
    body = body_of(world)
    headers = signed(INBOX, body, world.key(world.bruno), world.clock, scheme)
    world.clock.advance(hours * 3600)
    assert (await world.alder.post(body, headers)).status_code == 401


async def test_s3_a_replay_has_no_second_effect(world: World) -> None:
    body = body_of(world)
    headers = signed(INBOX, body, world.key(world.bruno), world.clock)
    assert (await world.alder.post(body, headers)).status_code == 202
    assert (await world.alder.post(body, headers)).status_code == 202
    assert len(world.alder.receipts.stored) == 1


# S4: keys and their owners


async def test_s4_a_key_that_its_owner_does_not_list_is_refused(world: World) -> None:
    real = world.key(world.mallory)
    for key_id in (
        f"{world.mallory}#other",
        "https://evil.example/ap/u/nobody#main-key",
        "https://evil.example/#main-key",
        "https://birch.example@evil.example/ap/u/mallory#main-key",
        f"{world.bruno}#main-key",
    ):
        forged = Signer(
            world.bruno,
            key_id,
            rsa.generate_private_key(public_exponent=65537, key_size=2048),
            real.ed25519_key_id,
            real.ed25519_key,
        )
        assert (await world.alder.send(follow(world.bruno, world.amara), forged)).status_code in (401, 403)
    assert world.alder.receipts.stored == {}


async def test_s4_a_key_document_cannot_name_an_owner_elsewhere(world: World) -> None:
    signer = make_signer("https://evil.example/ap/key")
    for owner in (world.bruno, world.mallory, f"{world.mallory}#main-key"):
        world.evil.publish(
            {
                "id": "https://evil.example/ap/key",
                "type": "CryptographicKey",
                "owner": owner,
                "publicKeyPem": keys.public_pem(signer.rsa_key.public_key()),
            }
        )
        claimed = Signer(world.bruno, "https://evil.example/ap/key", signer.rsa_key, "", signer.ed25519_key)
        assert (await world.alder.send(follow(world.bruno, world.amara), claimed)).status_code == 401
        world.clock.advance(700)
    assert world.bruno not in world.alder.actors.remembered


async def test_s4_a_redirect_gives_no_key_of_another_server(world: World) -> None:
    from starlette.responses import RedirectResponse
    from starlette.routing import Route

    async def away(request: object) -> RedirectResponse:
        return RedirectResponse("https://evil.example/ap/u/mallory")

    world.birch.app.router.routes.insert(0, Route("/ap/u/redirected", away))
    real = world.key(world.mallory)
    claimed = Signer("", "https://birch.example/ap/u/redirected#main-key", real.rsa_key, "", real.ed25519_key)
    document = follow("https://birch.example/ap/u/redirected", world.amara)
    assert (await world.alder.send(document, claimed)).status_code == 401


async def test_s4_a_rotated_key_is_fetched_again_once_in_five_minutes(world: World) -> None:
    signer = world.key(world.bruno)
    old = KnownKey(signer.rsa_key_id, world.bruno, pem_of(2048), world.clock.now() - timedelta(days=1))
    world.alder.actors.keys[old.key_id] = old
    assert (await world.alder.send(follow(world.bruno, world.amara), signer)).status_code == 202
    asked = world.network.count("GET", world.bruno)
    forged = Signer(
        world.bruno,
        signer.rsa_key_id,
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "",
        signer.ed25519_key,
    )
    for number in range(5):
        assert (await world.alder.send(follow(world.bruno, world.amara, number), forged)).status_code == 401
    assert world.network.count("GET", world.bruno) == asked == 1


# S5, S7, S8: the signer is the actor, ids belong to their servers, and nobody occupies them


async def test_s5_speaking_for_another_has_no_effect(world: World) -> None:
    document = follow(world.bruno, world.amara)
    assert (await world.alder.send(document, world.key(world.mallory))).status_code == 202
    assert await world.alder.work() == ["Ignored"]
    assert world.alder.seen == []


async def test_s7_an_activity_id_of_another_server_is_refused(world: World) -> None:
    document = {**follow(world.mallory, world.amara), "id": f"{world.bruno}/a/1"}
    assert (await world.alder.send(document, world.key(world.mallory))).status_code == 403
    assert world.alder.receipts.stored == {}


async def test_s8_nobody_occupies_an_id(world: World) -> None:
    document = follow(world.bruno, world.amara)
    await world.alder.send(document, world.key(world.mallory))
    assert document["id"] not in world.alder.receipts.stored
    await world.alder.work()
    assert (await world.alder.send(document, world.key(world.bruno))).status_code == 202
    assert await world.alder.work() == ["done"]


async def test_s5_our_own_actors_do_not_come_in(world: World) -> None:
    document = follow(world.amara, world.bruno)
    for signer in (world.key(world.amara), world.key(world.mallory)):
        assert (await world.alder.send(document, signer)).status_code in (401, 403)
    assert world.alder.receipts.stored == {}


def activity(world: World, kind: str, actor: str, object_: object, **extra: object) -> dict[str, object]:
    return {"id": f"{actor}/a/{kind}", "type": kind, "actor": actor, "object": object_, **extra}


async def test_s5_nobody_acts_on_what_others_own(world: World) -> None:
    m, b = world.mallory, world.bruno
    note = {"id": "https://birch.example/ap/p/1", "type": "Note", "attributedTo": b, "content": "x"}
    forged = [
        activity(world, "Update", m, {**note, "content": "hacked"}),
        activity(world, "Update", m, {"id": b, "type": "Person", "preferredUsername": "bruno", "inbox": f"{m}/inbox"}),
        activity(world, "Update", m, {**note, "id": "https://evil.example/ap/p/1"}),
        activity(world, "Create", m, note),
        activity(world, "Create", m, {**note, "id": "https://evil.example/ap/p/1"}),
        activity(world, "Create", m, [note, {**note, "attributedTo": m}]),
        activity(world, "Create", m, "https://birch.example/ap/p/1"),
        activity(world, "Delete", m, "https://birch.example/ap/p/1", to=[PUBLIC]),
        activity(world, "Delete", m, {"id": b, "type": "Person"}, audience="https://alder.example/ap/u/algebra"),
        activity(world, "Delete", m, {"id": note["id"], "type": "Tombstone"}),
        activity(world, "Undo", m, follow(b, world.amara)),
        activity(world, "Undo", m, f"{b}/a/1"),
        activity(
            world,
            "Undo",
            m,
            {"id": f"{b}/a/2", "type": "Like", "actor": b, "object": "https://alder.example/ap/p/1"},
            audience="https://alder.example/ap/u/algebra",
        ),
        activity(
            world,
            "Undo",
            m,
            {"id": f"{b}/a/2", "type": "Announce", "actor": b, "object": "https://alder.example/ap/p/1"},
        ),
        activity(world, "Accept", m, follow(world.amara, b)),
        activity(world, "Reject", m, follow(world.amara, b)),
        activity(world, "Move", m, b, target=m),
        activity(world, "Move", m, {"id": b, "type": "Person"}, target=m),
    ]
    for number, document in enumerate(forged):
        document["id"] = f"{m}/a/{number}"
        assert (await world.alder.send(document, world.key(m))).status_code == 202
    assert set(await world.alder.work()) == {"Forbidden"}
    assert world.alder.seen == []


async def test_s5_everybody_acts_on_what_they_own(world: World) -> None:
    b = world.bruno
    note = {"id": "https://birch.example/ap/p/1", "type": "Note", "attributedTo": b, "content": "x"}
    own = [
        activity(world, "Create", b, note),
        activity(world, "Update", b, note),
        activity(world, "Delete", b, note["id"]),
        activity(world, "Update", b, {"id": b, "type": "Person"}),
        activity(world, "Undo", b, follow(b, world.amara)),
        activity(world, "Accept", b, follow(world.amara, b)),
        activity(world, "Like", b, "https://alder.example/ap/p/1"),
        activity(world, "Move", b, b, target="https://evil.example/ap/u/bruno"),
        activity(world, "Create", b, [{**note, "id": None}, {**note, "id": None}]),
    ]
    for number, document in enumerate(own):
        document["id"] = f"{b}/a/{number}"
        assert (await world.alder.send(document, world.key(b))).status_code == 202
    assert await world.alder.work() == ["done"] * len(own)
    assert len(world.alder.seen) == len(own) + 1


# S17: the blocked


async def test_s17_blocked_servers_get_in_nowhere_and_get_nothing(world: World) -> None:
    waiting = follow(world.mallory, world.amara)
    assert (await world.alder.send(waiting, world.key(world.mallory))).status_code == 202
    asked = len(world.network.log)
    world.alder.peers.block(["evil.example"])
    assert await world.alder.work() == ["Forbidden"]
    assert (await world.alder.send(follow(world.mallory, world.amara, 2), world.key(world.mallory))).status_code == 403
    by_other = activity(world, "Announce", world.bruno, waiting)
    assert (await world.alder.send(by_other, world.key(world.bruno))).status_code == 202
    assert await world.alder.work() == ["Forbidden"]
    target = f"{world.alder.origin}/ap/u/amara"
    headers = signed(target, None, world.key(world.mallory), world.clock, method="GET")
    assert (await world.alder.get("/ap/u/amara", headers)).status_code == 403
    outcome = await world.alder.engine.deliver(sender=world.amara, inbox=f"{world.mallory}/inbox", body=b"{}")
    assert outcome.kind == "refused"
    assert not any("evil.example" in url for _, url, _ in world.network.log[asked:])


# Deletions of strangers


async def test_the_deletion_of_an_unknown_actor_is_accepted_without_asking(world: World) -> None:
    gone = "https://nowhere.example/users/x"
    document = {"id": f"{gone}#delete", "type": "Delete", "actor": gone, "object": gone, "to": [PUBLIC]}
    assert (await world.alder.send(document, make_signer(gone))).status_code == 202
    assert world.alder.receipts.stored == {}
    assert world.network.log == []


async def test_the_key_of_a_deleted_actor_is_not_asked_for(world: World) -> None:
    world.alder.actors.gone.add(world.bruno)
    response = await world.alder.send(follow(world.bruno, world.amara), world.key(world.bruno))
    assert response.status_code == 401
    assert world.network.log == []
