"""Who may read the page of sums."""

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField


class Leader(Model):
    """Somebody who leads, and reads the sums of this server; it gives them nothing else. `named_by` is a handle."""

    account_id = fields.CharField(max_length=26, primary_key=True)
    named_by = fields.CharField(max_length=200)
    at = MomentField()

    class Meta:
        """Table name."""

        table = "leader"
