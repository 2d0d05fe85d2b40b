"""Sending mail, and noting which addresses it does not reach."""

from server.instance import Instance
from server.mailer import AddressRefused, Mail

SEND = "mail.send"


async def send_later(
    here: Instance, *, to: str, subject: str, text: str, unsubscribe: str = "", reply_to: str = ""
) -> None:
    """Send a message after the present transaction has committed."""
    also = {name: value for name, value in (("unsubscribe", unsubscribe), ("reply_to", reply_to)) if value}
    await here.jobs.enqueue(SEND, {"to": to, "subject": subject, "text": text, **also})


async def deliver(here: Instance, mail: Mail) -> bool:
    """Send one message now; False where its address takes none. Raises MailError where that may change.

    Call it from a job. Whoever confirms the address anew is written to again.
    """
    try:
        await here.mailer.send(mail)
    except AddressRefused as error:
        await note_bounce(here, mail.to, str(error))
        return False
    return True


async def note_bounce(here: Instance, address: str, reason: str) -> None:
    """Remember that an address takes no mail."""
    async with here.db.transaction():
        await here.db.execute(
            "INSERT INTO mail_bounce (address, at, reason) VALUES (:address, :now, :reason)"
            " ON CONFLICT (address) DO UPDATE SET at = excluded.at, reason = excluded.reason",
            address=address,
            now=here.clock.now(),
            reason=reason[:300],
        )


async def forget_bounce(here: Instance, address: str) -> None:
    """Write to an address again: somebody says that it works now."""
    async with here.db.transaction():
        await here.db.execute("DELETE FROM mail_bounce WHERE address = :address", address=address)
