"""What people agreed to, what they take along, how long things are kept, and what was asked about them."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.accounts.models import Account
from server.db import JsonField, MomentField, id_field


class Consent(Model):
    """Somebody agreed to one thing, or took that back. Rows are only ever added; the latest of a kind counts.

    `version` is that of the words they read (`consents.VERSIONS`). `place`: ``consents`` where they chose it on the
    page of that name, ``settings`` where they changed it elsewhere, also in an app.
    """

    id = id_field()
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", on_delete=fields.CASCADE)
    account_id: str
    kind = fields.CharField(max_length=12)
    given = fields.BooleanField()
    version = fields.IntField()
    place = fields.CharField(max_length=10)
    at: datetime = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "consent"
        indexes = (("account", "kind", "id"),)


class DataExport(Model):
    """An archive that is being made, or can be fetched for a few days.

    `kind`: ``own``, ``community``, or ``farewell`` of an account that is gone. `actor_id` is who may fetch it,
    `subject_id` what it is of: themselves, or a community. `token_hash`: whoever has the link of that may fetch it.
    `state`: ``waiting`` or ``ready``. `parts` are its files, as objects with `key`, `name` and `size_bytes`.
    """

    id = id_field()
    actor_id = fields.CharField(max_length=26)
    kind = fields.CharField(max_length=10)
    subject_id = fields.CharField(max_length=26)
    state = fields.CharField(max_length=8, default="waiting")
    parts: Any = JsonField(default=list)
    token_hash = fields.CharField(max_length=64, null=True, unique=True)
    created_at: datetime = MomentField()
    ready_at: datetime | None = MomentField(null=True)
    expires_at: datetime = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "data_export"
        indexes = (("actor_id", "id"), ("expires_at",))


class RetentionRule(Model):
    """How many days an admin lets one kind of thing be kept; without a row the usual number holds. 0: for good."""

    key = fields.CharField(max_length=20, primary_key=True)
    days = fields.IntField()
    changed_at: datetime = MomentField()

    class Meta:
        """Table name."""

        table = "retention_rule"


class RetentionRun(Model):
    """So many of a kind were deleted in one round, because they were older than `days`."""

    id = id_field()
    key = fields.CharField(max_length=20)
    days = fields.IntField()
    removed = fields.IntField()
    at: datetime = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "retention_run"
        indexes = (("at",),)


class InactiveNotice(Model):
    """Somebody who was away for long was told that their account will end. `stage`: 1, and 2 for the last time."""

    id = id_field()
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", on_delete=fields.CASCADE)
    account_id: str
    stage = fields.IntField()
    at: datetime = MomentField()

    class Meta:
        """Table name and keys."""

        table = "inactive_notice"
        unique_together = (("account", "stage"),)


class DataRequest(Model):
    """Somebody asked about data of theirs, by letter, mail or on behalf of another; admins answer within thirty days.

    `kind`: ``access``, ``copy``, ``correct``, ``erase`` or ``object``. `state`: ``open`` or ``closed``; `outcome`:
    ``done``, ``refused`` or ``withdrawn``, with the `reason`.
    """

    id = id_field()
    kind = fields.CharField(max_length=10)
    who = fields.CharField(max_length=300)
    came_by = fields.CharField(max_length=100, default="")
    note = fields.TextField(default="")
    state = fields.CharField(max_length=8, default="open")
    outcome = fields.CharField(max_length=10, default="")
    reason = fields.TextField(default="")
    received_at: datetime = MomentField()
    due_at: datetime = MomentField()
    created_at: datetime = MomentField()
    closed_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "data_request"
        indexes = (("state", "due_at"), ("closed_at",))


class GlassRequest(Model):
    """Somebody with access to the machine wants to read what only one person can read, with another admin’s consent.

    `by_id` is the admin in whose name it is asked, `confirmed_by_id` the other one. `withheld`: the law that forbids to
    tell the person, in words; empty where they are told. `state`: ``asked``, ``confirmed``, ``refused`` or ``read``.
    """

    id = id_field()
    by_id = fields.CharField(max_length=26)
    person_id = fields.CharField(max_length=26)
    reason = fields.TextField()
    withheld = fields.TextField(default="")
    state = fields.CharField(max_length=10, default="asked")
    confirmed_by_id = fields.CharField(max_length=26, null=True)
    created_at: datetime = MomentField()
    confirmed_at: datetime | None = MomentField(null=True)
    read_at: datetime | None = MomentField(null=True)
    expires_at: datetime = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "glass_request"
        indexes = (("state", "expires_at"), ("person_id",))
