"""Reads and checks the answers of passkeys with `fido2`; loaded with the first of them.

What a device sends is hostile until its signature is checked: whatever goes wrong on the way is one refusal.
"""

import logging
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    UserVerificationRequirement,
)

from server.factors.passkeys import PasskeyRefused

_BROKEN = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    OverflowError,
    NotImplementedError,
    RecursionError,
    UnsupportedAlgorithm,
    struct.error,
)

logging.getLogger("fido2").setLevel(logging.WARNING)


def register(
    found: dict[str, Any], host: str, origin: str, challenge: bytes, algorithms: tuple[int, ...]
) -> tuple[bytes, bytes, int]:
    """Id, public half and counter of a new passkey; raises PasskeyRefused."""
    with _refusing():
        made = _server(host, origin).register_complete(_asked(challenge), found)
        credential = made.credential_data
        if credential is None or credential.public_key.ALGORITHM not in algorithms:
            raise PasskeyRefused("This kind of passkey cannot be used here. Try another device.")
        return credential.credential_id, bytes(credential), made.counter


def check(found: dict[str, Any], host: str, origin: str, challenge: bytes, stored: bytes) -> int:
    """The counter of an answer that was signed with this passkey; raises PasskeyRefused."""
    with _refusing():
        credential = AttestedCredentialData(stored)
        _server(host, origin).authenticate_complete(_asked(challenge), [credential], found)
        return AuthenticationResponse.from_dict(found).response.authenticator_data.counter


def _server(host: str, origin: str) -> Fido2Server:
    # A page of another port or of a host below ours is not ours: the whole origin has to be the same.
    return Fido2Server(PublicKeyCredentialRpEntity(id=host, name=host), verify_origin=lambda said: said == origin)


def _asked(challenge: bytes) -> dict[str, Any]:
    return {"challenge": websafe_encode(challenge), "user_verification": UserVerificationRequirement.REQUIRED}


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise PasskeyRefused from error
