"""Fetching mail from a mailbox of our own (IMAP4rev1, RFC 3501): blocking, for a thread.

Only mail to an address for answers is touched: it is deleted once it was kept here. Everything else is left as it is,
and only marked as seen, in case the mailbox is somebody's own after all.
"""

import imaplib
import re
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from server.letterbox.reading import MAX_BYTES, MAX_HEAD, Arrived, read_mail

TIMEOUT_SECONDS = 20
MOST_AT_ONCE = 20
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class MailboxError(Exception):
    """The mailbox cannot be read now."""


class Mailbox:
    """One connection, from `open` to `close`."""

    def __init__(self, url: str, reply_address: str, origin: str) -> None:
        """`url` is ``imaps://USER:PASSWORD@HOST:PORT/FOLDER``; with ``imap`` the connection is made safe first."""
        self._url = url
        self._read: Callable[[bytes], Arrived] = lambda raw: read_mail(raw, reply_address, origin)
        self._line: imaplib.IMAP4 | None = None

    def fetch(self) -> list[tuple[str, Arrived]]:
        """Sign in, and read what is new: its number in the mailbox, and what it says. Raises MailboxError."""
        try:
            line = self._signed_in()
            numbers = (_good(line.uid("SEARCH", "UNSEEN"))[0] or b"").split()[:MOST_AT_ONCE]
            return [(number.decode(), self._read(self._message(line, number.decode()))) for number in numbers]
        except (imaplib.IMAP4.error, OSError, ValueError, AttributeError, TypeError, IndexError) as error:
            raise MailboxError(f"the mailbox cannot be read: {error}") from error

    def done(self, numbers: list[str], others: list[str]) -> None:
        """Delete what was kept, and mark what is not for us as seen."""
        line = self._line
        if line is None:
            return
        try:
            if others:
                _good(line.uid("STORE", ",".join(others), "+FLAGS", r"(\Seen)"))
            if numbers:
                _good(line.uid("STORE", ",".join(numbers), "+FLAGS", r"(\Seen \Deleted)"))
                _good(line.expunge())
        except (imaplib.IMAP4.error, OSError) as error:
            raise MailboxError(f"the mailbox cannot be changed: {error}") from error

    def close(self) -> None:
        """Sign out."""
        if self._line is not None:
            try:
                self._line.logout()
            except (imaplib.IMAP4.error, OSError):
                self._line.shutdown()

    def try_it(self) -> None:
        """Sign in, and no more. Raises MailboxError."""
        try:
            self._signed_in()
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            raise MailboxError(f"the mailbox cannot be read: {error}") from error

    def _signed_in(self) -> imaplib.IMAP4:
        self._line = line = self._opened()
        parts = urlsplit(self._url)
        line.login(unquote(parts.username or ""), unquote(parts.password or ""))
        folder = unquote(parts.path.strip("/")) or "INBOX"
        _good(line.select('"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'))
        return line

    def _opened(self) -> imaplib.IMAP4:
        parts = urlsplit(self._url)
        host, safe = parts.hostname or "", ssl.create_default_context()
        if parts.scheme == "imaps":
            return imaplib.IMAP4_SSL(host, parts.port or 993, ssl_context=safe, timeout=TIMEOUT_SECONDS)
        line = imaplib.IMAP4(host, parts.port or 143, timeout=TIMEOUT_SECONDS)
        if host not in LOOPBACK:
            line.starttls(safe)
        return line

    def _message(self, line: imaplib.IMAP4, number: str) -> bytes:
        size = re.search(rb"RFC822\.SIZE (\d+)", _bytes(_good(line.uid("FETCH", number, "(RFC822.SIZE)"))))
        if size is None or int(size[1]) <= MAX_BYTES:
            return _literal(_good(line.uid("FETCH", number, f"(BODY.PEEK[]<0.{MAX_BYTES + 1}>)")))
        # Its head alone, and so much behind it that it reads as what it is: too large.
        head = _literal(_good(line.uid("FETCH", number, f"(BODY.PEEK[HEADER]<0.{MAX_HEAD}>)")))
        return head + b" " * (MAX_BYTES + 1)


def _good(answer: tuple[str, Any]) -> list[Any]:
    """The data of an answer: bytes, pairs of bytes (with a literal), or None."""
    state, data = answer
    if state != "OK":
        raise imaplib.IMAP4.error(str(data)[:200])
    return list(data)


def _bytes(data: list[Any]) -> bytes:
    return b" ".join(b" ".join(item) if isinstance(item, tuple) else item or b"" for item in data)


def _literal(data: list[Any]) -> bytes:
    return next((bytes(item[1]) for item in data if isinstance(item, tuple)), b"")
