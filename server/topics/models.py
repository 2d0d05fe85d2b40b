"""Topics of communities, and what people chose about them."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Topic(Model):
    """One topic of a community here or elsewhere; `within_id` is the topic that it is in, of the same community.

    `uri` begins with the id of the community, which alone says what topics it has. Those of one level stand in the
    order of `position`. Nothing is put into a topic that was retired; what is in it stays.
    """

    id = id_field()
    uri = fields.CharField(max_length=500, unique=True)
    community: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "models.Actor", related_name="topics", on_delete=fields.CASCADE
    )
    community_id: str
    within_id = fields.CharField(max_length=26, null=True)
    name = fields.CharField(max_length=60)
    position = fields.IntField(default=0)
    retired_at: datetime | None = MomentField(null=True)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "topic"
        indexes = (("community", "position"),)


class TopicChoice(Model):
    """What somebody here wants of a topic, and of those in it: ``mute``, or ``follow``. Nobody else learns of it."""

    id = id_field()
    person: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "models.Actor", related_name="topic_choices", on_delete=fields.CASCADE
    )
    person_id: str
    topic: fields.ForeignKeyRelation[Topic] = fields.ForeignKeyField("models.Topic", on_delete=fields.CASCADE)
    topic_id: str
    choice = fields.CharField(max_length=6)

    class Meta:
        """Table name and keys."""

        table = "topic_choice"
        unique_together = (("person", "topic"),)
        indexes = (("topic", "choice"),)
