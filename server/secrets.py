"""The instance's secret key, and short-lived signed texts made with it."""

import base64
import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from datetime import datetime
from pathlib import Path


def load_or_create_key(configured: str, data_path: Path) -> bytes:
    """The secret key: the configured one, or one that is generated once into the data folder, readable by us alone."""
    if configured:
        return hashlib.sha256(configured.encode()).digest()
    path = data_path / "secret-key"
    if not path.exists():
        data_path.mkdir(parents=True, exist_ok=True)
        _make_key(path)
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return hashlib.sha256(path.read_text(encoding="ascii").strip().encode()).digest()


def _make_key(path: Path) -> None:
    """Write a new key, whole or not at all. Of several processes that start at once, the first one's key counts."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def new_token() -> str:
    """A fresh unguessable token of 32 random bytes, safe in addresses."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token: its SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


class Signatures:
    """Signs short texts for one purpose each, with an end."""

    def __init__(self, key: bytes) -> None:
        """Use this key of 32 bytes."""
        self._key = key

    def sign(self, purpose: str, text: str, *, until: datetime) -> str:
        """Return the text with its end and a signature, safe in addresses and cookies."""
        body = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        stamp = f"{body}.{int(until.timestamp())}"
        return f"{stamp}.{self._mac(purpose, stamp)}"

    def verify(self, purpose: str, signed: str, *, now: datetime) -> str | None:
        """Return the text; None if it was not signed by us for this purpose, or its time is over."""
        stamp, _, mac = signed.rpartition(".")
        if not stamp or not hmac.compare_digest(mac.encode(), self._mac(purpose, stamp).encode()):
            return None
        body, _, until = stamp.partition(".")
        if now.timestamp() > int(until):
            return None
        return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, the same for as long as the key is; nothing else can be worked out from them."""
        return hmac.new(self._key, f"derived\n{purpose}".encode(), hashlib.sha256).digest()

    def _mac(self, purpose: str, stamp: str) -> str:
        digest = hmac.new(self._key, f"{purpose}\n{stamp}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
