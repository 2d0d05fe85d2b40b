"""What apps sent, so that it is written once; and what is to be published later."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.db import JsonField, MomentField, id_field


class SentOnce(Model):
    """What became of something that an app sends with a key: whoever sends it again is given the same.

    `key` is the digest of what the app chose. One of `post_id` and `scheduled_id` is set.
    """

    id = id_field()
    actor: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    key = fields.CharField(max_length=64)
    post_id = fields.CharField(max_length=26, null=True)
    scheduled_id = fields.CharField(max_length=26, null=True)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "sent_once"
        unique_together = (("actor", "key"),)
        indexes = (("created_at",),)


class ScheduledNote(Model):
    """A post that is published later; `form` is what its author handed in, as JSON of `notes.form.NoteForm`.

    `problem`: why it could not be published when its time came; it stays, so that nothing is lost.
    """

    id = id_field()
    actor: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    actor_id: str
    form: Any = JsonField()
    scheduled_at: datetime = MomentField()
    created_at: datetime = MomentField()
    problem = fields.TextField(default="")

    class Meta:
        """Table name and indexes."""

        table = "scheduled_note"
        indexes = (("actor", "id"), ("scheduled_at",))
