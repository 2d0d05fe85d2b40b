"""Answers that came by mail."""

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField


class MailAnswer(Model):
    """One mail that was looked at, so that a second copy changes nothing. Without `post_id` it was refused.

    `id` is a digest of the person and of the mail's Message-ID.
    """

    id = fields.CharField(max_length=64, primary_key=True)
    reader_id = fields.CharField(max_length=26)
    post_id = fields.CharField(max_length=26, null=True)
    at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "mail_answer"
        indexes = (("reader_id", "at"), ("at",))
