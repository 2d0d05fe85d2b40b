"""Tables of apps, the codes that they exchange once, and the tokens they hold."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.accounts.models import Account
from server.db import MomentField, id_field


class OAuthApp(Model):
    """A program that may ask people to let it in. Its secret is shown once; only the hash is kept.

    `redirect_uris` has one to a line, `scopes` are separated by spaces: what it may ask for at most.
    """

    id = id_field()
    client_id = fields.CharField(max_length=64, unique=True)
    secret_hash = fields.CharField(max_length=64)
    name = fields.CharField(max_length=100)
    website = fields.CharField(max_length=500, null=True)
    redirect_uris = fields.TextField()
    scopes = fields.TextField()
    created_at = MomentField()

    class Meta:
        """Table name."""

        table = "oauth_app"


class OAuthCode(Model):
    """What an app gets when a person lets it in, to be exchanged once for a token, within minutes.

    `challenge` is that of PKCE (S256), where the app gave one. A code stays until its end after it was used, so that a
    second use is noticed.
    """

    id = id_field()
    app: fields.ForeignKeyRelation[OAuthApp] = fields.ForeignKeyField("models.OAuthApp", on_delete=fields.CASCADE)
    app_id: str
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", on_delete=fields.CASCADE)
    account_id: str
    code_hash = fields.CharField(max_length=64, unique=True)
    redirect_uri = fields.TextField()
    scopes = fields.TextField()
    challenge = fields.CharField(max_length=64, null=True)
    created_at = MomentField()
    expires_at = MomentField()
    used_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "oauth_code"
        indexes = (("app",), ("account",), ("expires_at",))


class OAuthToken(Model):
    """A bearer token; only its hash is kept. Without an account it stands for the app alone.

    `code_id` is the code that it was exchanged for: the token ends where that code is used a second time.
    """

    id = id_field()
    app: fields.ForeignKeyRelation[OAuthApp] = fields.ForeignKeyField("models.OAuthApp", on_delete=fields.CASCADE)
    app_id: str
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "models.Account", null=True, on_delete=fields.CASCADE
    )
    account_id: str | None
    code_id = fields.CharField(max_length=26, null=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    scopes = fields.TextField()
    created_at = MomentField()
    last_used_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "oauth_token"
        indexes = (("app", "account"), ("account",), ("code_id",))
