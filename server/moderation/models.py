"""Tables of reports, and of what stewards and other servers say to people because of them."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.db import JsonField, MomentField, id_field


class Report(Model):
    """Somebody, here or elsewhere, says that something is wrong with a person or with posts.

    `uri` is the Flag activity. `community_id` says who looks at it: those who look after that community, else those who
    look after this server. `about_id` is the person it is about, `posts` what the posts said when it was written: a
    list of objects with ``id`` (ours), ``uri``, ``url``, ``title``, ``text`` and ``at``. `reporter_id` is the actor it
    came from; for a person elsewhere that is mostly their server. `state`: ``open`` or ``closed``; `outcome`:
    ``acted``, ``none`` or ``withdrawn``. `received` is the Flag as received, to be named in the answer.
    `case_id` is the case that it was put to, `clause` the rule that it names (`Case`).
    """

    id = id_field()
    uri = fields.CharField(max_length=500, unique=True)
    state = fields.CharField(max_length=8, default="open")
    outcome = fields.CharField(max_length=10, default="")
    category = fields.CharField(max_length=12, default="other")
    text = fields.TextField(default="")
    about: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "models.Actor", related_name="reports_about", on_delete=fields.CASCADE
    )
    about_id: str
    community: fields.ForeignKeyNullableRelation[Any] = fields.ForeignKeyField(
        "models.Actor", related_name="reports_in", null=True, on_delete=fields.SET_NULL
    )
    community_id: str | None
    reporter_id = fields.CharField(max_length=26)
    reporter_host = fields.CharField(max_length=255, default="")
    posts: Any = JsonField(null=True)
    received: Any = JsonField(null=True)
    note = fields.TextField(default="")
    case_id = fields.CharField(max_length=26)
    clause = fields.TextField(default="")
    closed_by_id = fields.CharField(max_length=26, null=True)
    created_at = MomentField()
    closed_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "report"
        indexes = (
            ("state", "created_at"),
            ("community", "state"),
            ("about", "state"),
            ("reporter_id", "created_at"),
            ("reporter_host", "created_at"),
            ("case_id", "id"),
        )


class Case(Model):
    """What is to be decided about: one or more reports of the same thing, or what who looks after a place met there.

    Its `id` is that of its first report, where there is one. `desk` says who looks at it: ``community``, ``server`` or
    ``sealed`` (who is responsible for safeguarding, and nobody else). `state`: ``open``, ``closed`` or ``appeal``.
    `posts` is as in a report, as it was when the case began; `subject` is the same for the same posts of a person.
    `clause` names a rule by its place, number and words. Nobody has looked yet while `looked_at` is empty: that is due
    by `due_at`, and `reminders` counts how often somebody was told that it is late.
    """

    id = id_field()
    state = fields.CharField(max_length=8, default="open")
    desk = fields.CharField(max_length=10)
    outcome = fields.CharField(max_length=10, default="")
    category = fields.CharField(max_length=12)
    clause = fields.TextField(default="")
    about: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "models.Actor", related_name="cases_about", on_delete=fields.CASCADE
    )
    about_id: str
    community: fields.ForeignKeyNullableRelation[Any] = fields.ForeignKeyField(
        "models.Actor", related_name="cases_in", null=True, on_delete=fields.SET_NULL
    )
    community_id: str | None
    posts: Any = JsonField(null=True)
    subject = fields.CharField(max_length=64, default="")
    taken_by_id = fields.CharField(max_length=26, null=True)
    taken_at: datetime | None = MomentField(null=True)
    looked_at: datetime | None = MomentField(null=True)
    due_at = MomentField()
    reminders = fields.IntField(default=0)
    created_at = MomentField()
    closed_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "moderation_case"
        indexes = (("state", "created_at"), ("community", "state"), ("about", "state"))


class CaseEntry(Model):
    """One line in the course of a case: what happened, when, by whom. `kind` is one of `policy.ENTRIES`."""

    id = fields.BigIntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField("models.Case", on_delete=fields.CASCADE)
    case_id: str
    kind = fields.CharField(max_length=12)
    by_id = fields.CharField(max_length=26, null=True)
    text = fields.TextField(default="")
    at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "moderation_entry"
        indexes = (("case", "id"),)


class Ruling(Model):
    """What was decided in a case, with the clause and the reason: the statement that the person it is about reads.

    `measures` is a list of objects with ``kind``, and what is needed to undo it. They may object once, until
    `appeal_until`; `appeal_state`: empty, ``open``, ``upheld`` or ``undone``, by somebody else than who decided.
    """

    id = id_field()
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField("models.Case", on_delete=fields.CASCADE)
    case_id: str
    person: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "models.Actor", related_name="rulings", on_delete=fields.CASCADE
    )
    person_id: str
    by_id = fields.CharField(max_length=26)
    place = fields.CharField(max_length=300, default="")
    clause = fields.TextField(default="")
    reason = fields.TextField(default="")
    measures: Any = JsonField(null=True)
    at = MomentField()
    appeal_until = MomentField()
    appeal_state = fields.CharField(max_length=8, default="")
    appeal_text = fields.TextField(default="")
    appealed_at: datetime | None = MomentField(null=True)
    answered_by_id = fields.CharField(max_length=26, null=True)
    answer = fields.TextField(default="")
    answered_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "moderation_ruling"
        indexes = (("case", "id"), ("person", "id"))


class SafeguardingLead(Model):
    """Somebody here who is responsible for safeguarding: they, and nobody else, read what is unsafe for a child."""

    person_id = fields.CharField(max_length=26, primary_key=True)
    appointed_by_id = fields.CharField(max_length=26)
    appointed_at = MomentField()

    class Meta:
        """Table name."""

        table = "safeguarding_lead"


class ReportCopy(Model):
    """A report of ours that another server was told of, by the Flag with this `uri`, and what it answered."""

    uri = fields.CharField(max_length=500, primary_key=True)
    report: fields.ForeignKeyRelation[Report] = fields.ForeignKeyField(
        "models.Report", related_name="copies", on_delete=fields.CASCADE
    )
    report_id: str
    host = fields.CharField(max_length=255)
    inbox = fields.CharField(max_length=500)
    outcome = fields.CharField(max_length=10, default="")
    answered_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "report_copy"
        indexes = (("report",),)


class Notice(Model):
    """What those who look after a community or server say to one person: a warning, or why something was done.

    `kind`: ``warning`` or ``ban``. `by_uri` is whoever said it, `place` the community or server that it concerns.
    """

    id = id_field()
    person: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "models.Actor", related_name="notices", on_delete=fields.CASCADE
    )
    person_id: str
    uri = fields.CharField(max_length=500, unique=True)
    kind = fields.CharField(max_length=10)
    by_uri = fields.CharField(max_length=500)
    place = fields.CharField(max_length=300, default="")
    post_id = fields.CharField(max_length=26, null=True)
    text = fields.TextField(default="")
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "moderation_notice"
        indexes = (("person", "created_at"),)
