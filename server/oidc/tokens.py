"""ID tokens: whether one is signed by a key of the provider. Loaded with the first one: it takes megabytes (P9)."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from federation.errors import InvalidDocument
from federation.vocab.base import parse_json
from server.oidc.errors import NotVerified

MAX_TOKEN = 60_000
RSA_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}

Key = Mapping[str, Any]


class UnknownKey(NotVerified):
    """None of the keys that we know can have signed it: the provider may have new ones."""


def claims_of(token: str, keys: Sequence[Key]) -> dict[str, object]:
    """What a token says, if one of these keys signed it; raises UnknownKey or NotVerified.

    The key decides how a signature is checked, never the token: what it names has to be one that its key can make, so
    neither ``none`` nor a MAC with a public key for its secret gets through.
    """
    header = _header(token)
    if "crit" in header or header.get("b64") is False:
        raise NotVerified("the token wants to be read in another way")
    fitting = [key for key in keys if _usable(key) and ("kid" not in header or key.get("kid") == header["kid"])]
    if not fitting:
        raise UnknownKey("no key of the provider fits")
    for key in fitting:
        allowed = _algorithms(key)
        if header.get("alg") not in allowed:
            continue
        try:
            made = RSAKey.import_key(_plain(key)) if key["kty"] == "RSA" else ECKey.import_key(_plain(key))
            payload = jws.deserialize_compact(token, made, registry=_registry(allowed)).payload
            return parse_json(payload)
        except (JoseError, InvalidDocument, ValueError, TypeError, KeyError):
            continue
    raise NotVerified("the signature does not hold")


def usable(keys: Sequence[Key]) -> int:
    """How many of these keys could sign for us."""
    return sum(1 for key in keys if _usable(key))


def _header(token: str) -> dict[str, Any]:
    if len(token) > MAX_TOKEN or token.count(".") != 2 or not token.isascii():
        raise NotVerified("this is no signed token")
    first = token.partition(".")[0]
    try:
        found = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (ValueError, RecursionError) as error:
        raise NotVerified("the token has no header") from error
    if not isinstance(found, dict):
        raise NotVerified("the token has no header")
    return found


def _usable(key: Key) -> bool:
    return key.get("use", "sig") == "sig" and bool(_algorithms(key))


def _algorithms(key: Key) -> tuple[str, ...]:
    """What this key can sign with; nothing for symmetric, weak and monstrous ones."""
    can: tuple[str, ...]
    if key.get("kty") == "RSA":
        modulus = key.get("n")
        bits = len(modulus) * 6 if isinstance(modulus, str) else 0
        can = RSA_ALGORITHMS if 2046 <= bits <= 8196 and key.get("e") in {"AQAB", "AAEAAQ"} else ()
    else:
        curve = CURVES.get(str(key.get("crv"))) if key.get("kty") == "EC" else None
        can = (curve,) if curve else ()
    said = key.get("alg")
    return can if said is None else tuple(each for each in can if each == said)


def _plain(key: Key) -> dict[str, Any]:
    """The public part alone, whatever else stands there."""
    return {name: key[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in key}


def _registry(allowed: Sequence[str]) -> jws.JWSRegistry:
    """Takes these algorithms; headers that no standard names mean nothing to us."""
    return jws.JWSRegistry(algorithms=list(allowed), strict_check_header=False)
