"""Ideas: who would host one, and the event that came of it."""

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field

IS_THERE = {"deleted_at": None, "suspended_at": None}
"""Of an actor that hosts: who is gone hosts nothing, and somebody else can."""


class Idea(Model):
    """What became of an idea, beside what its post says; `id` is the id of the post.

    `host_uri` and `session_uri` are ActivityPub ids, which may be known here later, or never; None: nobody and nothing
    yet. Who is interested likes the post.
    """

    id = id_field()
    host_uri = fields.CharField(max_length=500, null=True)
    session_uri = fields.CharField(max_length=500, null=True)
    changed_at = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "idea"
        indexes = (("session_uri",),)
