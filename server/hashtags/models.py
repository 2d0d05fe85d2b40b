"""What people here chose of hashtags; which posts bear them is in `posts`."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class FollowedTag(Model):
    """Somebody here wants public posts with a hashtag (lower case, without the sign) in their timeline."""

    id = id_field()
    person: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    person_id: str
    tag = fields.CharField(max_length=100)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "followed_tag"
        unique_together = (("person", "tag"),)
        indexes = (("tag", "person"), ("person", "id"))


class FeaturedTag(Model):
    """A hashtag that somebody here shows on their profile."""

    id = id_field()
    person: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    person_id: str
    tag = fields.CharField(max_length=100)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "featured_tag"
        unique_together = (("person", "tag"),)
        indexes = (("person", "id"),)
