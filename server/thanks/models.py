"""What thanks and celebrations are about, and who does not want to be named in them."""

from tortoise import fields
from tortoise.models import Model

from server.db import id_field


class Thanks(Model):
    """What a post of kind ``thanks`` or ``celebration`` is about, beside what it says; `id` is the id of the post.

    `act_uri` is the ActivityPub id of what was done, which may be known here later, or never; None: of a celebration
    without one. Of posts that were written here `words` is the text as it was typed, `people` the handles.
    """

    id = id_field()
    act_uri = fields.CharField(max_length=500, null=True)
    words = fields.TextField(default="")
    people = fields.TextField(default="")

    class Meta:
        """Table name."""

        table = "thanks"


class Unnamed(Model):
    """Somebody here who does not want to be named in thanks and celebrations; `id` is that of the actor."""

    id = id_field()

    class Meta:
        """Table name."""

        table = "unnamed"
