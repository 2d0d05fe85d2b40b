"""How safe it feels to say something in a community: when members were asked, how many chose what, who has answered.

No answer is kept as one: it is added to the counts, and all that is left of it besides is that somebody has answered,
for as long as others still may.
"""

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Pulse(Model):
    """Members of a community were asked. `answered`: how many have."""

    id = id_field()
    community_id = fields.CharField(max_length=26)
    answered = fields.IntField(default=0)
    opened_at = MomentField()
    closes_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "pulse"
        indexes = (("community_id", "closes_at"),)


class PulseCount(Model):
    """So many chose one of five answers to one of the sentences."""

    id = id_field()
    pulse_id = fields.CharField(max_length=26)
    item = fields.IntField()
    choice = fields.IntField()
    times = fields.IntField(default=0)

    class Meta:
        """Table name and what there is one of."""

        table = "pulse_count"
        unique_together = (("pulse_id", "item", "choice"),)


class PulseAnswered(Model):
    """Somebody has answered one that is still open, so that nobody answers twice; gone when it closes."""

    id = id_field()
    pulse_id = fields.CharField(max_length=26)
    person_id = fields.CharField(max_length=26)

    class Meta:
        """Table name and what there is one of."""

        table = "pulse_answered"
        unique_together = (("pulse_id", "person_id"),)
