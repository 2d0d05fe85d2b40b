"""The weekly mail: when it is due for whom, what was prepared, and what was suggested."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class DigestPlan(Model):
    """When somebody gets their next mail. `day`: Monday is 0, -1 is never. `due_at` is null for never.

    Without `is_chosen` the day is that of a community of theirs, or what is usual.

    `last_at`: when the last one was prepared, or was left out because there was nothing to say.
    """

    reader_id = fields.CharField(max_length=26, primary_key=True)
    day = fields.IntField()
    is_chosen = fields.BooleanField(default=False)
    due_at: datetime | None = MomentField(null=True)
    last_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "digest_plan"
        indexes = (("due_at", "reader_id"),)


class DigestMail(Model):
    """One mail for one person. `state`: ``waiting``, ``sent``, or ``dropped`` (they should get none any more).

    `content` is what it says, as JSON, and empty from the moment it is on its way.
    """

    id = id_field()
    reader_id = fields.CharField(max_length=26)
    run_id = fields.CharField(max_length=26)
    due_at = MomentField()
    content = fields.TextField()
    state = fields.CharField(max_length=8)
    sent_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "digest_mail"
        unique_together = (("reader_id", "due_at"),)
        indexes = (("run_id", "state"),)


class DigestRun(Model):
    """One time that mails were prepared: of `people`, so many got one, and for so many there was nothing to say."""

    id = id_field()
    people = fields.IntField()
    mails = fields.IntField()
    silent = fields.IntField()
    begun_at = MomentField()
    ended_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name."""

        table = "digest_run"


class DigestSuggestion(Model):
    """A practice that was suggested to somebody: not again within eight weeks (O4)."""

    id = id_field()
    reader_id = fields.CharField(max_length=26)
    post_id = fields.CharField(max_length=26)
    at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "digest_suggestion"
        indexes = (("reader_id", "at"), ("at",))
