"""The audit log."""

from tortoise import fields
from tortoise.models import Model

from server.db import JsonField, MomentField, id_field


class AuditEntry(Model):
    """Who did what to what, with which reason. Rows are only ever added."""

    id = id_field()
    at = MomentField()
    by = fields.CharField(max_length=200)
    action = fields.CharField(max_length=60)
    subject = fields.CharField(max_length=500)
    detail = JsonField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "audit_entry"
        indexes = (("at",), ("subject",))
