"""Home timelines and lists, written when a post arrives so that reading one is a single range of an index."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class TimelineEntry(Model):
    """One post in one local person's home timeline. `via_id` is the actor whose boost brought it, if one did."""

    id = fields.BigIntField(primary_key=True)
    reader_id = fields.CharField(max_length=26)
    post_id = fields.CharField(max_length=26)
    via_id = fields.CharField(max_length=26, null=True)
    at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "timeline_entry"
        unique_together = (("reader_id", "post_id"),)
        indexes = (("reader_id", "at", "post_id"), ("post_id",))


class PeopleList(Model):
    """Some of those whom somebody follows, read apart from the others.

    `replies_policy`: answers to whomever they follow (``followed``), to others in the list (``list``), or none
    (``none``). `is_exclusive`: who is in it does not come into the home timeline.
    """

    id = id_field()
    owner: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    owner_id: str
    title = fields.CharField(max_length=100)
    replies_policy = fields.CharField(max_length=8, default="list")
    is_exclusive = fields.BooleanField(default=False)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "people_list"
        indexes = (("owner", "id"),)


class ListMember(Model):
    """Somebody is in a list."""

    id = id_field()
    list: fields.ForeignKeyRelation[PeopleList] = fields.ForeignKeyField(
        "models.PeopleList", related_name="members", on_delete=fields.CASCADE
    )
    list_id: str
    member: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    member_id: str

    class Meta:
        """Table name and indexes."""

        table = "list_member"
        unique_together = (("list", "member"),)
        indexes = (("member", "list"), ("list", "id"))


class ListEntry(Model):
    """One post in one list, as a `TimelineEntry` is in a home timeline."""

    id = fields.BigIntField(primary_key=True)
    list_id = fields.CharField(max_length=26)
    post_id = fields.CharField(max_length=26)
    via_id = fields.CharField(max_length=26, null=True)
    at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "list_entry"
        unique_together = (("list_id", "post_id"),)
        indexes = (("list_id", "at", "post_id"), ("post_id",))
