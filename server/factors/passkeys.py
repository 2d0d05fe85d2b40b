"""Passkeys (WebAuthn level 3): what a browser is asked, and whether an answer is to what we asked, once.

A challenge is a signed text that says what it is for. Nothing is kept of it until it was answered: then its hash is, so
that the same answer is not taken twice. What reads answers is loaded with the first one.
"""

import base64
import binascii
import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any, cast
from urllib.parse import urlsplit

from server.errors import Invalid
from server.instance import Instance

CHALLENGE_LIFE = timedelta(minutes=15)
MAX_ANSWER = 20_000
ALGORITHMS = (-8, -7, -257)
"""Ed25519, ECDSA with SHA-256, RSA with SHA-256: what devices have (RFC 9053)."""
ASK_MILLISECONDS = 300_000
ANYBODY = "anybody"
"""Whom a challenge is for where nobody has said yet who they are."""


class PasskeyRefused(Invalid):
    """An answer of a device that does not count; why is not said further, for no person could mend it."""

    def __init__(self, message: str = "This passkey could not be checked. Try once more.") -> None:
        """Say what to do."""
        super().__init__(message, field="passkey")


@dataclass(frozen=True, slots=True)
class Registered:
    """A new passkey, as it is to be kept."""

    credential_id: str
    credential: str
    sign_count: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """What an answer says of itself, before anything is checked: whose it is, and what it answers."""

    credential_id: str
    user_handle: str
    challenge: str


def asks_for_one(here: Instance, purpose: str, who: str, *, known: list[str]) -> str:
    """What a browser is to ask for, as JSON: any passkey of this server, or one of those `known`."""
    return json.dumps(
        {
            "challenge": _challenge(here, purpose, who),
            "rpId": _host(here),
            "allowCredentials": [{"type": "public-key", "id": each} for each in known],
            "userVerification": "required",
            "timeout": ASK_MILLISECONDS,
        }
    )


def asks_to_make(here: Instance, who: str, *, account_id: str, name: str, display_name: str, known: list[str]) -> str:
    """What a browser is to make a passkey with, as JSON; none on a device that has one of those `known`."""
    return json.dumps(
        {
            "challenge": _challenge(here, "make", who),
            "rp": {"id": _host(here), "name": here.site.name},
            "user": {"id": encode(account_id.encode()), "name": name, "displayName": display_name},
            "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in ALGORITHMS],
            "excludeCredentials": [{"type": "public-key", "id": each} for each in known],
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": True,
                "userVerification": "required",
            },
            "attestation": "none",
            "timeout": ASK_MILLISECONDS,
        }
    )


def read(answer: str) -> tuple[dict[str, Any], Claimed]:
    """An answer of a browser, and what it claims; raises PasskeyRefused for what is none."""
    try:
        if len(answer) > MAX_ANSWER:
            raise PasskeyRefused
        found = json.loads(answer)
        response = found["response"]
        client = json.loads(decode(response["clientDataJSON"]))
        claimed = Claimed(
            credential_id=encode(decode(found["rawId"])),
            user_handle=decode(response.get("userHandle") or "").decode(),
            challenge=decode(client["challenge"]).decode(),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise PasskeyRefused from error
    return found, claimed


async def spend(here: Instance, claimed: Claimed, purpose: str, who: str) -> None:
    """Take a challenge of ours, for this purpose and person, once; in the present transaction, after the signature."""
    check_challenge(here, claimed, purpose, who)
    first = await here.db.execute(
        "INSERT INTO spent_challenge (challenge_hash, expires_at) VALUES (:hash, :until) ON CONFLICT DO NOTHING",
        hash=hashlib.sha256(claimed.challenge.encode()).hexdigest(),
        until=here.clock.now() + CHALLENGE_LIFE,
    )
    if not first:
        raise PasskeyRefused


def check_challenge(here: Instance, claimed: Claimed, purpose: str, who: str) -> None:
    """Raise PasskeyRefused unless we asked this, for this purpose and person, a short while ago."""
    text = claimed.challenge
    said = here.signatures.verify(f"passkey {purpose}", text, now=here.clock.now()) if text.count(".") == 2 else None
    if said is None or said.partition(" ")[0] != who:
        raise PasskeyRefused("This page was open for too long. Try once more.")


def check_answer(here: Instance, found: dict[str, Any], claimed: Claimed, credential: str) -> int:
    """The counter of an answer that this passkey signed here; raises PasskeyRefused."""
    counter = _reader().check(found, _host(here), here.settings.origin, claimed.challenge.encode(), decode(credential))
    return cast(int, counter)


def check_new(here: Instance, found: dict[str, Any], claimed: Claimed) -> Registered:
    """The passkey that a browser made here; raises PasskeyRefused."""
    made = _reader().register(found, _host(here), here.settings.origin, claimed.challenge.encode(), ALGORITHMS)
    return Registered(encode(made[0]), encode(made[1]), made[2])


def encode(data: bytes) -> str:
    """Base64 as browsers name it: safe in addresses, without the end."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    """What such a text stands for; raises ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, TypeError) as error:
        raise ValueError("no base64") from error


def credential_hash(credential_id: str) -> str:
    """By which a passkey is found: ids may have a thousand bytes."""
    return hashlib.sha256(credential_id.encode()).hexdigest()


def _challenge(here: Instance, purpose: str, who: str) -> str:
    until = here.clock.now() + CHALLENGE_LIFE
    return encode(
        here.signatures.sign(f"passkey {purpose}", f"{who} {secrets.token_urlsafe(16)}", until=until).encode()
    )


def _host(here: Instance) -> str:
    return urlsplit(here.settings.origin).hostname or ""


def _reader() -> Any:
    return import_module("server.factors.webauthn")
