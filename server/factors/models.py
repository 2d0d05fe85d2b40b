"""Tables of what people sign in with besides a password; apart from the tables of content (S35)."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.accounts.models import Account
from server.db import MomentField, id_field


class CodeApp(Model):
    """The app that shows somebody a code every half minute (RFC 6238). It counts from `confirmed_at` on.

    `sealed` is the shared secret, encrypted; `last_step` the half minute whose code was used last, so that none counts
    twice.
    """

    id = id_field()
    account: fields.OneToOneRelation[Account] = fields.OneToOneField("models.Account", on_delete=fields.CASCADE)
    account_id: str
    sealed = fields.CharField(max_length=200)
    last_step = fields.BigIntField(default=0)
    created_at = MomentField()
    confirmed_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name."""

        table = "code_app"


class RecoveryCode(Model):
    """A code for the day when app and passkeys are out of reach: good once. Only its hash is kept."""

    id = id_field()
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", on_delete=fields.CASCADE)
    account_id: str
    code_hash = fields.CharField(max_length=64, unique=True)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "recovery_code"
        indexes = (("account",),)


class Passkey(Model):
    """A passkey (WebAuthn): its public half, in base64 as devices name it. `sign_count` must not go back."""

    id = id_field()
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", on_delete=fields.CASCADE)
    account_id: str
    name = fields.CharField(max_length=80)
    credential_hash = fields.CharField(max_length=64, unique=True)
    credential_id = fields.TextField()
    credential = fields.TextField()
    sign_count = fields.BigIntField(default=0)
    created_at = MomentField()
    last_used_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "passkey"
        indexes = (("account",),)


class SpentChallenge(Model):
    """A challenge that a passkey has answered: the same answer is not taken again."""

    challenge_hash = fields.CharField(max_length=64, primary_key=True)
    expires_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "spent_challenge"
        indexes = (("expires_at",),)
