"""Signatures and proofs made by other implementations: each verdict as expected, the refusals first."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from federation.errors import Unauthenticated
from federation.signatures import cavage, keys, proofs, rfc9421
from federation.signatures.message import HttpMessage, check_digests
from federation.vocab.actors import parse_actor
from federation.vocab.base import origin_of
from tests.federation.conftest import FIXTURES, needs_fixtures, target_of

pytestmark = needs_fixtures

ROOT = FIXTURES / "vectors"
NOW = datetime(2026, 1, 15, 10, 0, 30, tzinfo=UTC)


def load(name: str) -> Any:
    return json.loads((ROOT / name).read_text()) if ROOT.is_dir() else {}


FEDIFY = load("fedify-vectors.json")
NEGATIVE = [case for case in load("derived-negative.json").get("cases", [])]
GOTOSOCIAL = load("gotosocial-captured.json")


def message_of(request: dict[str, Any], origin: str = "https://peerhall.example") -> HttpMessage:
    body = request.get("body")
    return HttpMessage.of(
        request["method"],
        origin,
        target_of(request["url"]),
        request["headers"].items(),
        body.encode() if body is not None else None,
    )


def verdict(message: HttpMessage, key: str, now: datetime) -> bool:
    read = rfc9421.read if "signature-input" in message.headers else cavage.read
    try:
        claim = read(message, now)
    except Unauthenticated:
        return False
    return any(keys.verifies(keys.public_key(key), base, claim.signature) for base in claim.bases)


@pytest.mark.parametrize("case", [case for case in NEGATIVE if case["kind"] == "http"], ids=lambda case: case["name"])
def test_forged_requests_are_refused(case: dict[str, Any]) -> None:
    assert not verdict(message_of(case["request"]), FEDIFY["keys"]["rsa_public_pem"], NOW)


@pytest.mark.parametrize("case", [case for case in NEGATIVE if case["kind"] == "proof"], ids=lambda case: case["name"])
def test_forged_proofs_are_refused(case: dict[str, Any]) -> None:
    proof = proofs.find_proof(case["json"])
    assert proof is not None
    key = keys.public_key(FEDIFY["keys"]["ed25519_public_multibase"])
    assert not proofs.proof_verifies(case["json"], proof, key, NOW)


@pytest.mark.parametrize(
    "request_",
    [each for each in FEDIFY.get("requests", []) if "unsupported" not in each],
    ids=lambda each: each["name"],
)
def test_fedify_requests(request_: dict[str, Any]) -> None:
    message, key = message_of(request_), FEDIFY["keys"]["rsa_public_pem"]
    assert not verdict(message, key, NOW + timedelta(hours=25))
    assert not verdict(message, key, NOW - timedelta(hours=2))
    assert not verdict(message_of(request_, "https://alder.example"), key, NOW)
    assert verdict(message, key, NOW)


def test_fedify_proofs() -> None:
    key = keys.public_key(FEDIFY["keys"]["ed25519_public_multibase"])
    wire = FEDIFY["fep8b32_wire"]["json"]
    proof = proofs.find_proof(wire)
    assert proof is not None
    assert proofs.proof_verifies(wire, proof, key, NOW)
    # The same document after `as:Public` replaced the long form is listed as valid among the documents and, the very
    # same JSON, as invalid among the negative cases. On the wire it is invalid.
    compacted = FEDIFY["documents"][0]["json"]
    assert compacted == next(case["json"] for case in NEGATIVE if case["name"] == "fep8b32-compact-public")


def test_linked_data_signatures_are_no_proof() -> None:
    document = FEDIFY["documents"][1]["json"]
    assert "signature" in document
    assert proofs.find_proof(document) is None


def test_gotosocial_requests() -> None:
    stub = parse_actor(GOTOSOCIAL["key_document"])
    for request in GOTOSOCIAL["requests"]:
        message = message_of(request, origin_of(request["url"]))
        moment = datetime.strptime(request["headers"]["date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
        key = stub.keys[0].pem_or_multikey
        assert not verdict(message, key, moment + timedelta(hours=13))
        assert verdict(message, key, moment)


def test_captured_bovine_requests_are_well_formed() -> None:
    """Their keys were not captured: what can be checked is that everything up to the key is accepted."""
    for line in (ROOT / "bovine-pasture-captured.jsonl").read_text().splitlines():
        captured = json.loads(line)
        host = captured["headers"]["host"]
        message = HttpMessage.of(
            "POST", f"http://{host}", captured["path"], captured["headers"].items(), captured["body"].encode()
        )
        if "signature" not in captured["headers"]:
            with pytest.raises(Unauthenticated):
                cavage.read(message, NOW)
            continue
        moment = datetime.strptime(captured["headers"]["date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
        assert cavage.read(message, moment).key_id.startswith("http://127.0.0.1:8804/")


def test_rfc9421_example_b_2_6() -> None:
    vector = load("rfc9421-b.2.6-ed25519.json")
    message = message_of(vector, "https://example.com")
    label, found = next(iter(rfc9421.parse_inputs(vector["headers"]["signature-input"]).items()))
    signature = rfc9421.parse_signatures(vector["headers"]["signature"])[label]
    key = keys.public_key(vector["public_key_pem"])
    assert keys.verifies(key, rfc9421.signature_base(message, found), signature)
    assert not keys.verifies(key, rfc9421.signature_base(message, found) + b" ", signature)
    check_digests(message)
    # Right as it is, it covers neither the query nor the body, so it is not enough for an inbox.
    with pytest.raises(Unauthenticated):
        rfc9421.read(message, datetime(2021, 4, 20, 2, 7, 56, tzinfo=UTC))


def test_w3c_eddsa_jcs_2022() -> None:
    folder = ROOT / "w3c-eddsa-jcs-2022"
    document = json.loads((folder / "signedJCS.json").read_text())
    key = keys.public_key(json.loads((folder / "keyPair.json").read_text())["publicKeyMultibase"])
    assert not proofs.proof_verifies({**document, "name": "Another"}, document["proof"], key, NOW)
    assert proofs.proof_verifies(document, document["proof"], key, NOW)


def test_fep_8b32() -> None:
    text = (ROOT / "fep-8b32.feature").read_text()
    blocks = [json.loads(block) for block in re.findall(r'"""\s*(\{.*?\})\s*"""', text, re.DOTALL)]
    unsigned, expected = blocks[0], blocks[1]
    secret = keys.base58_decode(re.findall(r'secret key "z([^"]+)"', text)[0])[2:]
    private = proofs.Ed25519PrivateKey.from_private_bytes(secret)
    made = proofs.add_proof(
        unsigned,
        key_id="https://server.example/users/alice#ed25519-key",
        key=private,
        created=datetime(2023, 2, 24, 23, 36, 38, tzinfo=UTC),
    )
    assert made == expected
    actor = parse_actor(blocks[-1])
    assert proofs.proof_verifies(expected, expected["proof"], keys.public_key(actor.keys[0].pem_or_multikey), NOW)


def test_fep_521a() -> None:
    text = (ROOT / "fep-521a.feature").read_text()
    ed25519_hex, rsa_hex = re.findall(r'as a hex string "([0-9a-f]+)"|format as a hex string "([0-9a-f]+)"', text)
    expected = re.findall(r'"publicKeyMultibase": "([^"]+)"', text)
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(next(filter(None, ed25519_hex))))
    assert keys.multikey(key) == expected[0]
    rsa_key = keys.public_key(expected[1])
    assert keys.multikey(rsa_key) == expected[1]
    assert next(filter(None, rsa_hex)) in keys.base58_decode(expected[1][1:]).hex()
