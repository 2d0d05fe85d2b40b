"""Reports of people who tried a practice, and the counts of practices that live elsewhere."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.db import JsonField, MomentField, id_field


class TriedReport(Model):
    """Somebody tried a practice; `id` is the id of the post that says so. Only such rows are counted.

    `version` is that of the practice. `outcome`, `subject`, `level`, `size`, `minutes` and `setting` are bands
    (`tries.bands`), the latter empty where nobody said. `steps` are the numbers of the steps that were changed,
    `changed` and `saw` one line each. `by_words`: read off a reply such as "#triedit worked", not sent as fields.
    `acknowledged_at`: when who wrote such a reply was told that it counts.
    """

    id = id_field()
    practice_id = fields.CharField(max_length=26)
    author_id = fields.CharField(max_length=26)
    version = fields.IntField()
    outcome = fields.CharField(max_length=20)
    subject = fields.CharField(max_length=16, default="")
    level = fields.CharField(max_length=16, default="")
    size = fields.CharField(max_length=8, default="")
    minutes = fields.CharField(max_length=8, default="")
    setting = fields.CharField(max_length=16, default="")
    steps: Any = JsonField(null=True)
    changed = fields.CharField(max_length=300, default="")
    saw = fields.CharField(max_length=300, default="")
    may_contact = fields.BooleanField(default=False)
    by_words = fields.BooleanField(default=False)
    acknowledged_at: datetime | None = MomentField(null=True)
    created_at: datetime = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "tried_report"
        unique_together = (("practice_id", "author_id", "version"),)
        indexes = (("practice_id", "created_at"), ("author_id", "created_at"))


class TriedPlace(Model):
    """How often a practice went so in such a place, as its reports or its own server say: what is looked for by place.

    Bands are those of `TriedReport`.
    """

    id = fields.BigIntField(primary_key=True)
    practice_id = fields.CharField(max_length=26)
    outcome = fields.CharField(max_length=20)
    subject = fields.CharField(max_length=16, default="")
    level = fields.CharField(max_length=16, default="")
    size = fields.CharField(max_length=8, default="")
    setting = fields.CharField(max_length=16, default="")
    number = fields.IntField()

    class Meta:
        """Table name and indexes."""

        table = "tried_place"
        indexes = (("practice_id",),)


class TriedTally(Model):
    """How often a practice was tried, as its own server last said; `id` is the id of the practice's post.

    `counts` is as in `tries.wire`. Of a practice here: what others were told last, and when. Of one elsewhere: what we
    heard, when its server said so (`at`), the version that it speaks of, and where its counts can be fetched.
    """

    id = id_field()
    counts: Any = JsonField(null=True)
    version = fields.IntField(default=1)
    address = fields.CharField(max_length=500, default="")
    at: datetime | None = MomentField(null=True)
    asked_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name."""

        table = "tried_tally"
