"""Mails to somebody about their own way in: nobody changes it without their hearing of it (S32)."""

from server.accounts.models import Account
from server.instance import Instance
from server.mail.actions import send_later
from server.words import Words


async def tell_owner(here: Instance, account: Account, what: str, name: str = "") -> None:
    """Write what has changed, in the present transaction; to nobody where no address was confirmed."""
    if account.email is None or account.email_confirmed_at is None:
        return
    words = Words(account.language, account.timezone)
    subject, text = _said(words, what, name)
    lines = [
        text,
        "",
        words.text("When: %(when)s", when=words.when(here.clock.now())),
        "",
        words.text(
            "If it was you, there is nothing to do. If it was not, choose a new password now, end the other sessions"
            " in your settings, and tell those who run this server:"
        ),
        "",
        here.url("/reset"),
        here.url("/settings/sessions"),
        "",
        "-- ",
        f"{here.site.name} · {here.site.domain}",
    ]
    await send_later(here, to=account.email, subject=subject, text="\n".join(lines) + "\n")


def _said(words: Words, what: str, name: str) -> tuple[str, str]:
    _ = words.text
    return {
        "password": (_("Your password was changed"), _("Your account has a new password.")),
        "app_added": (
            _("A second step was added"),
            _("Signing in to your account asks for a code from an app from now on."),
        ),
        "app_removed": (_("A second step was removed"), _("Codes from an app are no longer taken for your account.")),
        "passkey_added": (
            _("A passkey was added"),
            _("Your account can be signed in to with a new passkey: %(name)s", name=name),
        ),
        "passkey_removed": (_("A passkey was removed"), _("This passkey is no longer taken: %(name)s", name=name)),
        "recovery_made": (
            _("You have new recovery codes"),
            _("Your account has new recovery codes. Those that you had before are not taken any more."),
        ),
        "recovery_used": (
            _("A recovery code was used"),
            _("Somebody signed in to your account with your password and one of your recovery codes."),
        ),
        "guessed": (
            _("Somebody may know your password"),
            _(
                "Somebody gave your right password several times, and then no right code. They did not get in."
                " If it was not you, choose a new password."
            ),
        ),
        "reset": (
            _("Your second step was taken away"),
            _(
                "An admin of this server took away your app, passkeys and recovery codes, as people ask for who lost"
                " them. Your password alone lets you in until you set them up again."
            ),
        ),
    }[what]
