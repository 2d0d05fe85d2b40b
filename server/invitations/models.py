"""Table of the people on such lists."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.accounts.models import Account
from server.db import MomentField, id_field


class InvitedPerson(Model):
    """Somebody who was invited by mail. Their link is an `accounts.Invitation`, made anew with every mail.

    `sent_at` is None until the mail was handed over; `joined_at` is when their link was used; `revoked_at` when an
    admin took it back.
    """

    id = id_field()
    email = fields.CharField(max_length=254, unique=True)
    name = fields.CharField(max_length=100)
    role = fields.CharField(max_length=10)
    invited_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "models.Account", null=True, on_delete=fields.SET_NULL
    )
    invited_by_id: str | None
    invitation_id = fields.CharField(max_length=26, null=True)
    mails = fields.IntField(default=0)
    created_at = MomentField()
    sent_at: datetime | None = MomentField(null=True)
    ends_at: datetime | None = MomentField(null=True)
    joined_at: datetime | None = MomentField(null=True)
    revoked_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "invited_person"
        indexes = (("invited_by",),)
