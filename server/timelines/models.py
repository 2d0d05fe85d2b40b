"""Home timelines, written when a post arrives so that reading one is a single range of an index."""

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField


class TimelineEntry(Model):
    """One post in one local person's home timeline. `via_id` is the actor whose boost brought it, if one did."""

    id = fields.BigIntField(primary_key=True)
    reader_id = fields.CharField(max_length=26)
    post_id = fields.CharField(max_length=26)
    via_id = fields.CharField(max_length=26, null=True)
    at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "timeline_entry"
        unique_together = (("reader_id", "post_id"),)
        indexes = (("reader_id", "at", "post_id"), ("post_id",))
