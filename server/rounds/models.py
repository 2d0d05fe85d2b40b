"""Rounds in which everybody is heard, and whose turn it is."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Round(Model):
    """What a post of kind ``round`` asks for; `id` is the id of the post.

    `is_hidden`: nobody sees an answer of others before the round is closed. `closed_at`: since then answers stand
    together; `reason` is why its host closed it, empty where it closed by itself. `told_at`: of a round here, when
    others last heard how it stands; of one elsewhere, when we last heard.
    """

    id = id_field()
    is_hidden = fields.BooleanField(default=False)
    closed_at: datetime | None = MomentField(null=True)
    reason = fields.TextField(default="")
    told_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name."""

        table = "heard_round"


class Turn(Model):
    """Somebody who is asked in a round, by their ActivityPub id: they may be known here later, or never.

    `state`: ``waiting``, ``answered`` or ``passed``, said by them at `said_at`. Each is reminded once, at `nudged_at`.
    """

    id = fields.BigIntField(primary_key=True)
    round_id = fields.CharField(max_length=26)
    person_uri = fields.CharField(max_length=500)
    state = fields.CharField(max_length=8, default="waiting")
    said_at: datetime | None = MomentField(null=True)
    nudged_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "round_turn"
        unique_together = (("round_id", "person_uri"),)
        indexes = (("person_uri",),)
