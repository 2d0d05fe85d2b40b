"""Tables of the people who sign in here."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.actors.models import Actor
from server.db import MomentField, id_field


class Account(Model):
    """A local person's way in. `role`: ``member``, ``steward`` or ``admin``.

    `state`: ``unconfirmed`` (mail not confirmed), ``pending`` (waits for approval), ``active`` or ``suspended``.
    `has_second_step`: signing in with the password asks for one of their factors, too (`server.factors`).
    `post_visibility` (in the words of apps), `post_sensitive` and `post_language` are what posts written with apps have
    when nothing is said; without a language it is that of the pages. Who is `uncounted` is left out of the numbers that
    networks are told. Who was away for two weeks was so from
    `away_since` until `back_at`, until they have seen what happened meanwhile.
    """

    id = id_field()
    actor: fields.OneToOneRelation[Actor] = fields.OneToOneField(
        "models.Actor", related_name="account", on_delete=fields.CASCADE
    )
    actor_id: str
    email = fields.CharField(max_length=254, null=True, unique=True)
    password_hash = fields.CharField(max_length=200, default="")
    has_second_step = fields.BooleanField(default=False)
    role = fields.CharField(max_length=10, default="member")
    state = fields.CharField(max_length=12, default="active")
    language = fields.CharField(max_length=16, default="en")
    timezone = fields.CharField(max_length=64, default="UTC")
    theme = fields.CharField(max_length=8, default="auto")
    why_join = fields.TextField(default="")
    teaches = fields.TextField(default="")
    stuck_with = fields.TextField(default="")
    ask_me_about = fields.TextField(default="")
    guidelines_version = fields.IntField(default=0)
    post_visibility = fields.CharField(max_length=10, default="public")
    post_sensitive = fields.BooleanField(default=False)
    post_language = fields.CharField(max_length=16, null=True)
    uncounted = fields.BooleanField(default=False)
    onboarded_at: datetime | None = MomentField(null=True)
    email_confirmed_at: datetime | None = MomentField(null=True)
    created_at = MomentField()
    last_seen_at: datetime | None = MomentField(null=True)
    away_since: datetime | None = MomentField(null=True)
    back_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name."""

        table = "account"


class Session(Model):
    """One signed-in browser. Only the hash of its token is kept. Until `proven_until` it is known who sits there."""

    id = id_field()
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", on_delete=fields.CASCADE)
    token_hash = fields.CharField(max_length=64, unique=True)
    user_agent = fields.CharField(max_length=300, default="")
    created_at = MomentField()
    last_used_at = MomentField()
    expires_at = MomentField()
    proven_until: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "session"
        indexes = (("account",), ("expires_at",))


class Invitation(Model):
    """A link that lets people in. Only the hash of its token is kept."""

    id = id_field()
    token_hash = fields.CharField(max_length=64, unique=True)
    created_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", on_delete=fields.CASCADE)
    note = fields.CharField(max_length=200, default="")
    role = fields.CharField(max_length=10, default="member")
    community_id = fields.CharField(max_length=26, null=True)
    max_uses = fields.IntField(default=1)
    uses = fields.IntField(default=0)
    created_at = MomentField()
    expires_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "invitation"
        indexes = (("created_by",),)


class MailToken(Model):
    """A single-purpose, expiring link sent by mail: ``confirm`` or ``reset``."""

    id = id_field()
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", on_delete=fields.CASCADE)
    purpose = fields.CharField(max_length=10)
    token_hash = fields.CharField(max_length=64, unique=True)
    created_at = MomentField()
    expires_at = MomentField()
    used_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "mail_token"
        indexes = (("account", "purpose"),)


class SavedContext(Model):
    """A teaching context that a person reuses in forms; private to its owner."""

    id = id_field()
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", on_delete=fields.CASCADE)
    label = fields.CharField(max_length=120)
    subject = fields.CharField(max_length=120, default="")
    level = fields.CharField(max_length=120, default="")
    group_size = fields.IntField(null=True)
    minutes = fields.IntField(null=True)
    setting = fields.CharField(max_length=200, default="")
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "saved_context"
        indexes = (("account",),)


class SiteValue(Model):
    """One choice that an admin makes in the browser: name, description, accent colour, guidelines."""

    key = fields.CharField(max_length=60, primary_key=True)
    value = fields.TextField()
    updated_at = MomentField()

    class Meta:
        """Table name."""

        table = "site_value"
