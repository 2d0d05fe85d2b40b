"""What Sofia's server remembers, in one small file: her keys, whom she follows, what reached her, and every letter."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from federation.ports import Signer
from server.demo.wire import Delivery

MAX_POSTS = 500
RSA_BITS = 2048
FILE = "sofia.json"


@dataclass(slots=True)
class Kept:
    """A post as it was delivered or fetched: its document, when it came, and which community passed it on."""

    document: dict[str, object]
    at: str
    boosted_by: str = ""


@dataclass(slots=True)
class Neighbour:
    """An actor elsewhere, as far as a timeline shows it."""

    name: str
    handle: str
    kind: str
    inbox: str


@dataclass(slots=True)
class Memory:
    """Everything, by id. `votes` are the options chosen, by poll; `likes` and `mine` are ids of what she did, by post."""

    rsa_pem: str = ""
    ed25519_pem: str = ""
    follows: dict[str, str] = field(default_factory=dict)
    posts: dict[str, Kept] = field(default_factory=dict)
    people: dict[str, Neighbour] = field(default_factory=dict)
    likes: dict[str, str] = field(default_factory=dict)
    votes: dict[str, str] = field(default_factory=dict)
    mine: dict[str, dict[str, object]] = field(default_factory=dict)
    letters: list[Delivery] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path) -> "Memory":
        """What is in a folder, or a new one with new keys."""
        path = folder / FILE
        if not path.exists():
            return cls(*_new_keys())
        found = json.loads(path.read_text(encoding="utf-8"))
        found["posts"] = {uri: Kept(**kept) for uri, kept in found["posts"].items()}
        found["people"] = {uri: Neighbour(**person) for uri, person in found["people"].items()}
        found["letters"] = [_letter(**letter) for letter in found["letters"]]
        return cls(**found)

    def save(self, folder: Path) -> None:
        """Write it down, whole or not at all; the oldest posts go."""
        for uri in list(self.posts)[:-MAX_POSTS]:
            del self.posts[uri]
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(self), ensure_ascii=False, default=lambda moment: moment.isoformat())
        fresh = folder / f"{FILE}.new"
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, folder / FILE)

    def signer(self, actor: str) -> Signer:
        """Her keys."""
        rsa_key, ed25519_key = (load_pem_private_key(pem.encode(), None) for pem in (self.rsa_pem, self.ed25519_pem))
        if not isinstance(rsa_key, rsa.RSAPrivateKey) or not isinstance(ed25519_key, Ed25519PrivateKey):
            raise TypeError("These are not the keys that were written.")
        return Signer(actor, f"{actor}#main-key", rsa_key, f"{actor}#ed25519-key", ed25519_key)


def _letter(at: str, headers: Iterable[Iterable[str]], **rest: object) -> Delivery:
    pairs = tuple((name, value) for name, value in headers)
    return Delivery(at=datetime.fromisoformat(at), headers=pairs, **rest)  # type: ignore[arg-type]  # from our own file


def _new_keys() -> tuple[str, str]:
    made = (rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS), Ed25519PrivateKey.generate())
    rsa_pem, ed25519_pem = (
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode("ascii")
        for key in made
    )
    return rsa_pem, ed25519_pem
