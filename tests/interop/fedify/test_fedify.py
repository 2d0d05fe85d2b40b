"""Fedify as a second opinion on what we sign and on what we believe.

What Fedify accepts is one question; what it refuses is no oracle, for it does not ask which parts a signature covers.
What we must refuse is tested with vectors in tests/federation.
"""

import json
from typing import Any

import httpx
import pytest

from federation.ports import Signer
from federation.signatures import cavage, proofs, rfc9421
from federation.signatures.keys import public_key
from federation.vocab import activities
from federation.vocab.base import PUBLIC
from federation.vocab.objects import object_document
from tests.interop.fedify.conftest import Fedify, Json, Ours

pytestmark = pytest.mark.peer

INBOX = "https://fedify.example/inbox"
FEDIFY_ACTOR = "https://fedify.example/users/fern"
SCHEMES = pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])


def our_request(ours: Ours, signer: Signer, scheme: str, document: Json) -> Json:
    """A delivery of ours to Fedify, signed as `federation.outbox` signs it."""
    body = json.dumps(document, ensure_ascii=False)
    signed: dict[str, Any] = {
        "body": body.encode(),
        "key_id": signer.rsa_key_id,
        "key": signer.rsa_key,
        "now": ours.clock.now(),
    }
    if scheme == "cavage":
        headers = cavage.headers("POST", "fedify.example", "/inbox", **signed)
    else:
        headers = rfc9421.headers("POST", "https://fedify.example", "/inbox", **signed)
    return {"method": "POST", "url": INBOX, "headers": headers, "body": body, "now": ours.now}


def follow(actor: str, target: str) -> Json:
    document: Json = activities.follow(id=f"{actor}/follows/1", actor=actor, object=target)
    return document


def fedify_person(ours: Ours, fedify: Fedify) -> tuple[Json, Json]:
    """An actor with keys that Fedify made, at home on fedify.example; returns its RSA and its Ed25519 key."""
    rsa, ed25519 = fedify.keys
    ours.elsewhere[FEDIFY_ACTOR] = {
        "@context": [
            "https://www.w3.org/ns/activitystreams",
            "https://w3id.org/security/v1",
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/multikey/v1",
        ],
        "id": FEDIFY_ACTOR,
        "type": "Person",
        "preferredUsername": "fern",
        "inbox": f"{FEDIFY_ACTOR}/inbox",
        "outbox": f"{FEDIFY_ACTOR}/outbox",
        "publicKey": {"id": f"{FEDIFY_ACTOR}#main-key", "owner": FEDIFY_ACTOR, "publicKeyPem": rsa["pem"]},
        "assertionMethod": [
            {
                "id": f"{FEDIFY_ACTOR}#ed25519-key",
                "type": "Multikey",
                "controller": FEDIFY_ACTOR,
                "publicKeyMultibase": ed25519["multibase"],
            }
        ],
    }
    return rsa["key"], ed25519["key"]


async def receive(ours: Ours, headers: dict[str, str], body: str) -> int:
    """Deliver something to our shared inbox; returns the status."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(ours.app), base_url=ours.origin) as client:
        answer = await client.post("/ap/inbox", content=body.encode(), headers=headers)
    return answer.status_code


@SCHEMES
async def test_fedify_refuses_what_was_changed_after_we_signed_it(ours: Ours, fedify: Fedify, scheme: str) -> None:
    signer, document = ours.person("amara")
    request = our_request(ours, signer, scheme, follow(signer.actor, FEDIFY_ACTOR))
    documents = {signer.actor: document}
    other_body = {**request, "body": request["body"] + " "}
    assert fedify.ask("verify-request", **other_body, documents=documents)["accepted"] is False
    other_target = {**request, "url": INBOX + "es"}
    assert fedify.ask("verify-request", **other_target, documents=documents)["accepted"] is False
    later = {**request, "now": "2026-01-15T12:30:00Z"}
    assert fedify.ask("verify-request", **later, documents=documents)["accepted"] is False


@SCHEMES
async def test_fedify_refuses_our_signature_under_somebody_elses_key(ours: Ours, fedify: Fedify, scheme: str) -> None:
    signer, document = ours.person("amara")
    _, other = ours.person("bela")
    forged = document | {"publicKey": document["publicKey"] | {"publicKeyPem": other["publicKey"]["publicKeyPem"]}}
    assert forged != document, "the two must not have drawn the same key"
    request = our_request(ours, signer, scheme, follow(signer.actor, FEDIFY_ACTOR))
    assert fedify.ask("verify-request", **request, documents={signer.actor: forged})["accepted"] is False


@SCHEMES
async def test_fedify_accepts_what_we_sign(ours: Ours, fedify: Fedify, scheme: str) -> None:
    signer, document = ours.person("amara")
    request = our_request(ours, signer, scheme, follow(signer.actor, FEDIFY_ACTOR))
    answer = fedify.ask("verify-request", **request, documents={signer.actor: document})
    assert answer == {"accepted": True, "owner": signer.actor}


@SCHEMES
async def test_we_refuse_what_was_changed_after_fedify_signed_it(ours: Ours, fedify: Fedify, scheme: str) -> None:
    signer, _ = ours.person("amara")
    key, _ = fedify_person(ours, fedify)
    body = json.dumps(follow(FEDIFY_ACTOR, signer.actor))
    headers = sign_by_fedify(ours, fedify, scheme, key, body)
    assert await receive(ours, headers, body + " ") == 401
    ours.clock.advance(3 * 3600)
    assert await receive(ours, headers, body) == 401
    assert ours.receipts.stored == {}


@SCHEMES
async def test_we_refuse_fedifys_signature_on_behalf_of_somebody_else(ours: Ours, fedify: Fedify, scheme: str) -> None:
    signer, _ = ours.person("amara")
    key, _ = fedify_person(ours, fedify)
    stranger = "https://fedify.example/users/stranger"
    ours.elsewhere[stranger] = ours.elsewhere[FEDIFY_ACTOR] | {"id": stranger, "publicKey": None}
    body = json.dumps(follow(stranger, signer.actor))
    headers = sign_by_fedify(ours, fedify, scheme, key, body, key_id=f"{stranger}#main-key")
    assert await receive(ours, headers, body) == 401


@SCHEMES
async def test_we_accept_what_fedify_signs(ours: Ours, fedify: Fedify, scheme: str) -> None:
    signer, _ = ours.person("amara")
    key, _ = fedify_person(ours, fedify)
    body = json.dumps(follow(FEDIFY_ACTOR, signer.actor))
    assert await receive(ours, sign_by_fedify(ours, fedify, scheme, key, body), body) == 202
    (receipt,) = ours.receipts.stored.values()
    assert (receipt.activity_type, receipt.actor, receipt.signer) == ("Follow", FEDIFY_ACTOR, FEDIFY_ACTOR)


def sign_by_fedify(
    ours: Ours, fedify: Fedify, scheme: str, key: Json, body: str, *, key_id: str = f"{FEDIFY_ACTOR}#main-key"
) -> dict[str, str]:
    """The headers of a delivery by Fedify to our shared inbox."""
    answer = fedify.ask(
        "sign-request",
        method="POST",
        url=f"{ours.origin}/ap/inbox",
        headers={"content-type": "application/activity+json"},
        body=body,
        key=key,
        keyId=key_id,
        scheme=scheme,
        now=ours.now,
    )
    return dict(answer["headers"])


def practice(ours: Ours, signer: Signer) -> Json:
    """A post of ours inside its Create."""
    post_id = "https://alder.example/ap/p/1"
    note = object_document(
        id=post_id,
        type="Note",
        attributed_to=signer.actor,
        to=[PUBLIC],
        cc=[f"{signer.actor}/followers"],
        content="<p>Exit tickets, three questions, five minutes. Ça marche.</p>",
        url="https://alder.example/p/exit-tickets-1",
        published=ours.clock.now(),
    )
    document: Json = activities.create(
        id="https://alder.example/ap/a/create/1", actor=signer.actor, to=[PUBLIC], object=note
    )
    return document


async def test_fedify_refuses_our_proof_on_a_changed_document(ours: Ours, fedify: Fedify) -> None:
    signer, document = ours.person("amara")
    proven = ours.engine.proof(signer, practice(ours, signer))
    changed = proven | {"published": "2026-01-01T00:00:00Z"}
    assert fedify.ask("verify-object", object=changed, documents={signer.actor: document})["proven"] is False


async def test_fedify_accepts_our_proof(ours: Ours, fedify: Fedify) -> None:
    signer, document = ours.person("amara")
    proven = ours.engine.proof(signer, practice(ours, signer))
    answer = fedify.ask("verify-object", object=proven, documents={signer.actor: document})
    assert answer == {"accepted": True, "proven": True, "key": signer.ed25519_key_id}


async def test_we_refuse_fedifys_proof_on_a_changed_document(ours: Ours, fedify: Fedify) -> None:
    signed = sign_object_by_fedify(ours, fedify)
    assert await ours.engine.proof_valid(signed | {"summary": "changed"}) is False
    assert await ours.engine.proof_valid({name: value for name, value in signed.items() if name != "proof"}) is False


async def test_we_accept_fedifys_proof(ours: Ours, fedify: Fedify) -> None:
    signed = sign_object_by_fedify(ours, fedify)
    assert signed["proof"]["cryptosuite"] == proofs.CRYPTOSUITE
    assert await ours.engine.proof_valid(signed) is True


async def test_what_fedify_proves_may_be_delivered_by_others(ours: Ours, fedify: Fedify) -> None:
    """A proof stands on its own: the request that carries it need not be signed."""
    signed = sign_object_by_fedify(ours, fedify)
    body = json.dumps(signed)
    assert await receive(ours, {"content-type": "application/activity+json"}, body) == 202
    (receipt,) = ours.receipts.stored.values()
    assert receipt.proven is True


def sign_object_by_fedify(ours: Ours, fedify: Fedify) -> Json:
    """A Create by Fedify's actor, with Fedify's proof."""
    _, key = fedify_person(ours, fedify)
    document = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": "https://fedify.example/activities/1",
        "type": "Create",
        "actor": FEDIFY_ACTOR,
        "to": PUBLIC,
        "object": {
            "id": "https://fedify.example/notes/1",
            "type": "Note",
            "attributedTo": FEDIFY_ACTOR,
            "content": "<p>Grüße</p>",
            "published": "2026-01-15T09:59:58Z",
        },
    }
    answer = fedify.ask("sign-object", object=document, key=key, keyId=f"{FEDIFY_ACTOR}#ed25519-key", now=ours.now)
    found: Json = answer["object"]
    return found


async def test_fedify_reads_our_actor_with_both_keys(ours: Ours, fedify: Fedify) -> None:
    signer, document = ours.person("amara")
    answer = fedify.ask("read", object=document)
    assert answer["type"] == "Person"
    assert answer["json"]["preferredUsername"] == "amara"
    assert answer["json"]["publicKey"]["id"] == signer.rsa_key_id
    assert answer["json"]["assertionMethod"][0]["id"] == signer.ed25519_key_id
    read_back = public_key(answer["json"]["publicKey"]["publicKeyPem"])
    assert read_back == signer.rsa_key.public_key()


async def test_fedify_reads_our_posts(ours: Ours, fedify: Fedify) -> None:
    signer, _ = ours.person("amara")
    answer = fedify.ask("read", object=practice(ours, signer))
    assert answer["type"] == "Create"
    assert answer["json"]["object"]["type"] == "Note"
    assert answer["json"]["object"]["content"] == "<p>Exit tickets, three questions, five minutes. Ça marche.</p>"
