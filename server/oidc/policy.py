"""Who may come in, and as what: from what the provider says to a verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from server.oidc.errors import NotVerified

LEEWAY = timedelta(seconds=60)
OLDEST = timedelta(minutes=15)
"""So long ago a token may have been made that somebody signs in with."""
RANK = ("member", "steward", "admin")
MAX_SUBJECT = 255
MAX_TEXT = 200
MAX_VALUES = 2000

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether somebody may come in; `role` is None where the provider has no say in that."""

    allowed: bool
    why: str = ""
    role: str | None = None


def judge(claims: Claims, *, required: Sequence[str], roles: Sequence[str], is_whole: bool = True) -> Verdict:
    """What the rules of the settings say about somebody.

    Of conditions on the same claim one has to hold, and one for every claim that is named. Without `is_whole` a claim
    that is missing is not held against anybody: not every answer of a provider has all of them.
    """
    wanted: dict[str, list[str]] = {}
    for condition in required:
        claim, _, value = condition.partition("=")
        wanted.setdefault(claim, []).append(value)
    for claim, values in sorted(wanted.items()):
        found = values_of(claims, claim)
        if not found & set(values) and (is_whole or found):
            return Verdict(False, f"The sign-in service does not say of them: {claim} is {' or '.join(values)}.")
    return Verdict(True, role=_role(claims, roles, is_whole))


def _role(claims: Claims, roles: Sequence[str], is_whole: bool) -> str | None:
    rules = [(rule.partition(":")[0], *rule.partition(":")[2].partition("=")[::2]) for rule in roles]
    if not rules or (not is_whole and not any(values_of(claims, claim) for _, claim, _ in rules)):
        return None
    fitting = [role for role, claim, value in rules if value in values_of(claims, claim)]
    return max(fitting, key=RANK.index, default="member")


def values_of(claims: Claims, name: str) -> set[str]:
    """The texts of a claim, which may be one, a list, or lie deeper (``realm_access.roles``)."""
    found: Any = claims.get(name)
    if found is None and "." in name:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, bool):
        return {"true" if found else "false"}
    many = found if isinstance(found, list) else [found]
    return {str(item) for item in many[:MAX_VALUES] if isinstance(item, str | int) and not isinstance(item, bool)}


def check(
    claims: Claims, *, issuer: str, client_id: str, now: datetime, nonce: str | None, subject: str | None = None
) -> str:
    """The subject of an ID token whose signature holds (OpenID Connect Core section 3.1.3.7); raises NotVerified.

    `nonce` is that of a sign-in; None for a token that came at night, which then is about `subject`.
    """
    if claims.get("iss") != issuer:
        raise NotVerified("iss is another issuer")
    audience = claims.get("aud")
    many = audience if isinstance(audience, list) else [audience]
    if client_id not in many or not all(isinstance(item, str) for item in many):
        raise NotVerified("aud does not name us")
    party = claims.get("azp")
    if (party is not None or len(many) > 1) and party != client_id:
        raise NotVerified("azp is another client")
    moment = now.timestamp()
    expires, made, begins = (_number(claims, name) for name in ("exp", "iat", "nbf"))
    if expires is None or made is None:
        raise NotVerified("exp or iat is missing")
    slack = LEEWAY.total_seconds()
    if expires + slack <= moment or made - slack > moment or (begins is not None and begins - slack > moment):
        raise NotVerified("the token is over, or not yet good")
    if nonce is not None and (claims.get("nonce") != nonce or made + OLDEST.total_seconds() < moment):
        raise NotVerified("nonce is another one, or the token is old")
    found = claims.get("sub")
    if not isinstance(found, str) or not 1 <= len(found) <= MAX_SUBJECT or not found.isprintable():
        raise NotVerified("sub is none")
    if subject is not None and found != subject:
        raise NotVerified("sub is somebody else")
    return found


def verified_email(claims: Claims) -> str:
    """A mail address for which the provider vouches; empty where it does not say that it does.

    Microsoft says so with ``xms_edov`` ("email domain owner verified").
    """
    address = claims.get("email")
    vouched = any(claims.get(name) in (True, "true", 1, "1") for name in ("email_verified", "xms_edov"))
    return address.strip().lower() if vouched and isinstance(address, str) else ""


def text_of(claims: Claims, *names: str) -> str:
    """The first of these claims that is a text."""
    for name in names:
        value = claims.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()[:MAX_TEXT]
    return ""


def _number(claims: Claims, name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise NotVerified(f"{name} is no time")
    return float(value)
