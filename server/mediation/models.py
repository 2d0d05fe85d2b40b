"""Tables of mediations, which have no serializer: nothing of them is in an app, a message or what others export."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Mediation(Model):
    """Two people, and somebody who helps them. Each is asked after the one before agreed: first, other, mediator.

    `state`: ``asked``, ``running``, ``declined``, ``left`` (one of the two does not go on) or ``ended``; `outcome`:
    ``agreed``, ``partly`` or ``none``. `asker_id` asked for it, or reported something in a case that led to it.
    """

    id = id_field()
    state = fields.CharField(max_length=8, default="asked")
    asker: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "models.Actor", related_name="mediations_asked", on_delete=fields.CASCADE
    )
    other: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "models.Actor", related_name="mediations_with", on_delete=fields.CASCADE
    )
    mediator: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "models.Actor", related_name="mediations_led", on_delete=fields.CASCADE
    )
    asker_id: str
    other_id: str
    mediator_id: str
    post_id = fields.CharField(max_length=26, null=True)
    wish = fields.TextField(default="")
    asker_at: datetime | None = MomentField(null=True)
    other_at: datetime | None = MomentField(null=True)
    mediator_at: datetime | None = MomentField(null=True)
    outcome = fields.CharField(max_length=8, default="")
    result = fields.TextField(default="")
    created_at = MomentField()
    ended_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "mediation"
        indexes = (("asker", "id"), ("other", "id"), ("mediator", "id"))


class MediationWord(Model):
    """What one of the three says to the two others."""

    id = fields.BigIntField(primary_key=True)
    mediation: fields.ForeignKeyRelation[Mediation] = fields.ForeignKeyField(
        "models.Mediation", on_delete=fields.CASCADE
    )
    mediation_id: str
    by_id = fields.CharField(max_length=26)
    text = fields.TextField()
    at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "mediation_word"
        indexes = (("mediation", "id"),)
