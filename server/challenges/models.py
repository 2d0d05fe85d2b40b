"""Challenges: what is said of them beyond a post, and what answers them."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Challenge(Model):
    """A challenge's state, beside what its post says; `id` is the id of the post, which is locked while it is closed.

    `answers` counts what answers it and may be known to everybody who can read it. `reason` is why it was closed, or
    opened again.
    """

    id = id_field()
    answers = fields.IntField(default=0)
    reason = fields.TextField(default="")
    changed_at = MomentField(null=True)

    class Meta:
        """Table name."""

        table = "challenge"


class ChallengeAnswer(Model):
    """A practice or resource (`post`) answers a challenge, which is named by its ActivityPub id: it may come later."""

    id = id_field()
    post: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Post", on_delete=fields.CASCADE)
    challenge_uri = fields.CharField(max_length=500)
    created_at = MomentField()
    post_id: str

    class Meta:
        """Table name and indexes."""

        table = "challenge_answer"
        unique_together = (("post", "challenge_uri"),)
        indexes = (("challenge_uri",),)
