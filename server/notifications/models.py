"""Notifications, grouped by the thing they are about."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Notification(Model):
    """Something a local person should know. `kind`: ``follow``, ``follow_request``, ``reply``, ``mention``,
    ``asked`` (a question that is needed today), ``discussant`` (they are asked to discuss in a seminar),
    ``round`` (asks them, or waits for them still), ``round_closed``,
    ``tried`` (a practice of theirs), ``revise`` (several people did: what would they change?), ``revised`` (there is
    a new version of a practice that they tried), ``like``, ``boost``,
    ``published`` (by somebody of whom they want to hear that), ``helped``, ``joined``, ``applied``,
    ``accepted``, ``declined``, ``held``, ``removed``, ``refused``, ``quote``, ``remix`` (of a practice of theirs),
    ``offer`` (of a change to one), ``offer_taken`` (of a change of theirs),
    ``coauthor`` (asked to write a practice together), ``coauthor_yes`` (somebody they asked does), ``coedited``
    (somebody changed it with them), ``edit_refused`` (a change of theirs, by its home),
    ``invited`` (to a community), ``moved`` (somebody they follow, to the account of `actor_id`), ``asks_in`` (wants to
    join this server), ``poll_ended`` (which they wrote or voted in), ``event_yes`` or ``event_no`` (whether they can
    take part), ``prepare`` (an event that they take part in begins in two days), ``together`` (trying something
    together is over),
    ``report`` (somebody reported something), ``unsafe`` (a child may be), ``late`` (nobody has looked at a report),
    ``report_done`` (to who wrote one), ``ruling`` (something was decided about them), ``appeal`` (somebody objects to
    that), ``appeal_done`` (to who did), ``mediation`` (something is new in one of theirs), ``warning``,
    ``ban`` or ``cut_off`` (from a server that an admin blocked).

    `thing` is what it is about and grouped by: ``p:`` and the id of a conversation's first post, ``c:`` and the id of a
    community, ``people``, ``care`` (reports and what stewards say), or ``site``. `post_id` is the post in question
    itself, `actor_id` who caused it. It was mailed by itself at `mailed_at`, or together with others at `bundled_at`.
    """

    id = id_field()
    reader_id = fields.CharField(max_length=26)
    kind = fields.CharField(max_length=16)
    thing = fields.CharField(max_length=28)
    actor_id = fields.CharField(max_length=26, null=True)
    post_id = fields.CharField(max_length=26, null=True)
    community_id = fields.CharField(max_length=26, null=True)
    unique_key = fields.CharField(max_length=120, unique=True)
    at = MomentField()
    read_at = MomentField(null=True)
    mailed_at = MomentField(null=True)
    bundled_at = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "notification"
        indexes = (
            ("reader_id", "at"),
            ("reader_id", "read_at"),
            ("reader_id", "thing", "at"),
            ("reader_id", "kind", "id"),
            ("post_id",),
            ("actor_id", "reader_id", "id"),
        )


class NotificationSetting(Model):
    """What somebody chose; without a row the defaults hold.

    `tiers` says by topic how soon news is mailed, as JSON, where it is not as `tiers.DEFAULTS` has it. There is no mail
    from `quiet_since` until `quiet_until`, hours of their own day, nor before `paused_until`.
    """

    reader_id = fields.CharField(max_length=26, primary_key=True)
    mail_now = fields.BooleanField(default=True)
    tiers = fields.TextField(null=True)
    quiet_since = fields.IntField(null=True)
    quiet_until = fields.IntField(null=True)
    paused_until: datetime | None = MomentField(null=True)

    class Meta:
        """Table name."""

        table = "notification_setting"


class SpaceTier(Model):
    """How soon somebody wants to hear by mail of what happens in a community; without a row, as of everything else."""

    id = id_field()
    reader_id = fields.CharField(max_length=26)
    community_id = fields.CharField(max_length=26)
    tier = fields.CharField(max_length=8)

    class Meta:
        """Table name, keys and indexes."""

        table = "space_tier"
        unique_together = (("reader_id", "community_id"),)
        indexes = (("community_id", "tier"),)


class ReadingMarker(Model):
    """How far somebody has read a list: ``home`` or ``notifications``. `last_read` are the digits that apps know."""

    id = fields.BigIntField(primary_key=True)
    reader_id = fields.CharField(max_length=26)
    timeline = fields.CharField(max_length=16)
    last_read = fields.BigIntField()
    version = fields.IntField()
    updated_at = MomentField()

    class Meta:
        """Table name and keys."""

        table = "reading_marker"
        unique_together = (("reader_id", "timeline"),)
