"""Collections: what is in one, and what somebody has done of it."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Collection(Model):
    """What a post of kind ``collection`` says besides its title; `id` is the id of the post.

    `intro` is Markdown, without the list that the text of the post has below it. `is_path`: its things are steps, in
    this order. `members_add`: members of its community may add to it.
    """

    id = id_field()
    intro = fields.TextField(default="")
    is_path = fields.BooleanField(default=False)
    members_add = fields.BooleanField(default=False)

    class Meta:
        """Table name."""

        table = "collection"


class CollectionItem(Model):
    """A practice or resource in a collection, named by its ActivityPub id: no row of ours need have it.

    `url` and `title` are what the collection says of it; `why` is a sentence of whoever put it there (`added_by_id`,
    None: its author).
    """

    id = id_field()
    post: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Post", on_delete=fields.CASCADE)
    post_id: str
    position = fields.IntField()
    uri = fields.CharField(max_length=500)
    url = fields.CharField(max_length=1000)
    title = fields.CharField(max_length=300)
    why = fields.CharField(max_length=300, default="")
    added_by_id = fields.CharField(max_length=26, null=True)

    class Meta:
        """Table name and indexes."""

        table = "collection_item"
        unique_together = (("post", "uri"),)
        indexes = (("uri",),)


class CollectionTick(Model):
    """Somebody has done a step of a path. Nobody else ever learns of it."""

    id = id_field()
    actor: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    post: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Post", on_delete=fields.CASCADE)
    uri = fields.CharField(max_length=500)
    done_at: datetime = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "collection_tick"
        unique_together = (("actor", "post", "uri"),)
        indexes = (("post",),)
