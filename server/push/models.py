"""Where apps want to be woken."""

from tortoise import fields
from tortoise.models import Model

from server.db import MomentField, id_field
from server.oauth.models import OAuthToken


class PushSubscription(Model):
    """One app of somebody's, and how it is reached when it is not open. It ends with its token.

    `endpoint` is an address of a push service that the app chose; `p256dh` and `secret` seal what is sent there.
    `alerts` are the types of notifications wanted, separated by spaces; `policy`: of whom, ``all``, ``followed``,
    ``follower`` or ``none``.
    """

    id = id_field()
    token: fields.OneToOneRelation[OAuthToken] = fields.OneToOneField("models.OAuthToken", on_delete=fields.CASCADE)
    token_id: str
    owner_id = fields.CharField(max_length=26)
    endpoint = fields.TextField()
    p256dh = fields.CharField(max_length=100)
    secret = fields.CharField(max_length=40)
    alerts = fields.CharField(max_length=200)
    policy = fields.CharField(max_length=10)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "push_subscription"
        indexes = (("owner_id",),)
