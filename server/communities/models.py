"""Tables of communities."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.actors.models import Actor
from server.db import JsonField, MomentField, id_field


class Community(Model):
    """What a local Group actor is beyond an actor; `id` is the id of that actor.

    `kind`: ``informal``, ``formal``, ``support`` or ``programme``. `visibility` is the widest audience of its posts:
    ``public`` (V0), ``network`` (V1), ``instance`` (V2) or ``members`` (V3). `join_policy`: ``open``, ``apply`` or
    ``invite``. `posting`: ``everyone`` (every member) or ``facilitators``. `goals` and `questions` are lists of text.
    `digest_day`: when members get their weekly mail who chose no day themselves; Monday is 0.
    `confidential`: what is said in it stays with its members: no mail, app or search shows a word of it.
    `slow_until`: as long each member writes once in twelve hours, and what comes sooner waits.
    `guests`: people on software that knows no members (Mastodon) may be members too (product/safety.md 5.1, rule 4).
    `term_from` and `term_until` are days (``2026-09-01``), or empty. `channels` and `feedback` say how people here work
    together (B3). `charter_version` is 0 until something of a charter was written down. `deliverables` are objects with
    `id`, `goal` (a text of `goals`), `text`, `url` and `done` (A6).
    """

    id = id_field()
    kind = fields.CharField(max_length=12, default="informal")
    visibility = fields.CharField(max_length=10, default="public")
    join_policy = fields.CharField(max_length=8, default="open")
    posting = fields.CharField(max_length=12, default="everyone")
    guests = fields.BooleanField(default=False)
    confidential = fields.BooleanField(default=False)
    purpose = fields.TextField(default="")
    goals = JsonField(null=True)
    gives = fields.TextField(default="")
    gets = fields.TextField(default="")
    time_per_week = fields.CharField(max_length=80, default="")
    objectives = fields.TextField(default="")
    outcomes = fields.TextField(default="")
    cadence = fields.CharField(max_length=120, default="")
    term_from = fields.CharField(max_length=10, default="")
    term_until = fields.CharField(max_length=10, default="")
    channels = fields.TextField(default="")
    feedback = fields.TextField(default="")
    charter_version = fields.IntField(default=0)
    deliverables: Any = JsonField(null=True)
    digest_day = fields.IntField(null=True)
    language = fields.CharField(max_length=16, default="en")
    questions = JsonField(null=True)
    guidelines_source = fields.TextField(default="")
    guidelines_html = fields.TextField(default="")
    guidelines_version = fields.IntField(default=0)
    members_count = fields.IntField(default=0)
    posts_count = fields.IntField(default=0)
    last_post_at = MomentField(null=True)
    created_at = MomentField()
    archived_at = MomentField(null=True)
    slow_until: datetime | None = MomentField(null=True)

    class Meta:
        """Table name."""

        table = "community"


class Membership(Model):
    """A person, local or remote, in a community: local, or remote for our own people.

    `role`: ``member``, ``facilitator`` or ``steward``. `state`: ``applied``, ``invited``, ``active``, ``left``,
    ``removed`` or ``declined``. `join_uri` is the Join activity, where one of the two sides is elsewhere.
    `answers` are pairs of question and answer: for who decides, and nobody else. `note` is what the decision said.
    `asked_again`: a new term has begun, and they have not said yet whether they go on.
    `shortlisted` and `marks` (`form.MARKS`) are what those who decide noted of an application until then.
    `charter_version` is the last one of the charter that they said they have read.
    Who is ``removed`` may not write or come back until `removed_until`, or for good; `ban_uri` is the Block activity.
    `from_elsewhere`: the person is on another server, so that this row is left out where only members here matter
    (`idx_membership_here`). Nobody may rely on the opposite: what reads there asks the person, too.
    """

    id = id_field()
    community: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="memberships", on_delete=fields.CASCADE
    )
    person: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="member_of", on_delete=fields.CASCADE
    )
    community_id: str
    person_id: str
    role = fields.CharField(max_length=12, default="member")
    state = fields.CharField(max_length=10)
    join_uri = fields.CharField(max_length=500, null=True, unique=True)
    answers = JsonField(null=True)
    note = fields.TextField(default="")
    asked_again = fields.BooleanField(default=False)
    shortlisted = fields.BooleanField(default=False)
    marks: Any = JsonField(null=True)
    guidelines_version = fields.IntField(default=0)
    charter_version = fields.IntField(default=0)
    from_elsewhere = fields.BooleanField(default=False)
    removed_until: datetime | None = MomentField(null=True)
    ban_uri = fields.CharField(max_length=500, null=True)
    joined_at = MomentField(null=True)
    created_at = MomentField()
    updated_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "membership"
        unique_together = (("community", "person"),)
        indexes = (("person", "state"), ("community", "state"), ("removed_until",), ("ban_uri",))


class SiteBan(Model):
    """Another server lets this person take no part in anything of its own, until `ends_at` or for good.

    `host` is that server; the person may be its own, ours, or of a third one. `uri` is the Block activity.
    """

    id = id_field()
    person: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="site_bans", on_delete=fields.CASCADE
    )
    person_id: str
    host = fields.CharField(max_length=255)
    uri = fields.CharField(max_length=500)
    reason = fields.TextField(default="")
    ends_at: datetime | None = MomentField(null=True)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "site_ban"
        unique_together = (("person", "host"),)
        indexes = (("ends_at",), ("uri",))


class GuidelinesVersion(Model):
    """One version of a community's guidelines, with why it changed."""

    id = id_field()
    community: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    version = fields.IntField()
    source = fields.TextField()
    why = fields.TextField(default="")
    by_id = fields.CharField(max_length=26)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "guidelines_version"
        unique_together = (("community", "version"),)


class GuidelinesAcceptance(Model):
    """Somebody accepted one version of a community's guidelines: who, which, and when."""

    id = id_field()
    community: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="guidelines_accepted", on_delete=fields.CASCADE
    )
    person: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="accepted_guidelines", on_delete=fields.CASCADE
    )
    version = fields.IntField()
    accepted_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "guidelines_acceptance"
        unique_together = (("community", "person", "version"),)
        indexes = (("person",),)


class CharterVersion(Model):
    """One version of a community's charter: its parts by name, why it changed, and who changed it (empty: unknown).

    `proposal_id` is the proposal of a member that it came of, if it did.
    """

    id = id_field()
    community: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    version = fields.IntField()
    parts: Any = JsonField()
    why = fields.TextField(default="")
    by_id = fields.CharField(max_length=26, default="")
    proposal_id = fields.CharField(max_length=26, null=True)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "charter_version"
        unique_together = (("community", "version"),)
