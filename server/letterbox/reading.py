"""Reading a mail that somebody sent: hostile until proven otherwise, whatever its headers and parts say.

Nothing in here raises: what cannot be read says so in `problem`.
"""

import re
from dataclasses import dataclass
from email import policy
from email.message import Message
from email.parser import BytesParser
from email.utils import getaddresses

from server.letterbox.quotes import own_words
from server.mail.addresses import tokens_in, without_tokens
from server.text.html import lines_of

MAX_BYTES = 10 * 1024 * 1024
MAX_HEAD = 256 * 1024
MAX_PARTS = 200
MAX_DEPTH = 12
MAX_TEXT = 60_000
TOO_LARGE, UNREADABLE, FORGED, EMPTY, TOO_LONG = "too_large", "unreadable", "forged", "empty", "too_long"

_ADDRESSED = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to")
_FROM_ROBOTS = re.compile(r"^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)\b", re.IGNORECASE)
_SEALS = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})
_QUOTED_HTML = re.compile(
    r"<blockquote|<div[^>]{0,300}(?:gmail_quote|yahoo_quoted|moz-cite-prefix|divRplyFwdMsg|appendonsend)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail as we read it. `tokens` stand in the addresses it was sent to, `sender` is the one address it is from.

    `automatic`: a machine wrote it, so that no answer may follow. `files` were attached; they are not read.
    """

    tokens: tuple[str, ...] = ()
    sender: str = ""
    message_id: str = ""
    text: str = ""
    files: int = 0
    automatic: bool = False
    problem: str = ""


def read_mail(raw: bytes, reply_address: str, origin: str) -> Arrived:
    """Read a mail, as far as it can be read; of one that is too large, or nested deeper than people do, only its head.

    Python's parser takes time that grows with the square of the depth.
    """
    is_large = len(raw) > MAX_BYTES
    is_deep = raw[:MAX_BYTES].lower().count(b"boundary") > MAX_PARTS
    try:
        taken = raw[:MAX_HEAD] if is_large or is_deep else raw
        message = BytesParser(policy=policy.compat32).parsebytes(taken, headersonly=is_large or is_deep)
        addressed = " ".join(str(value) for name in _ADDRESSED for value in message.get_all(name, []))
        senders = getaddresses([str(value) for value in message.get_all("from", [])])
        head = Arrived(
            tokens=tuple(tokens_in(addressed, reply_address)[:4]),
            sender=senders[0][1].strip().lower()[:254] if len(senders) == 1 else "",
            message_id=str(message.get("message-id", "")).strip()[:998],
            automatic=_is_automatic(message),
            problem=FORGED if _says_forged(message) else TOO_LARGE if is_large else UNREADABLE if is_deep else "",
        )
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError):
        return Arrived(problem=UNREADABLE)
    if head.problem or head.automatic or not head.tokens:
        return head
    try:
        said, files = _said(message)
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError):
        return _with(head, problem=UNREADABLE)
    text = without_tokens(own_words(said), reply_address)
    # Whoever had such an address could answer with one tap in the name of who got it.
    text = re.sub(rf" ?<?{re.escape(origin)}/mail/[\w.%-]*>?", "", text).strip()
    return _with(head, text=text[:MAX_TEXT], files=files, problem=_fault(text))


def _with(head: Arrived, *, text: str = "", files: int = 0, problem: str) -> Arrived:
    return Arrived(head.tokens, head.sender, head.message_id, text, files, head.automatic, problem)


def _fault(text: str) -> str:
    if not text:
        return EMPTY
    return TOO_LONG if len(text) > MAX_TEXT else ""


def _is_automatic(message: Message) -> bool:
    """Whether a machine wrote it: RFC 3834, bounces (RFC 3464), lists, and what older systems say instead."""
    said = str(message.get("auto-submitted", "no")).split(";")[0].strip().lower()
    precedence = str(message.get("precedence", "")).strip().lower()
    sender = getaddresses([str(message.get("from", ""))])[:1]
    return (
        said != "no"
        or precedence in {"bulk", "junk", "list", "auto_reply"}
        or any(name in message for name in ("x-autoreply", "x-autorespond", "list-id", "x-failed-recipients"))
        or str(message.get("return-path", "")).strip() == "<>"
        or message.get_content_type() == "multipart/report"
        or bool(sender and _FROM_ROBOTS.match(sender[0][1]))
    )


def _says_forged(message: Message) -> bool:
    """Whether the mail server nearest to us found that it is not from whom it says (RFC 8601); only that one counts."""
    found = message.get_all("authentication-results", [])
    return bool(found) and "dmarc=fail" in str(found[0]).lower()


def _said(message: Message) -> tuple[str, int]:
    """The text of a mail, and how many files are with it."""
    plain: list[str] = []
    html: list[str] = []
    files = 0
    waiting: list[tuple[Message, int]] = [(message, 0)]
    for _ in range(MAX_PARTS):
        if not waiting:
            break
        part, depth = waiting.pop(0)
        kind = part.get_content_type()
        if part.is_multipart() and kind.startswith("multipart/") and depth < MAX_DEPTH:
            inside = [(inner, depth + 1) for inner in part.get_payload() if isinstance(inner, Message)]
            waiting = [*inside, *waiting]
        elif part.get_content_disposition() == "attachment" or kind not in {"text/plain", "text/html"}:
            is_shown_inside = part.get("content-id") is not None and part.get_content_disposition() != "attachment"
            files += kind not in _SEALS and not is_shown_inside
        elif kind == "text/plain":
            plain.append(_flowed(part, _decoded(part)))
        else:
            html.append(_decoded(part))
    if any(text.strip() for text in plain):
        return "\n".join(plain), files
    return "\n".join(lines_of(_QUOTED_HTML.split(text, maxsplit=1)[0]) for text in html), files


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    payload = payload[: MAX_TEXT * 8]
    try:
        return payload.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return payload.decode("utf-8", "replace")


def _flowed(part: Message, text: str) -> str:
    """Lines that a mail program broke, as one (RFC 3676)."""
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    drop = str(part.get_param("delsp", "")).lower() == "yes"
    lines: list[str] = []
    is_soft = False
    for line in text.replace("\r\n", "\n").split("\n"):
        is_quote = line.startswith(">")
        line = line if is_quote or not line.startswith(" ") else line[1:]
        if is_soft and lines and not is_quote and line != "-- ":
            lines[-1] += line
        else:
            lines.append(line)
        is_soft = line.endswith(" ") and line != "-- " and not is_quote
        if is_soft and drop:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)
