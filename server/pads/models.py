"""Shared notes: sections that several people write, what they said before, and the ways in for members elsewhere."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Pad(Model):
    """Shared notes of a community, or of an event or round (`post_id`), whose community is `community_id` then.

    They are for members of this place alone, and live here: nothing of them is ever sent. `changed_id` is new with
    every change, so that open pages know. `practice_id`: the draft or practice that was made of a project.
    """

    id = id_field()
    short = fields.CharField(max_length=8, unique=True)
    community_id = fields.CharField(max_length=26, null=True)
    post_id = fields.CharField(max_length=26, null=True)
    title = fields.CharField(max_length=150)
    is_project = fields.BooleanField(default=False)
    created_by_id = fields.CharField(max_length=26)
    created_at = MomentField()
    changed_id = fields.CharField(max_length=26)
    practice_id = fields.CharField(max_length=26, null=True)

    class Meta:
        """Table name and indexes."""

        table = "pad"
        indexes = (("community_id", "changed_id"), ("post_id", "changed_id"), ("practice_id",))


class PadSection(Model):
    """A part of shared notes, which one person at a time writes: `holder_id`, until `held_until`.

    `version` counts its texts; `html` is the text as it is shown. What was taken out (`removed_at`) can be put back.
    """

    id = id_field()
    pad_id = fields.CharField(max_length=26)
    position = fields.IntField()
    heading = fields.CharField(max_length=120, default="")
    text = fields.TextField(default="")
    html = fields.TextField(default="")
    version = fields.IntField(default=0)
    author_id = fields.CharField(max_length=26, null=True)
    edited_at: datetime | None = MomentField(null=True)
    holder_id = fields.CharField(max_length=26, null=True)
    held_until: datetime | None = MomentField(null=True)
    removed_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "pad_section"
        indexes = (("pad_id", "position"),)


class PadRevision(Model):
    """What somebody wrote into a section. `state`: ``open`` (they still write), ``kept``, ``late`` or ``aside``.

    Late is a text that was made from an older one (`base`) and came after it had changed; it stands beside the section
    until somebody decides, and is put aside then.
    """

    id = id_field()
    pad_id = fields.CharField(max_length=26)
    section_id = fields.CharField(max_length=26)
    base = fields.IntField()
    heading = fields.CharField(max_length=120, default="")
    text = fields.TextField(default="")
    author_id = fields.CharField(max_length=26)
    state = fields.CharField(max_length=6)
    at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "pad_revision"
        indexes = (("section_id", "id"), ("pad_id", "id"))


class PadWriter(Model):
    """Somebody wrote in shared notes. `named`: whether they want to be named when a practice is made of them.

    Null: they did not say.
    """

    id = id_field()
    pad_id = fields.CharField(max_length=26)
    person_id = fields.CharField(max_length=26)
    named = fields.BooleanField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "pad_writer"
        unique_together = (("pad_id", "person_id"),)


class PadDoor(Model):
    """A link that lets a member who lives elsewhere in, once; then the browser that it was opened in, until `until`.

    It stands for one person in one membership. Both secrets are kept as hashes.
    """

    id = id_field()
    token_hash = fields.CharField(max_length=64, unique=True)
    key_hash = fields.CharField(max_length=64, null=True, unique=True)
    person_id = fields.CharField(max_length=26)
    membership_id = fields.CharField(max_length=26)
    community_id = fields.CharField(max_length=26)
    created_at = MomentField()
    until = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "pad_door"
        indexes = (("person_id", "created_at"), ("until",))
