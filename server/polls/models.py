"""Polls, their options, and who chose what."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Poll(Model):
    """What a post of kind ``poll`` asks; `id` is the id of the post.

    `ends_at` None: a poll from elsewhere without an end. `closed_at`: when it was over. `voters_count`: how many people
    voted; None where its server does not say. `tallied_at`: of a poll here, when its numbers were last told; of one
    elsewhere, when we last heard them. `told_end_at`: when those concerned heard that it is over. `hides_totals`: who
    asks wants nobody to see how it stands before it is over.
    """

    id = id_field()
    is_multiple = fields.BooleanField(default=False)
    ends_at: datetime | None = MomentField(null=True)
    closed_at: datetime | None = MomentField(null=True)
    voters_count = fields.IntField(null=True)
    tallied_at: datetime | None = MomentField(null=True)
    told_end_at: datetime | None = MomentField(null=True)
    hides_totals = fields.BooleanField(default=False)

    class Meta:
        """Table name and indexes."""

        table = "poll"
        indexes = (("tallied_at",),)


class PollOption(Model):
    """One answer to choose, and how many chose it."""

    id = fields.BigIntField(primary_key=True)
    poll_id = fields.CharField(max_length=26)
    position = fields.IntField()
    name = fields.CharField(max_length=500)
    votes = fields.IntField(default=0)

    class Meta:
        """Table name and indexes."""

        table = "poll_option"
        unique_together = (("poll_id", "position"),)


class PollVote(Model):
    """Who chose what. Nobody is ever shown a row of this, and it leaves only as the vote that its author is sent.

    `slot` is 0 where one choice is all, else the option's position plus one: so that one person has one vote, also when
    two arrive at the same moment.
    """

    id = fields.BigIntField(primary_key=True)
    poll_id = fields.CharField(max_length=26)
    actor: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    slot = fields.IntField()
    position = fields.IntField()
    at = MomentField()
    actor_id: str

    class Meta:
        """Table name and indexes."""

        table = "poll_vote"
        unique_together = (("poll_id", "actor", "slot"),)
        indexes = (("actor",),)
