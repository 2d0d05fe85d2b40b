"""HTTP signatures as the fediverse has them: draft-cavage-http-signatures-12."""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

from federation.errors import Unauthenticated
from federation.signatures import keys
from federation.signatures.message import (
    Claim,
    HttpMessage,
    check_digests,
    check_window,
    from_base64,
    http_date,
    unix_time,
)
from federation.signatures.signing import Unsigned, sha256_base64

_PARAMETER = re.compile(r'\s*([A-Za-z]+)\s*=\s*(?:"([^"\\]*)"|([0-9]+))\s*(?:,|\Z)')
_HEADER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+\Z")
_ALGORITHMS = frozenset({"hs2019", "rsa-sha256", "rsa-sha512", "ed25519", "ed25519-sha512"})
MAX_COVERED = 32


def read(message: HttpMessage, now: datetime) -> Claim:
    """The claim in a Signature header; Unauthenticated if it is malformed, covers too little or is out of time."""
    message.check_unambiguous()
    header = message.one("signature")
    if header is None:
        raise Unauthenticated("The request is not signed.", "unsigned")
    parameters = _parameters(header)
    key_id, signature = parameters.get("keyId"), parameters.get("signature")
    if not key_id or not signature:
        raise Unauthenticated("The signature names no key or is empty.", "unsigned")
    algorithm = parameters.get("algorithm")
    if algorithm is not None and algorithm.lower() not in _ALGORITHMS:
        raise Unauthenticated("The algorithm is unknown.", "algorithm")
    covered = parameters.get("headers", "date").lower().split()
    _check_coverage(message, covered)
    _check_time(message, parameters, covered, now)
    if message.method == "POST" or "digest" in covered or "content-digest" in covered:
        check_digests(message)
    targets = dict.fromkeys((message.target, message.path)) if "(request-target)" in covered else {message.target: None}
    return Claim(
        key_id=key_id,
        bases=tuple(_base(message, parameters, covered, target) for target in targets),
        signature=from_base64(signature),
        algorithm=algorithm,
        scheme="cavage",
        covered=frozenset(covered),
    )


def _parameters(header: str) -> dict[str, str]:
    header = header.removeprefix("Signature ").strip()
    found: dict[str, str] = {}
    position = 0
    while position < len(header):
        match = _PARAMETER.match(header, position)
        if match is None or match[1] in found:
            raise Unauthenticated("The Signature header is malformed.")
        found[match[1]] = match[2] if match[2] is not None else match[3]
        position = match.end()
    return found


def _check_coverage(message: HttpMessage, covered: list[str]) -> None:
    if len(covered) != len(set(covered)) or len(covered) > MAX_COVERED:
        raise Unauthenticated("The list of signed headers is malformed.")
    if "(request-target)" not in covered or "host" not in covered:
        raise Unauthenticated("The signature covers neither target nor host.", "coverage")
    if message.method == "POST" and "digest" not in covered and "content-digest" not in covered:
        raise Unauthenticated("The signature does not cover the body.", "coverage")
    if "date" not in covered and "(created)" not in covered:
        raise Unauthenticated("The signature does not cover a time.", "coverage")


def _check_time(message: HttpMessage, parameters: dict[str, str], covered: list[str], now: datetime) -> None:
    expires = unix_time(parameters["expires"]) if "expires" in parameters and "(expires)" in covered else None
    signed: list[datetime] = []
    if "(created)" in covered:
        signed.append(unix_time(parameters.get("created", "")))
    if "date" in covered:
        signed.append(http_date(message.one("date") or ""))
    for moment in signed:
        check_window(now, signed=moment, expires=expires if "(created)" in covered else None)


def _base(message: HttpMessage, parameters: dict[str, str], covered: list[str], target: str) -> bytes:
    lines = []
    for name in covered:
        if name == "(request-target)":
            value: str | None = f"{message.method.lower()} {target}"
        elif name in ("(created)", "(expires)"):
            value = parameters.get(name[1:-1])
        elif name == "host":
            value = message.host
        elif _HEADER_NAME.match(name):
            value = message.joined(name)
        else:
            value = None
        if value is None:
            raise Unauthenticated("The signature covers something that is not there.", "coverage")
        lines.append(f"{name}: {value}")
    try:
        return "\n".join(lines).encode("latin-1")
    except UnicodeEncodeError as error:
        raise Unauthenticated("A signed header is not text.") from error


def unsigned(
    method: str,
    authority: str,
    target: str,
    *,
    body: bytes | None,
    key_id: str,
    now: datetime,
    content_type: str = "application/activity+json",
    further: Mapping[str, str] | None = None,
) -> Unsigned:
    """A request of ours with `further` headers, which are signed too, ready to be signed with an RSA key."""
    date = format_datetime(now, usegmt=True)
    found = {"Host": authority, "Date": date}
    covered = ["(request-target)", "host", "date"]
    lines = [f"(request-target): {method.lower()} {target}", f"host: {authority}", f"date: {date}"]
    if body is not None:
        digest = f"SHA-256={sha256_base64(body)}"
        found |= {"Digest": digest, "Content-Type": content_type}
        covered += ["digest", "content-type"]
        lines += [f"digest: {digest}", f"content-type: {content_type}"]
    for name, value in (further or {}).items():
        found[name] = value
        covered.append(name.lower())
        lines.append(f"{name.lower()}: {value}")
    names = " ".join(covered)

    def put(signature: str) -> dict[str, str]:
        return {
            "Signature": f'keyId="{key_id}",algorithm="rsa-sha256",headers="{names}",signature="{signature}"',
        }

    return Unsigned(found, "\n".join(lines).encode("ascii"), put)


def headers(
    method: str,
    authority: str,
    target: str,
    *,
    body: bytes | None,
    key_id: str,
    key: keys.PrivateKeyObject,
    now: datetime,
    content_type: str = "application/activity+json",
    further: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The headers that sign a request of ours, and `further` ones, at once."""
    ready = unsigned(
        method, authority, target, body=body, key_id=key_id, now=now, content_type=content_type, further=further
    )
    return ready.signed(keys.sign(key, ready.base))
