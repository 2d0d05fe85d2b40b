"""The structured part of a practice (product section 2.3)."""

from tortoise import fields
from tortoise.models import Model

from server.db import JsonField, id_field


class Practice(Model):
    """What a post of kind ``practice`` or ``tip`` says in fields; `id` is the id of the post.

    `entry`: ``tip``, ``quick`` or ``full``. `steps` and `materials` are lists: of texts, and of ``{name, url}``.
    `certainty`: ``hunch``, ``tried`` (a few times) or ``measured``. `minutes` and `group_size` are whole numbers.
    `title` and `text` are what a tip says: its post has no title, because it is a Note for others. `grown_from_id` is
    the tip that a practice grew out of. `wanted_visibility` keeps the choice of audience while the post is a draft.
    """

    id = id_field()
    entry = fields.CharField(max_length=6, default="quick")
    title = fields.CharField(max_length=150, default="")
    text = fields.TextField(default="")
    promise = fields.CharField(max_length=300, default="")
    subject = fields.CharField(max_length=120, default="")
    level = fields.CharField(max_length=120, default="")
    group_size = fields.IntField(null=True)
    minutes = fields.IntField(null=True)
    setting = fields.CharField(max_length=200, default="")
    constraints = fields.TextField(default="")
    problem = fields.TextField(default="")
    steps = JsonField(null=True)
    evidence = fields.TextField(default="")
    certainty = fields.CharField(max_length=10, default="")
    would_change = fields.TextField(default="")
    materials = JsonField(null=True)
    nobody_identifiable = fields.BooleanField(default=False)
    grown_from_id = fields.CharField(max_length=26, null=True)
    wanted_visibility = fields.CharField(max_length=10, default="")

    class Meta:
        """Table name and indexes."""

        table = "practice"
        indexes = (("subject",), ("level",), ("grown_from_id",))
