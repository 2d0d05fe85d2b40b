"""Events: what their posts say in fields, and who takes part."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.db import JsonField, MomentField, id_field


class EventFacts(Model):
    """When and where a post of kind ``session`` is, and how to take part; `id` is the id of the post.

    Empty texts and nulls: nobody said. `timezone` is the zone of the place. `links` are places online, as objects with
    `name` and `url`. `join_mode`: ``free`` (whoever wants), ``restricted`` (somebody agrees), ``external`` (at
    `join_url`) or ``invite``. `participants` is what the event's own server says, here a count of rows. `status`:
    ``confirmed``, ``tentative``, ``cancelled`` or ``postponed``. `answered_by` are the ids of the actors who answer for
    an event elsewhere: its author, and a group that it was published for. `told_at`: when the number of participants of
    an event here was last sent.

    `format` is ``seminar`` or empty; `agenda` are the ids of questions asked in advance, in the order that whoever
    announced it gave them. `recap` is what came of it, since `recap_at`; until `answers_until` the conversation goes
    on, and whoever was not there and answers took part later. `reminded_for` is the beginning that people here who
    take part were last reminded of.
    """

    id = id_field()
    starts_at: datetime | None = MomentField(null=True)
    ends_at: datetime | None = MomentField(null=True)
    timezone = fields.CharField(max_length=60, default="")
    place = fields.CharField(max_length=500, default="")
    place_url = fields.CharField(max_length=1000, default="")
    links: Any = JsonField(null=True)
    join_mode = fields.CharField(max_length=10, default="")
    join_url = fields.CharField(max_length=1000, default="")
    capacity = fields.IntField(null=True)
    participants = fields.IntField(null=True)
    status = fields.CharField(max_length=10, default="confirmed")
    categories = fields.CharField(max_length=520, default="")
    tickets_url = fields.CharField(max_length=1000, default="")
    fee = fields.CharField(max_length=60, default="")
    answered_by: Any = JsonField(null=True)
    told_at: datetime | None = MomentField(null=True)
    reminded_for: datetime | None = MomentField(null=True)
    format = fields.CharField(max_length=10, default="")
    agenda: Any = JsonField(null=True)
    recap = fields.TextField(default="")
    recap_at: datetime | None = MomentField(null=True)
    answers_until: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "event_facts"
        indexes = (("starts_at",),)


class Participation(Model):
    """Somebody takes part in an event, or asked to. Nobody is shown who: only how many.

    `uri` is the Join. `state`: ``asked`` (of an event elsewhere that has not answered), ``going``, ``refused``, or
    ``later``: they were not there, read what came of it and answered in time. Then `uri` leads nowhere.
    """

    id = id_field()
    event_id = fields.CharField(max_length=26)
    actor: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    uri = fields.CharField(max_length=500, unique=True)
    state = fields.CharField(max_length=8)
    at = MomentField()
    actor_id: str

    class Meta:
        """Table name and indexes."""

        table = "event_participation"
        unique_together = (("event_id", "actor"),)
        indexes = (("actor",),)


class PackItem(Model):
    """Something to read before an event, in its order: a post by its ActivityPub id (`uri`), or any page (`uri` empty).

    `url` and `title` are what the event says of it; `minutes` is how long reading it takes.
    """

    id = id_field()
    event_id = fields.CharField(max_length=26)
    position = fields.IntField()
    uri = fields.CharField(max_length=500, default="")
    url = fields.CharField(max_length=500)
    title = fields.CharField(max_length=200)
    minutes = fields.IntField()

    class Meta:
        """Table name and indexes."""

        table = "event_pack_item"
        unique_together = (("event_id", "position"),)
        indexes = (("uri",),)


class PackRead(Model):
    """Somebody has read something of what an event asks for, by its address. Nobody else ever learns of it."""

    id = id_field()
    event_id = fields.CharField(max_length=26)
    person_id = fields.CharField(max_length=26)
    url = fields.CharField(max_length=500)
    at: datetime = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "event_pack_read"
        unique_together = (("event_id", "person_id", "url"),)
        indexes = (("person_id",),)


class Discussant(Model):
    """Somebody who is asked to discuss in a seminar, by their ActivityPub id. `state`: ``asked``, ``yes`` or ``no``.

    Others see only who said yes; of a seminar elsewhere nobody else is known here. `name` and `url` are what it said of
    them, for those whom this server does not know.
    """

    id = id_field()
    event_id = fields.CharField(max_length=26)
    person_uri = fields.CharField(max_length=500)
    name = fields.CharField(max_length=200, default="")
    url = fields.CharField(max_length=500, default="")
    state = fields.CharField(max_length=5)
    at: datetime = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "event_discussant"
        unique_together = (("event_id", "person_uri"),)
        indexes = (("person_uri",),)
