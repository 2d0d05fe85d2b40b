"""Who takes turns in a community, who has which role in a meeting, and who is new."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.actors.models import Actor
from server.db import JsonField, MomentField, id_field


class Rotation(Model):
    """Whether roles go round by themselves when a meeting is announced; `id` is the id of the community (A12)."""

    id = id_field()
    goes_round = fields.BooleanField(default=False)

    class Meta:
        """Table name."""

        table = "hosting_rotation"


class TakesTurns(Model):
    """A member who said that they take roles (`hosts`), or greet newcomers (`greets`); nobody is asked otherwise."""

    id = id_field()
    community_id = fields.CharField(max_length=26)
    person: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="takes_turns", on_delete=fields.CASCADE
    )
    person_id: str
    hosts = fields.BooleanField(default=False)
    greets = fields.BooleanField(default=False)
    at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "hosting_turns"
        unique_together = (("community_id", "person"),)
        indexes = (("person",),)


class MeetingRole(Model):
    """Somebody has a role (`policy.ROLES`) in an event of a community."""

    id = id_field()
    event_id = fields.CharField(max_length=26)
    community_id = fields.CharField(max_length=26)
    role = fields.CharField(max_length=10)
    person: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="meeting_roles", on_delete=fields.CASCADE
    )
    person_id: str
    at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "meeting_role"
        unique_together = (("event_id", "role"),)
        indexes = (("person",), ("community_id", "role", "event_id"))


class Newcomer(Model):
    """Somebody who joined a community here, who greets them, and where they introduced themselves (A14).

    `nudged_at`: when those who look after the community were told that nobody has answered them; once.
    """

    id = id_field()
    community_id = fields.CharField(max_length=26)
    person: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="new_in", on_delete=fields.CASCADE
    )
    person_id: str
    greeter_id = fields.CharField(max_length=26, null=True)
    intro_id = fields.CharField(max_length=26, null=True)
    joined_at: datetime = MomentField()
    nudged_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "newcomer"
        unique_together = (("community_id", "person"),)
        indexes = (("person",), ("greeter_id",))


class Prompt(Model):
    """A question to begin with that is not asked yet: a draft of those who look after a community."""

    id = id_field()
    community_id = fields.CharField(max_length=26)
    position = fields.IntField()
    text = fields.CharField(max_length=150)

    class Meta:
        """Table name and indexes."""

        table = "community_prompt"
        unique_together = (("community_id", "position"),)


class Term(Model):
    """A term of a community that is over. `goals` are its goals, and what was to be there for them."""

    id = id_field()
    community_id = fields.CharField(max_length=26)
    number = fields.IntField()
    first_day = fields.CharField(max_length=10)
    last_day = fields.CharField(max_length=10)
    reached = fields.TextField()
    charter_version = fields.IntField()
    members = fields.IntField()
    goals: Any = JsonField()
    ended_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "community_term"
        unique_together = (("community_id", "number"),)
