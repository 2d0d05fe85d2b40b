"""Sending mail: through SMTP, or into the log where none is configured."""

import logging
import re
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

log = logging.getLogger("peerhall.mail")

TIMEOUT_SECONDS = 20
_NO_SUCH_ADDRESS = re.compile(r"5\.(1\.[12369]|2\.1)\b")
"""No such mailbox or domain, moved away, or closed (RFC 3463); other refusals may be about us or about one message."""


class MailError(Exception):
    """The mail server did not take the message; it may later."""


class AddressRefused(Exception):
    """The mail server takes nothing for this address, now and later (RFC 5321 section 4.2.1)."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one person: plain text, and the same as HTML where there is more to see.

    `key` makes its Message-ID, so that mail servers know a second copy. `unsubscribe` is an address of ours that takes
    a POST (RFC 8058). `reply_to` is where an answer goes.
    """

    to: str
    subject: str
    text: str
    html: str = ""
    key: str = ""
    unsubscribe: str = ""
    reply_to: str = ""


@dataclass(slots=True)
class Mailer:
    """Sends mail through `smtp_url`; with an empty one it writes it to the log and keeps the last ones in `logged`.

    The address may carry ``?from=`` with the sender; otherwise it is ``peerhall@`` and the domain.
    """

    smtp_url: str
    domain: str
    organisation: str
    logged: list[Mail] = field(default_factory=list)

    async def send(self, mail: Mail) -> None:
        """Send one message now; raises MailError or AddressRefused. Call it from a job, never from a request."""
        if not self.smtp_url:
            log.info("mail to %s: %s\n%s", mail.to, mail.subject, mail.text)
            self.logged = [*self.logged[-49:], mail]
            return
        parts = urlsplit(self.smtp_url)
        sender = parse_qs(parts.query).get("from", [f"peerhall@{self.domain.split(':')[0]}"])[0]
        message = self.message(mail, sender)
        try:
            await aiosmtplib.send(
                message,
                hostname=parts.hostname or "localhost",
                port=parts.port or (465 if parts.scheme == "smtps" else 587),
                username=unquote(parts.username) if parts.username else None,
                password=unquote(parts.password) if parts.password else None,
                use_tls=parts.scheme == "smtps",
                timeout=TIMEOUT_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            (refused,) = error.recipients[:1]
            if refused.code >= 500 and _NO_SUCH_ADDRESS.match(refused.message):
                raise AddressRefused(f"{refused.code} {refused.message}") from error
            raise MailError(f"the mail server refused: {error}") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailError(f"the mail server refused: {error}") from error

    def message(self, mail: Mail, sender: str) -> EmailMessage:
        """A message as it goes over the wire."""
        message, domain = EmailMessage(), self.domain.split(":")[0]
        message["From"] = f'"{_header(self.organisation)}" <{sender}>'
        message["To"] = _header(mail.to)
        message["Subject"] = _header(mail.subject)
        message["Date"] = formatdate()
        message["Message-ID"] = f"<{_header(mail.key)}@{domain}>" if mail.key else make_msgid(domain=domain)
        message["Auto-Submitted"] = "auto-generated"
        if mail.reply_to:
            message["Reply-To"] = _header(mail.reply_to)
        if mail.unsubscribe:
            message["List-Unsubscribe"] = f"<{_header(mail.unsubscribe)}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(mail.text)
        if mail.html:
            message.add_alternative(mail.html, subtype="html")
        return message


def _header(text: str) -> str:
    return " ".join(text.replace('"', "'").split())
