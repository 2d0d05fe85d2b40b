"""Tables about the other servers we know."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Peer(Model):
    """One other server: our policy towards it, how to talk to it, and how far it has got with our deliveries.

    `grade`: ``trusted``, ``normal``, ``held``, ``limited``, ``no_media`` or ``blocked`` (product/safety 5.7).
    `graded_at` is null until an admin chose the grade; `previous_grade` is what undoing the last choice brings back.
    `note` is why, for admins, `public_note` for everybody; `list_id` is the list of others that says so.
    `dialect`: ``unknown``, ``threadiverse`` or ``microblog``. `cursor_seq` and `wanted_seq` are positions in
    `outgoing`: everything up to the first was delivered, everything up to the second is to be.

    What the dialect follows from: `group_seen_at` is when the server last did what only servers with communities do,
    `software_at` when its NodeInfo was last read; what was seen before `evidence_from` was other software. Of these
    `dialect_basis` says which decided: ``says``, ``does``, ``software``, or nothing.
    """

    host = fields.CharField(max_length=255, primary_key=True)
    grade = fields.CharField(max_length=12, default="normal")
    previous_grade = fields.CharField(max_length=12, null=True)
    graded_at: datetime | None = MomentField(null=True)
    note = fields.TextField(default="")
    public_note = fields.CharField(max_length=200, default="")
    list_id = fields.CharField(max_length=26, null=True)
    software = fields.CharField(max_length=60, default="")
    dialect = fields.CharField(max_length=12, default="unknown")
    signature_scheme = fields.CharField(max_length=12, null=True)
    first_seen_at = MomentField()
    last_seen_at: datetime | None = MomentField(null=True)
    cursor_seq = fields.BigIntField(default=0)
    wanted_seq = fields.BigIntField(default=0)
    attempts = fields.IntField(default=0)
    next_try_at: datetime | None = MomentField(null=True)
    failing_since: datetime | None = MomentField(null=True)
    last_success_at: datetime | None = MomentField(null=True)
    last_error = fields.TextField(null=True)
    lease_until: datetime | None = MomentField(null=True)
    leased_by = fields.BigIntField(null=True)
    paused = fields.BooleanField(default=False)
    group_seen_at: datetime | None = MomentField(null=True)
    software_at: datetime | None = MomentField(null=True)
    evidence_from: datetime | None = MomentField(null=True)
    dialect_basis = fields.CharField(max_length=10, default="")

    class Meta:
        """Table name and indexes."""

        table = "peer"
        indexes = (("next_try_at",),)


class PeerVouch(Model):
    """A network vouches for a server: as ``member``, or because it has to be ``met`` before it can be one.

    ``parted`` is no vouch: it was a member, and what it left here is kept out of sight.

    `network` is the id of the network, or of whatever else wants it; a grade that an admin gave outweighs this.
    """

    id = id_field()
    network = fields.CharField(max_length=500)
    host = fields.CharField(max_length=255)
    vouch = fields.CharField(max_length=10)

    class Meta:
        """Table name and indexes."""

        table = "peer_vouch"
        unique_together = (("network", "host"),)


class PeerChoice(Model):
    """What an admin chose in the browser about all other servers: ``mode``, ``window``, what they were ``before``,
    what is ``publish``ed of the grades, and in which ``version`` these are. Without a row what the settings say holds.
    """

    name = fields.CharField(max_length=20, primary_key=True)
    value = fields.CharField(max_length=200)
    changed_at = MomentField()

    class Meta:
        """Table name."""

        table = "peer_choice"
