"""Subjects that this server offers to follow."""

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Subject(Model):
    """A subject, or a subject at one level, as an actor of ours; `id` is the id of that actor, a Service.

    `level` is empty where all levels count. While it is not `is_on`, its actor is hidden and passes nothing on.
    """

    id = id_field()
    subject = fields.CharField(max_length=120)
    level = fields.CharField(max_length=120, default="")
    is_on = fields.BooleanField(default=True)
    created_at = MomentField()

    class Meta:
        """Table name."""

        table = "subject"
