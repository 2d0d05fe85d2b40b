"""The structured part of a resource in a community's library."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Resource(Model):
    """What a post of kind ``resource`` says in fields; `id` is the id of the post.

    `resource_type`: ``document``, ``link``, ``article``, ``video``, ``audio``, ``clip`` (learners teach
    each other), ``interactive`` or ``other``. `text` is
    the description, an article's whole text. `excerpt` is a short quotation of what `link` leads to, by `excerpt_by`,
    which stays when the link is dead. `captions` of a video or audio: ``yes``, ``pending``, or empty for others.
    `event_uri` is the event that it was recorded or written down at; `chapters` are lines of a time and a title.
    `teaches`: what a clip teaches back, in a few words.
    """

    id = id_field()
    resource_type = fields.CharField(max_length=12, default="document")
    link = fields.CharField(max_length=1000, default="")
    subject = fields.CharField(max_length=120, default="")
    level = fields.CharField(max_length=120, default="")
    minutes = fields.IntField(null=True)
    text = fields.TextField(default="")
    how_i_use_it = fields.TextField(default="")
    excerpt = fields.TextField(default="")
    excerpt_by = fields.CharField(max_length=120, default="")
    captions = fields.CharField(max_length=8, default="")
    transcript = fields.TextField(default="")
    event_uri = fields.CharField(max_length=500, default="")
    chapters = fields.TextField(default="")
    teaches = fields.CharField(max_length=120, default="")

    class Meta:
        """Table name and indexes."""

        table = "resource"
        indexes = (("subject",), ("level",), ("event_uri",))


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


class EarlierFile(Model):
    """A file that a resource had up to `version`; it can be had until its author or a steward takes it away."""

    id = id_field()
    post: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Post", on_delete=fields.CASCADE)
    post_id: str
    media_id = fields.CharField(max_length=26)
    version = fields.IntField()
    replaced_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "resource_file"
        unique_together = (("post", "media_id"),)
