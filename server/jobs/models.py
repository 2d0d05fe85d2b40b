"""Tables of background work."""

from tortoise import fields
from tortoise.models import Model

from server.db import JsonField, MomentField


class Job(Model):
    """One piece of work to do once, at or after `run_at`; deleted when done.

    `crashes`: how often a process died while it ran; `again_at`: when it runs once more, as was asked meanwhile.
    """

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=60)
    payload = JsonField()
    unique_key = fields.CharField(max_length=200, null=True, unique=True)
    run_at = MomentField()
    attempts = fields.IntField(default=0)
    lease_until = MomentField(null=True)
    leased_by = fields.BigIntField(null=True)
    crashes = fields.IntField(default=0)
    again_at = MomentField(null=True)
    last_error = fields.TextField(null=True)
    failed_at = MomentField(null=True)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "job"
        indexes = (("failed_at", "run_at"),)
