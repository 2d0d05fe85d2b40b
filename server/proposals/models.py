"""Proposals and what members think of them."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.actors.models import Actor
from server.db import JsonField, MomentField, id_field


class Proposal(Model):
    """What a post of kind ``proposal`` of ours would change; `id` is the id of the post.

    `about`: ``charter`` or ``guidelines``. `changes` are what each part was and would be, by its name; the one
    part of guidelines is their whole text. `why` is what would be better. `state`: ``open``, ``adopted``, ``declined``
    or ``withdrawn``. The counts, `note` and `decided_by_id` are those of the moment when it was decided; `version` is
    the one that it led to.
    """

    id = id_field()
    community_id = fields.CharField(max_length=26)
    about = fields.CharField(max_length=10)
    changes: Any = JsonField()
    why = fields.TextField()
    state = fields.CharField(max_length=10, default="open")
    agree = fields.IntField(default=0)
    concern = fields.IntField(default=0)
    change = fields.IntField(default=0)
    note = fields.TextField(default="")
    decided_by_id = fields.CharField(max_length=26, null=True)
    decided_at = MomentField(null=True)
    version = fields.IntField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "proposal"
        indexes = (("community_id", "id"),)


class Opinion(Model):
    """What a member thinks of a proposal: ``agree``, ``concern`` or ``change``, said in the post `reply_id`."""

    id = id_field()
    proposal_id = fields.CharField(max_length=26)
    person: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="opinions", on_delete=fields.CASCADE
    )
    person_id: str
    answer = fields.CharField(max_length=7)
    reply_id = fields.CharField(max_length=26)
    at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "proposal_opinion"
        unique_together = (("proposal_id", "person"),)
        indexes = (("reply_id",), ("person",))
