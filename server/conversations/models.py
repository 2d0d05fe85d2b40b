"""Conversations among those who are named in them, as each person here has them."""

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField


class Conversation(Model):
    """Somebody's own view of a conversation of direct posts: of what begins with `root_id`, `last_id` is the newest.

    Who deletes it has it again with the next post in it.
    """

    id = fields.BigIntField(primary_key=True)
    owner_id = fields.CharField(max_length=26)
    root_id = fields.CharField(max_length=26)
    last_id = fields.CharField(max_length=26)
    is_unread = fields.BooleanField(default=False)
    changed_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "conversation"
        unique_together = (("owner_id", "root_id"),)
        indexes = (("owner_id", "last_id"), ("last_id",))
