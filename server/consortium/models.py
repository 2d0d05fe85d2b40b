"""Networks of organisations: those that are hosted here, those that this server is in, and who is in them."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.db import JsonField, MomentField, id_field


class Consortium(Model):
    """A network of organisations that trust each other, as its host says or as we know it from there.

    `state`: ``hosted`` or ``closed`` where it is ours; elsewhere ``asked``, ``member``, ``refused``, ``left`` or
    ``removed``: what we are there. `version` counts the changes of the list; `digest` is of what it said in that
    version. `trouble` is why the list could not be taken over the last time, in one word: one of
    `federation.errors.WORDS` or `policy.TROUBLES`, or nothing. `look_first`: an admin looks at what changed before it
    has an effect. `tells_numbers`: an admin agreed to tell the host what `numbers` counts. `changes` are the latest
    ones, newest first.
    """

    id = id_field()
    uri = fields.CharField(max_length=500, unique=True)
    slug = fields.CharField(max_length=80, unique=True)
    host = fields.CharField(max_length=255)
    url = fields.CharField(max_length=1000)
    state = fields.CharField(max_length=10)
    name = fields.CharField(max_length=120)
    purpose = fields.TextField(default="")
    guidelines = fields.TextField(default="")
    version = fields.BigIntField(default=1)
    digest = fields.CharField(max_length=64, default="")
    join_uri = fields.CharField(max_length=500, null=True)
    reason = fields.TextField(default="")
    look_first = fields.BooleanField(default=False)
    tells_numbers = fields.BooleanField(default=False)
    trouble = fields.CharField(max_length=12, default="")
    changes: Any = JsonField(default=list)
    valid_until: datetime | None = MomentField(null=True)
    fetched_at: datetime | None = MomentField(null=True)
    created_at = MomentField()
    changed_at = MomentField()

    class Meta:
        """Table name."""

        table = "consortium"

    @property
    def is_ours(self) -> bool:
        """Whether this server hosts it."""
        return self.state in {"hosted", "closed"}


class ConsortiumMember(Model):
    """A server in a network, or one that asked to be; `uri` is the id of its instance actor.

    `state`: ``expected`` (an admin here wants it to be able to ask), ``asked``, ``member``, ``refused``, ``left``,
    ``removed``; in networks of others only ``member``, and ``removed`` until that was taken over. `applied`: we act on
    it being a member.
    """

    id = id_field()
    consortium: fields.ForeignKeyRelation[Consortium] = fields.ForeignKeyField(
        "models.Consortium", on_delete=fields.CASCADE
    )
    uri = fields.CharField(max_length=500)
    host = fields.CharField(max_length=255)
    name = fields.CharField(max_length=200)
    state = fields.CharField(max_length=10)
    applied = fields.BooleanField(default=False)
    join_uri = fields.CharField(max_length=500, null=True)
    message = fields.TextField(default="")
    reason = fields.TextField(default="")
    created_at = MomentField()
    changed_at = MomentField()
    consortium_id: str

    class Meta:
        """Table name and indexes."""

        table = "consortium_member"
        unique_together = (("consortium", "uri"),)


class ConsortiumReport(Model):
    """What a member told of a quarter (``2026-Q3``), suppressed and rounded at home; also what we told ourselves."""

    id = id_field()
    consortium: fields.ForeignKeyRelation[Consortium] = fields.ForeignKeyField(
        "models.Consortium", on_delete=fields.CASCADE
    )
    host = fields.CharField(max_length=255)
    quarter = fields.CharField(max_length=7)
    numbers: Any = JsonField(null=True)
    created_at = MomentField()
    consortium_id: str

    class Meta:
        """Table name and indexes."""

        table = "consortium_report"
        unique_together = (("consortium", "host", "quarter"),)
