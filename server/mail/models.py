"""Addresses that mail does not reach."""

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField


class MailBounce(Model):
    """An address whose mail server said for good that it takes nothing for it."""

    address = fields.CharField(max_length=254, primary_key=True)
    at = MomentField()
    reason = fields.CharField(max_length=300)

    class Meta:
        """Table name."""

        table = "mail_bounce"
