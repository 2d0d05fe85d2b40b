"""The audit log."""

from tortoise import fields
from tortoise.models import Model

from server.db import JsonField, MomentField, id_field


class AuditEntry(Model):
    """Who did what to what, with which reason. Rows are only ever added: `chain` finds what was changed."""

    id = id_field()
    at = MomentField()
    by = fields.CharField(max_length=200)
    action = fields.CharField(max_length=60)
    subject = fields.CharField(max_length=500)
    detail = JsonField(null=True)
    previous_id = fields.CharField(max_length=26, null=True)
    digest = fields.CharField(max_length=64, default="")

    class Meta:
        """Table name and indexes."""

        table = "audit_entry"
        indexes = (("at",), ("subject",))
