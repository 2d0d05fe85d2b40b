"""What somebody says of how they like to work. Nothing of it ever leaves this server."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class WorkCard(Model):
    """Cards are read by those who are in a community with their person; `id` is that of the actor.

    `pace`: ``live``, ``later`` or ``either``; `answers`: ``day``, ``days`` or ``week``; or empty. `title` is what they
    are at work: it stands in groups only where they wrote it here (A21). `access_needs` are for those who look after a
    community of theirs, and for nobody else. `manager_id` is whom they say leads them; it is shown to nobody, and warns
    both where one is to look after the other (A10).
    """

    id = id_field()
    pronouns = fields.CharField(max_length=60, default="")
    languages = fields.CharField(max_length=200, default="")
    title = fields.CharField(max_length=120, default="")
    pace = fields.CharField(max_length=8, default="")
    answers = fields.CharField(max_length=8, default="")
    access_needs = fields.TextField(default="")
    manager_id = fields.CharField(max_length=26, default="")
    changed_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and index."""

        table = "work_card"
        indexes = (("manager_id",),)
