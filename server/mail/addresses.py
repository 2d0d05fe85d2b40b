"""Addresses to answer a mail: each stands for one person, one post, and thirty days, and nobody else can make one.

The part after the plus is the person, the short form of the post, a day, and a signature. 49 letters that mail servers
may write in capitals, so that at most 14 remain for what stands before (RFC 5321 section 4.5.3.1.1).
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from server.instance import Instance

PURPOSE = "mail.reply"
WORKS_FOR = timedelta(days=30)
_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
_TOKEN = re.compile(r"([0-7][0-9a-z]{25})([0-9a-z]{8})([0-9a-z]{3})([a-z2-7]{12})")
_ENDS = r"(?!\.?[\w-])"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Answering:
    """What an address stands for: who answers, the short form of what is answered, and whether its time is over."""

    reader_id: str
    short: str
    is_over: bool


def reply_address(here: Instance, reader_id: str, post_id: str) -> str:
    """The address where this person answers this post; empty where no answers are taken by mail."""
    if not here.settings.reply_address:
        return ""
    local, _, domain = here.settings.reply_address.partition("@")
    days = (here.clock.now() + WORKS_FOR - _SINCE).days
    said = f"{reader_id}{post_id[-8:]}{_number(days)}"
    return f"{local}+{said}{_mac(here, said)}@{domain}"


def answering(here: Instance, token: str) -> Answering | None:
    """What the part after the plus stands for; None for what we did not make."""
    found = _TOKEN.fullmatch(token.lower())
    if found is None:
        return None
    reader_id, short, days, mac = found.groups()
    if not hmac.compare_digest(mac, _mac(here, f"{reader_id}{short}{days}")):
        return None
    until = _SINCE + timedelta(days=int(days, 36) + 1)
    return Answering(reader_id, short, here.clock.now() > until)


def tokens_in(text: str, reply_address: str) -> list[str]:
    """What stands after the plus in every address of ours in a text, each once, in their order."""
    return list(dict.fromkeys(match[1].lower() for match in _tagged(reply_address, _ENDS).finditer(text)))


def without_tokens(text: str, reply_address: str) -> str:
    """The text with what stands after the plus taken away: who reads it could answer as somebody else."""
    return _tagged(reply_address).sub(reply_address.replace("\\", r"\\"), text)


def _tagged(reply_address: str, end: str = "") -> re.Pattern[str]:
    local, _, domain = reply_address.partition("@")
    return re.compile(
        rf"(?<![\w.+-]){re.escape(local)}(?:\+|%2b)([\w.=-]{{1,80}})(?:@|%40){re.escape(domain)}{end}", re.IGNORECASE
    )


def _mac(here: Instance, said: str) -> str:
    digest = hmac.new(here.signatures.derive(PURPOSE), said.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:12]


def _number(value: int) -> str:
    letters = ""
    for _ in range(3):
        value, digit = divmod(value, 36)
        letters = _DIGITS[digit] + letters
    return letters
