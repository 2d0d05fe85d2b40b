"""What people said they need, who may be asked today, and what was asked of whom. Only numbers leave this server."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class NeedsCard(Model):
    """Two answers beside those of the account, and choices; `id` is that of the actor.

    `answered_at` is when all five were looked at last. `may_be_asked`: others may ask them today. `no_picks`: no
    practices are suggested to them.
    """

    id = id_field()
    would_learn = fields.TextField(default="")
    works_with = fields.TextField(default="")
    answered_at: datetime | None = MomentField(null=True)
    may_be_asked = fields.BooleanField(default=False)
    no_picks = fields.BooleanField(default=False)

    class Meta:
        """Table name."""

        table = "needs_card"


class NeedToday(Model):
    """A question that is needed today, from here or from a server of the network; `id` is the id of its post.

    `asked` people of this server were told; None: not yet sought.
    """

    id = id_field()
    author_id = fields.CharField(max_length=26)
    at = MomentField()
    asked = fields.IntField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "need_today"
        indexes = (("author_id", "at"),)


class NeedOffer(Model):
    """A server of the network was asked to tell at most so many of its people, its `seats`, of a question from here.

    `told` is how many it told, by its own word; None: it has not answered, and may tell all of them yet.
    """

    id = id_field()
    ask_id = fields.CharField(max_length=26)
    host = fields.CharField(max_length=255)
    seats = fields.IntField()
    told = fields.IntField(null=True)
    at = MomentField()

    class Meta:
        """Table name and keys."""

        table = "need_offer"
        unique_together = (("ask_id", "host"),)


class AskedToday(Model):
    """Somebody was asked on this day, counted as in the calendar: nobody is asked twice."""

    id = id_field()
    person_id = fields.CharField(max_length=26)
    day = fields.IntField()
    at = MomentField()

    class Meta:
        """Table name and keys."""

        table = "asked_today"
        unique_together = (("person_id", "day"),)


class PassedPick(Model):
    """A practice that somebody does not want suggested again."""

    id = id_field()
    person_id = fields.CharField(max_length=26)
    post_id = fields.CharField(max_length=26)
    at = MomentField()

    class Meta:
        """Table name and keys."""

        table = "passed_pick"
        unique_together = (("person_id", "post_id"),)
