"""Trying together: several people test the same practice within three weeks."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Together(Model):
    """What makes an event a time of trying a practice together; `id` is the id of the event's post.

    `practice_uri`, `challenge_uri` and `summary_uri` are ActivityPub ids, which may be known here later, or never; the
    latter two are null where there is none. `is_longer`: it was made longer, which is done once. `over_at`: when it was
    noted here that it is over, and those concerned were told.
    """

    id = id_field()
    practice_uri = fields.CharField(max_length=500)
    challenge_uri = fields.CharField(max_length=500, null=True)
    summary_uri = fields.CharField(max_length=500, null=True)
    is_longer = fields.BooleanField(default=False)
    over_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "together"
        indexes = (("practice_uri", "id"),)
