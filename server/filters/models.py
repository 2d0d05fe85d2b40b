"""What people do not want to meet in their apps: filters, the words they look for, and single posts."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Filter(Model):
    """Words and posts that somebody does not want to meet. Nobody else knows of it.

    `places` are separated by spaces: ``home``, ``notifications``, ``public``, ``thread``, ``account``. `action`:
    ``warn``, ``hide`` or ``blur``. `expires_at` is when it ends; null for never.
    """

    id = id_field()
    owner_id = fields.CharField(max_length=26)
    title = fields.CharField(max_length=200)
    places = fields.CharField(max_length=60)
    action = fields.CharField(max_length=8)
    created_at = MomentField()
    expires_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "content_filter"
        indexes = (("owner_id", "id"),)


class FilterKeyword(Model):
    """A word or words of a filter, `within` which they are looked for. `whole_word`: not as a part of a longer word."""

    id = id_field()
    within: fields.ForeignKeyRelation[Filter] = fields.ForeignKeyField(
        "models.Filter", related_name="keywords", on_delete=fields.CASCADE
    )
    within_id: str
    keyword = fields.CharField(max_length=200)
    whole_word = fields.BooleanField(default=False)

    class Meta:
        """Table name and indexes."""

        table = "filter_keyword"
        indexes = (("within", "id"),)


class FilterPost(Model):
    """One post that a filter is about."""

    id = id_field()
    within: fields.ForeignKeyRelation[Filter] = fields.ForeignKeyField(
        "models.Filter", related_name="posts", on_delete=fields.CASCADE
    )
    within_id: str
    post_id = fields.CharField(max_length=26)

    class Meta:
        """Table name and indexes."""

        table = "filter_post"
        unique_together = (("within", "post_id"),)
        indexes = (("post_id",),)
