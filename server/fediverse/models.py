"""Tables of the durable inbox and outbox."""

from tortoise import fields
from tortoise.models import Model

from server.db import JsonField, MomentField


class InboxReceipt(Model):
    """One authenticated inbound activity, stored before it is answered with 202, kept until pruned after processing.

    `outcome`: null while waiting, then ``done``, ``ignored``, ``refused`` or ``gave_up``; ``held`` until a steward lets
    it in (`let_in`, null again) or discards it (``refused``). `crashes`: how often a process died while it had it.
    """

    seq = fields.BigIntField(primary_key=True)
    activity_id = fields.CharField(max_length=500, unique=True)
    activity_type = fields.CharField(max_length=40)
    actor = fields.CharField(max_length=500)
    signer = fields.CharField(max_length=500)
    proven = fields.BooleanField(default=False)
    host = fields.CharField(max_length=255)
    body = fields.TextField()
    received_at = MomentField()
    outcome = fields.CharField(max_length=10, null=True)
    let_in = fields.BooleanField(default=False)
    reason = fields.TextField(null=True)
    attempts = fields.IntField(default=0)
    next_try_at = MomentField(null=True)
    lease_until = MomentField(null=True)
    leased_by = fields.BigIntField(null=True)
    crashes = fields.IntField(default=0)
    processed_at = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "inbox_receipt"
        indexes = (("outcome", "host", "seq"), ("received_at",), ("host", "received_at"))


class Outgoing(Model):
    """One activity to deliver: its bytes and its audience, written once however many servers it goes to.

    `inboxes` are addressed one by one; `followers_of` (an actor id) stands for every follower at the time of delivery;
    `dialects` (comma-separated, empty for all) limits it to hosts that speak one of them. `expires_at` is when it is
    not tried any more. `subject`, for a deletion, is the id of what is deleted, for a ban from a community that of the
    Block: every server's answer is then kept.
    `skip_host` is where it came from.
    """

    seq = fields.BigIntField(primary_key=True)
    activity_id = fields.CharField(max_length=500)
    sender = fields.CharField(max_length=500)
    followers_of = fields.CharField(max_length=500, null=True)
    inboxes = JsonField()
    dialects = fields.CharField(max_length=60, default="")
    body = fields.TextField()
    created_at = MomentField()
    expires_at = MomentField()
    spread_at = MomentField(null=True)
    subject = fields.CharField(max_length=500, null=True)
    skip_host = fields.CharField(max_length=255, null=True)

    class Meta:
        """Table name and indexes."""

        table = "outgoing"
        indexes = (("spread_at", "seq"), ("activity_id",), ("expires_at",))


class DeliveryReceipt(Model):
    """What became of one activity at one server: of every deletion, and of anything else that a server did not take.

    `state`: ``waiting``, ``accepted``, ``refused`` (the server said no), ``unreachable`` (we gave up) or ``withheld``
    (we do not talk to that server). `subject` is that of the activity.
    """

    id = fields.BigIntField(primary_key=True)
    seq = fields.BigIntField()
    host = fields.CharField(max_length=255)
    subject = fields.CharField(max_length=500, null=True)
    state = fields.CharField(max_length=12)
    detail = fields.CharField(max_length=500, default="")
    at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "delivery_receipt"
        unique_together = (("seq", "host"),)
        indexes = (("subject",), ("state", "at"), ("host", "at"))


class Erasure(Model):
    """An account that was deleted here: whom its report goes to, until it has been sent. Handles stay taken anyway."""

    uri = fields.CharField(max_length=500, primary_key=True)
    handle = fields.CharField(max_length=120)
    requested_at = MomentField()
    report_to = fields.CharField(max_length=254, null=True)
    reported_at = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "erasure"
        indexes = (("requested_at",),)


class SentActivity(Model):
    """An activity of ours that stays readable at its id (ActivityPub section 3.1, FEP-fe34 re-fetch)."""

    uri = fields.CharField(max_length=500, primary_key=True)
    body = fields.TextField()
    actor = fields.CharField(max_length=500, null=True)
    post_id = fields.CharField(max_length=26, null=True)
    is_public = fields.BooleanField(default=False)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "sent_activity"
        indexes = (("post_id",), ("actor",))


class Refused(Model):
    """One of the latest things that were refused; a few are kept for each server (see `fediverse.refusals`).

    `host` is empty where nobody we know is to blame. `is_certain`: we know that it was this server; otherwise somebody
    only said so.
    """

    seq = fields.BigIntField(primary_key=True)
    host = fields.CharField(max_length=255)
    at = MomentField()
    place = fields.CharField(max_length=10)
    word = fields.CharField(max_length=20)
    reason = fields.CharField(max_length=300)
    actor = fields.CharField(max_length=500)
    subject = fields.CharField(max_length=500)
    activity_type = fields.CharField(max_length=40)
    is_certain = fields.BooleanField(default=False)

    class Meta:
        """Table name and indexes."""

        table = "refused"
        indexes = (("host", "seq"), ("at",))


class RefusedCount(Model):
    """How often something was refused on one day (days since 1970), by server and by the word for the reason."""

    id = fields.BigIntField(primary_key=True)
    host = fields.CharField(max_length=255)
    day = fields.IntField()
    word = fields.CharField(max_length=20)
    times = fields.BigIntField()

    class Meta:
        """Table name and indexes."""

        table = "refused_count"
        unique_together = (("host", "day", "word"),)
        indexes = (("day",),)
