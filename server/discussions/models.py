"""What a question is beyond a post."""

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Ask(Model):
    """A question's state, beside what its post says; `id` is the id of the post.

    `is_closed`: the asker needs no more answers. `clear` and `unclear` are the asker's own sentences: what is clear
    now, and what still is not; the second one opens the question again and stands on top of it.
    """

    id = id_field()
    is_closed = fields.BooleanField(default=False)
    clear = fields.TextField(default="")
    unclear = fields.TextField(default="")
    changed_at = MomentField(null=True)

    class Meta:
        """Table name."""

        table = "ask"
