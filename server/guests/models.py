"""Tables of guests, and of what other servers know us by."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.actors.models import Actor
from server.db import MomentField, id_field


class GuestApp(Model):
    """What a server calls us, as every app of the Mastodon API is called."""

    id = id_field()
    host = fields.CharField(max_length=255, unique=True)
    client_id = fields.CharField(max_length=500)
    secret_sealed = fields.TextField()
    created_at = MomentField()

    class Meta:
        """Table name."""

        table = "guest_app"


class GuestPass(Model):
    """A browser that stands for a person of another server, for some hours. Only the hash of its key is kept.

    `token_sealed` is what their server lets us do for them: to answer in their name.
    """

    id = id_field()
    key_hash = fields.CharField(max_length=64, unique=True)
    person: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    person_id: str
    token_sealed = fields.TextField()
    created_at = MomentField()
    ends_at: datetime = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "guest_pass"
        indexes = (("ends_at",), ("person",))
