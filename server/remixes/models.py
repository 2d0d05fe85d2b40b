"""What a practice is based on, and changes that went back to where they came from."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.db import JsonField, MomentField, id_field


class Remix(Model):
    """A practice that was made out of another one; `id` is the id of its post, a draft's too.

    `source_uri` is the id of what it is based on, which need not be here. `lineage` names all that it came from, the
    nearest first, as it was then: dictionaries of `remixes.wire.FIELDS`. `root_uri` is the id of the first of all, by
    which a whole tree is found.
    """

    id = id_field()
    source_uri = fields.CharField(max_length=500)
    root_uri = fields.CharField(max_length=500)
    what_changed = fields.TextField(default="")
    why = fields.TextField(default="")
    lineage = JsonField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "remix"
        indexes = (("source_uri", "id"), ("root_uri", "id"))


class RemixOffer(Model):
    """A remixer offers their change to the author of the source. `state`: ``open``, ``taken``,
    ``declined``, or ``back``: who offered it took that back.

    `remix_id` and `source_id` are posts as they are known here, of which one at least is from here; `uri` is the id of
    the activity that said so.
    """

    id = id_field()
    uri = fields.CharField(max_length=500, unique=True)
    remix_id = fields.CharField(max_length=26)
    source_id = fields.CharField(max_length=26)
    by_id = fields.CharField(max_length=26)
    note = fields.TextField(default="")
    state = fields.CharField(max_length=8, default="open")
    created_at = MomentField()
    answered_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "remix_offer"
        unique_together = (("remix_id", "source_id"),)
        indexes = (("source_id",), ("by_id",))


class RemixCredit(Model):
    """Whom a practice thanks for changes that it took back; `id` is the id of its post. `thanks` is as a lineage."""

    id = id_field()
    thanks = JsonField(null=True)

    class Meta:
        """Table name."""

        table = "remix_credit"
