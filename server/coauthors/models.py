"""Who writes a practice with its author, and changes on their way to its home."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.db import JsonField, MomentField, id_field


class Coauthor(Model):
    """Somebody was asked to write a practice together. `state`: ``invited``, ``active``, ``declined``, or ended:
    ``left`` (they went) or ``removed`` (the author, or a block, ended it).

    It stands at the home of the practice, and at the server of whoever was asked, each with its own ids. `uri` is the
    id of the latest `Invite`, which every answer names. `wrote`: a change of theirs was taken, so they stay named when
    others remove them.
    """

    id = id_field()
    uri = fields.CharField(max_length=500, unique=True)
    post_id = fields.CharField(max_length=26)
    person_id = fields.CharField(max_length=26)
    state = fields.CharField(max_length=8, default="invited")
    wrote = fields.BooleanField(default=False)
    created_at = MomentField()
    answered_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "coauthor"
        unique_together = (("post_id", "person_id"),)
        indexes = (("person_id",),)


class CoauthorEdit(Model):
    """A co-author's change, on its way home or answered. `state`: ``waiting``, ``taken`` or ``refused``.

    `uri` is the id of its `Offer`. `base` is a digest of the version that they changed, `form` what they want it to
    say: kept where it was written until it is taken, and at home until it is answered.
    """

    id = id_field()
    uri = fields.CharField(max_length=500, unique=True)
    post_id = fields.CharField(max_length=26)
    person_id = fields.CharField(max_length=26)
    base = fields.CharField(max_length=64)
    form = JsonField(null=True)
    note = fields.CharField(max_length=300, default="")
    state = fields.CharField(max_length=8, default="waiting")
    reason = fields.CharField(max_length=500, default="")
    created_at = MomentField()
    answered_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "coauthor_edit"
        indexes = (("post_id", "person_id", "id"),)
