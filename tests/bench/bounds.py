"""What the stack itself costs on this machine in this run: the measure of the ratios that `make bench` prints."""

import hashlib
import json
import time
from collections.abc import Callable

import msgspec
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from federation.testing import make_signer, public_rsa_pem
from tests.bench.scenarios import Figures

ROUNDS = 400
TRIES = 5


def measure() -> Figures:
    """CPU ms of an RSA signature, of a verified and parsed activity, and of a fixed piece of plain Python."""
    signer = make_signer("http://bench.example/u/bench")
    body = json.dumps({"type": "Create", "object": {"type": "Note", "content": "<p>Ten minutes.</p>" * 60}}).encode()
    text = b"(request-target): post /ap/inbox\nhost: bench.example\ndate: today\ndigest: SHA-256=x"
    signature = signer.rsa_key.sign(text, padding.PKCS1v15(), SHA256())
    public = signer.rsa_key.public_key()
    assert public_rsa_pem(signer)

    def sign() -> None:
        signer.rsa_key.sign(text, padding.PKCS1v15(), SHA256())

    def verify_and_parse() -> None:
        hashlib.sha256(body).digest()
        public.verify(signature, text, padding.PKCS1v15(), SHA256())
        msgspec.json.decode(body)

    def plain() -> None:
        sum(number * number % 7 for number in range(2000))

    return {
        "bound: an RSA signature, CPU ms": _each(sign),
        "bound: verify and parse an activity, CPU ms": _each(verify_and_parse),
        "bound: a fixed piece of Python, CPU ms": _each(plain),
    }


def _each(work: Callable[[], None]) -> float:
    """The best of several tries: what else the machine does only ever adds."""
    found = []
    for _ in range(TRIES):
        begun = time.process_time()
        for _ in range(ROUNDS):
            work()
        found.append(1000 * (time.process_time() - begun) / ROUNDS)
    return min(found)
