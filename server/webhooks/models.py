"""Chat rooms that are told something."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Webhook(Model):
    """One address of a chat that takes messages, for one community.

    `url` lets whoever has it write into the room, so it is shown to nobody again. `form` is how the chat reads it:
    ``text`` (Slack, Mattermost, Rocket.Chat) or ``card`` (Microsoft Teams). `wants` are ``practices``, ``events`` and
    ``soon``, separated by spaces. Events that begin until `soon_until` have been looked at. It is turned off when the
    address is gone, or failed for days.
    """

    id = id_field()
    community_id = fields.CharField(max_length=26, db_index=True)
    url = fields.TextField()
    form = fields.CharField(max_length=10)
    wants = fields.CharField(max_length=60)
    is_on = fields.BooleanField(default=True)
    created_at = MomentField()
    soon_until: datetime | None = MomentField(null=True)
    last_at: datetime | None = MomentField(null=True)
    failing_since: datetime | None = MomentField(null=True)
    last_error = fields.CharField(max_length=200, default="")

    class Meta:
        """Table name."""

        table = "webhook"
