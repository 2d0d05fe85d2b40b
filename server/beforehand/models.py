"""Drafts that one person may read first, and what was said about them. Private: nothing else reads these tables."""

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class FirstReader(Model):
    """Who may read a draft; `id` is that of the post. `note` is what its author asks them."""

    id = id_field()
    reader_id = fields.CharField(max_length=26)
    note = fields.TextField(default="")
    asked_at = MomentField()

    class Meta:
        """Table name and index."""

        table = "first_reader"
        indexes = (("reader_id", "asked_at"),)


class FirstRemark(Model):
    """Something that the author of a draft or its first reader said to the other."""

    id = id_field()
    post_id = fields.CharField(max_length=26)
    author_id = fields.CharField(max_length=26)
    text = fields.TextField()
    at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "first_remark"
        indexes = (("post_id", "at"), ("author_id",))
