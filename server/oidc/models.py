"""Tables of who signs in with the provider, and of what is under way."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.accounts.models import Account
from server.db import MomentField, id_field


class OidcIdentity(Model):
    """Who somebody is at the provider: issuer and subject, never a mail address, which can pass to somebody else.

    `refresh_sealed` asks the provider about them at night, where it gave such a token. `seen_at`: they signed in
    there; `asked_at`: we asked about them; `answered_at`: it answered. `ended_at` and `ended_why` stand as long as the
    provider does not let them in.
    """

    id = id_field()
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", on_delete=fields.CASCADE)
    account_id: str
    issuer = fields.CharField(max_length=500)
    subject = fields.CharField(max_length=255)
    refresh_sealed: str | None = fields.TextField(null=True)
    created_at = MomentField()
    seen_at = MomentField()
    asked_at = MomentField()
    answered_at = MomentField()
    ended_at: datetime | None = MomentField(null=True)
    ended_why = fields.CharField(max_length=300, default="")

    class Meta:
        """Table name, uniqueness and indexes."""

        table = "oidc_identity"
        unique_together = (("issuer", "subject"), ("account", "issuer"))
        indexes = (("asked_at",),)


class OidcTicket(Model):
    """What counts once: a state that came back, or, with `sealed`, a newcomer who still chooses a name."""

    id = id_field()
    hash = fields.CharField(max_length=64, unique=True)
    sealed: str | None = fields.TextField(null=True)
    until = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "oidc_ticket"
        indexes = (("until",),)
