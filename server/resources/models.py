"""The structured part of a resource in a community's library."""

from tortoise import fields
from tortoise.models import Model

from server.db import id_field


class Resource(Model):
    """What a post of kind ``resource`` says in fields; `id` is the id of the post.

    `resource_type`: ``document``, ``link``, ``article``, ``video``, ``audio``, ``interactive`` or ``other``. `text` is
    the description, an article's whole text. `captions` of a video or audio: ``yes``, ``pending``, or empty for others.
    """

    id = id_field()
    resource_type = fields.CharField(max_length=12, default="document")
    link = fields.CharField(max_length=1000, default="")
    subject = fields.CharField(max_length=120, default="")
    level = fields.CharField(max_length=120, default="")
    minutes = fields.IntField(null=True)
    text = fields.TextField(default="")
    how_i_use_it = fields.TextField(default="")
    captions = fields.CharField(max_length=8, default="")
    transcript = fields.TextField(default="")

    class Meta:
        """Table name and indexes."""

        table = "resource"
        indexes = (("subject",), ("level",))


class ResourceUse(Model):
    """A practice, tip or event (`post_id`) links to a resource."""

    id = fields.BigIntField(primary_key=True)
    post_id = fields.CharField(max_length=26)
    resource_id = fields.CharField(max_length=26)

    class Meta:
        """Table name and indexes."""

        table = "resource_use"
        unique_together = (("post_id", "resource_id"),)
        indexes = (("resource_id", "post_id"),)
