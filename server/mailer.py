"""Sending mail: through SMTP, or into the log where none is configured."""

import logging
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

log = logging.getLogger("peerhall.mail")

TIMEOUT_SECONDS = 20


class MailError(Exception):
    """The mail server did not take the message; it may later."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One plain-text message to one person."""

    to: str
    subject: str
    text: str


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
        """Send one message now; raises MailError. Call it from a job, never from a request."""
        if not self.smtp_url:
            log.info("mail to %s: %s\n%s", mail.to, mail.subject, mail.text)
            self.logged = [*self.logged[-49:], mail]
            return
        parts = urlsplit(self.smtp_url)
        sender = parse_qs(parts.query).get("from", [f"peerhall@{self.domain.split(':')[0]}"])[0]
        message = EmailMessage()
        message["From"] = f'"{_header(self.organisation)}" <{sender}>'
        message["To"] = _header(mail.to)
        message["Subject"] = _header(mail.subject)
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self.domain.split(":")[0])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
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
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailError(f"the mail server refused: {error}") from error


def _header(text: str) -> str:
    return " ".join(text.replace('"', "'").split())
