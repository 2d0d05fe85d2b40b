"""Lists of servers that others decided about: files that were imported, and lists that this server subscribes to."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class ServerList(Model):
    """A list of servers. `kind`: ``file`` (imported once), ``signed`` (published by another server), or ``csv`` (a file
    at an address, which nobody signed).

    `version` and `digest` are of what was read last. `applies`: what nobody here would notice has its effect without
    being looked at; only for signed ones. `trouble` is why it could not be read the last time, in one word.
    """

    id = id_field()
    kind = fields.CharField(max_length=8)
    address = fields.CharField(max_length=500, null=True, unique=True)
    host = fields.CharField(max_length=255, default="")
    name = fields.CharField(max_length=200)
    version = fields.BigIntField(default=0)
    digest = fields.CharField(max_length=64, default="")
    applies = fields.BooleanField(default=False)
    trouble = fields.CharField(max_length=12, default="")
    left_out = fields.IntField(default=0)
    valid_until: datetime | None = MomentField(null=True)
    fetched_at: datetime | None = MomentField(null=True)
    created_at = MomentField()

    class Meta:
        """Table name."""

        table = "server_list"


class ServerListItem(Model):
    """What a list says of one server, and what became of it here.

    `state`: ``new`` (an admin decides), ``taken``, ``skipped`` (an admin left it out), or ``gone`` (taken, and not in
    the list any more). `before` is the grade that the list had given, where it says another one now.
    """

    id = id_field()
    list: fields.ForeignKeyRelation[ServerList] = fields.ForeignKeyField("models.ServerList", on_delete=fields.CASCADE)
    host = fields.CharField(max_length=255)
    grade = fields.CharField(max_length=12)
    before = fields.CharField(max_length=12, default="")
    reason = fields.CharField(max_length=200, default="")
    state = fields.CharField(max_length=8)
    list_id: str

    class Meta:
        """Table name and indexes."""

        table = "server_list_item"
        unique_together = (("list", "host"),)
        indexes = (("list", "state"),)
