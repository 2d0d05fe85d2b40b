"""Tables of uploaded and cached files."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Media(Model):
    """A file that somebody here uploaded: an image or video (without metadata), a recording (sound alone), a document.

    `kind`: ``image``, ``video``, ``audio`` or ``document``. `seconds`: how long something lasts, as we measured it.
    `attached`: belongs to something; what does not is removed after a day. `decorative`: the author said that the
    picture needs no description. `focus`: what of it matters, as ``x,y`` from -1 to 1, for those who cut pictures;
    empty for the middle.
    """

    id = id_field()
    owner: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    kind = fields.CharField(max_length=10)
    key = fields.CharField(max_length=200, unique=True)
    thumb_key = fields.CharField(max_length=200, null=True)
    media_type = fields.CharField(max_length=100)
    size_bytes = fields.BigIntField()
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)
    seconds = fields.IntField(null=True)
    alt = fields.TextField(default="")
    decorative = fields.BooleanField(default=False)
    focus = fields.CharField(max_length=20, default="")
    original_name = fields.CharField(max_length=255, default="")
    attached = fields.BooleanField(default=False)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "media"
        indexes = (("owner", "attached"), ("attached", "created_at"))


class RemoteMedia(Model):
    """A remote picture that pages show through us: fetched once, re-encoded, served from our own address.

    `state`: ``ready``, or ``failed`` until `retry_at`; `failures` counts attempts in a row.
    """

    id = id_field()
    url = fields.CharField(max_length=1000, unique=True)
    key = fields.CharField(max_length=200, null=True)
    state = fields.CharField(max_length=10)
    size_bytes = fields.BigIntField(default=0)
    failures = fields.IntField(default=0)
    retry_at = MomentField(null=True)
    fetched_at = MomentField(null=True)
    used_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "remote_media"
        indexes = (("used_at",),)
