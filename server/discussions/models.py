"""What a question is beyond a post."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field


class Ask(Model):
    """A question's state, beside what its post says; `id` is the id of the post.

    `is_closed`: the asker needs no more answers. `clear` and `unclear` are the asker's own sentences: what is clear
    now, and what still is not; the second one opens the question again and stands on top of it. Until
    `peers_first_until` answers of those who look after the community wait, or until two peers have answered.
    """

    id = id_field()
    is_closed = fields.BooleanField(default=False)
    clear = fields.TextField(default="")
    unclear = fields.TextField(default="")
    changed_at = MomentField(null=True)
    peers_first_until: datetime | None = MomentField(null=True)

    class Meta:
        """Table name."""

        table = "ask"
