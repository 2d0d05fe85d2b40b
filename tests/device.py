"""A device with one passkey, in software: it answers what a page asks, truly or in whatever wrong way a test wants."""

import hashlib
import json
import os
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

from server.factors.passkeys import decode, encode

PRESENT, VERIFIED, NEW = 0x01, 0x04, 0x40


class Device:
    """Give it what a form has in ``data-passkey``, and the origin that the browser would name."""

    def __init__(self, origin: str) -> None:
        self.origin, self.counter, self.user, self.id = origin, 0, b"", os.urandom(32)
        self._key = ec.generate_private_key(ec.SECP256R1())

    def make(self, asked: str, *, origin: str = "", flags: int = PRESENT | VERIFIED) -> str:
        """A new passkey."""
        wanted = json.loads(asked)
        self.user = decode(wanted["user"]["id"])
        kept = AttestedCredentialData.create(Aaguid.NONE, self.id, ES256.from_cryptography_key(self._key.public_key()))
        said = AuthenticatorData.create(self._host(wanted["rp"]["id"]), flags | NEW, self.counter, kept)
        made = AttestationObject.create("none", said, {})
        return self._answer("webauthn.create", wanted, origin, {"attestationObject": encode(made)})[0]

    def answer(self, asked: str, *, origin: str = "", flags: int = PRESENT | VERIFIED, user: str | None = None) -> str:
        """What it answers, and counts."""
        wanted = json.loads(asked)
        self.counter += 1
        said = AuthenticatorData.create(self._host(wanted["rpId"]), flags, self.counter)
        user = self.user if user is None else user.encode()
        parts = {"authenticatorData": encode(said), "userHandle": encode(user)}
        client = self._answer("webauthn.get", wanted, origin, parts)[1]
        parts["signature"] = encode(self._key.sign(said + hashlib.sha256(client).digest(), ec.ECDSA(SHA256())))
        return self._answer("webauthn.get", wanted, origin, parts)[0]

    def _answer(self, kind: str, wanted: Any, origin: str, parts: dict[str, str]) -> tuple[str, bytes]:
        client = {"type": kind, "challenge": wanted["challenge"], "origin": origin or self.origin, "crossOrigin": False}
        said, number = json.dumps(client).encode(), encode(self.id)
        response = {"clientDataJSON": encode(said), **parts}
        return json.dumps({"id": number, "rawId": number, "type": "public-key", "response": response}), said

    @staticmethod
    def _host(name: str) -> bytes:
        return hashlib.sha256(name.encode()).digest()
