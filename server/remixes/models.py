"""What a practice is based on."""

from tortoise import fields
from tortoise.models import Model

from server.db import JsonField, id_field


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
