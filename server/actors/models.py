"""Tables of actors, their keys, and who follows whom."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from server.db import JsonField, MomentField, id_field


class Actor(Model):
    """A person, community or service, here or elsewhere.

    `kind` is the ActivityStreams type: ``Person``, ``Group``, ``Application`` or ``Service``. `domain` is the
    right-hand side of the handle, `host` that of the id. For local actors the `*_url` columns hold our own addresses.
    `handle_key` is what looking up a handle finds: ``name@domain``, for remote communities ``!name@domain`` (Lemmy has
    people and communities of one name); null for an actor whose handle somebody else has now. `hidden` actors wait for
    the confirmation or approval of their account: nobody sees them. `emoji` are the pictures of ``:names:`` in the name
    and the profile. `moved_at` is when its followers were last carried over to `moved_to`, `synchronised_at` when its
    followers here were last compared with those that it knows. `grade` is what we think of its server, kept here so
    that one query can leave out who is hidden or quiet (`peers.policy.OF_GRADE`); whoever was limited themselves, at
    `limited_at`, is of the grade of limited servers wherever theirs would pass.
    """

    id = id_field()
    kind = fields.CharField(max_length=12)
    uri = fields.CharField(max_length=500, unique=True)
    username = fields.CharField(max_length=120)
    domain = fields.CharField(max_length=255)
    host = fields.CharField(max_length=255)
    handle_key = fields.CharField(max_length=380, null=True, unique=True)
    is_local = fields.BooleanField(default=False)
    name = fields.CharField(max_length=200, default="")
    summary_html = fields.TextField(default="")
    summary_source = fields.TextField(default="")
    url = fields.CharField(max_length=500, default="")
    inbox_url = fields.CharField(max_length=500)
    shared_inbox_url = fields.CharField(max_length=500, null=True)
    outbox_url = fields.CharField(max_length=500, null=True)
    followers_url = fields.CharField(max_length=500, null=True)
    following_url = fields.CharField(max_length=500, null=True)
    featured_url = fields.CharField(max_length=500, null=True)
    moderators_url = fields.CharField(max_length=500, null=True)
    avatar_url = fields.CharField(max_length=1000, null=True)
    header_url = fields.CharField(max_length=1000, null=True)
    fields_json = JsonField(null=True)
    also_known_as = JsonField(null=True)
    implements = JsonField(null=True)
    emoji = JsonField(null=True)
    moved_to = fields.CharField(max_length=500, null=True)
    is_locked = fields.BooleanField(default=False)
    discoverable = fields.BooleanField(default=True)
    indexable = fields.BooleanField(default=False)
    approved = fields.BooleanField(default=False)
    hidden = fields.BooleanField(default=False)
    grade = fields.CharField(max_length=12, default="normal")
    limited_at: datetime | None = MomentField(null=True)
    followers_count = fields.IntField(default=0)
    following_count = fields.IntField(default=0)
    posts_count = fields.IntField(default=0)
    published_at: datetime | None = MomentField(null=True)
    created_at = MomentField()
    updated_at = MomentField()
    fetched_at: datetime | None = MomentField(null=True)
    suspended_at: datetime | None = MomentField(null=True)
    deleted_at: datetime | None = MomentField(null=True)
    moved_at: datetime | None = MomentField(null=True)
    synchronised_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "actor"
        indexes = (("username", "domain"), ("host",), ("url",), ("is_local", "kind"))


class ActorKey(Model):
    """A private key of a local actor. A table of its own, so that no list ever loads one by accident."""

    id = id_field()
    actor: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    kind = fields.CharField(max_length=8)
    private_pem = fields.TextField()
    public_text = fields.TextField()
    generation = fields.IntField(default=1)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "actor_key"
        unique_together = (("actor", "kind"),)


class RetiredKey(Model):
    """A key of a local actor that was replaced. Its public half vouches for what it signed.

    The private half signs the news of its successor, and is gone with that.
    """

    key_id = fields.CharField(max_length=500, primary_key=True)
    actor: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    kind = fields.CharField(max_length=8)
    private_pem = fields.TextField(null=True)
    public_text = fields.TextField()
    retired_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "retired_key"
        indexes = (("actor_id", "kind"),)


class RemoteKey(Model):
    """A public key of a remote actor, as last fetched from its owner."""

    key_id = fields.CharField(max_length=500, primary_key=True)
    owner = fields.CharField(max_length=500)
    public_text = fields.TextField()
    fetched_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "remote_key"
        indexes = (("owner",),)


class Follow(Model):
    """One actor follows another. `uri` is the Follow activity.

    `state`: ``requested``, ``accepted``, ``rejected``, or ``paused`` while the other's server is blocked or one of the
    two is suspended. `from_elsewhere`: the follower is on another server, so that this row is left out where only
    followers here matter (`idx_follow_here`). Nobody may rely on the opposite: what reads there asks the follower, too.

    What a follower here chose: `shows_boosts` of the target in their timeline, `notifies` them of each post, and
    `languages`, those that they want to read (``" de en "``; null for all).
    """

    id = id_field()
    follower: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="follows", on_delete=fields.CASCADE
    )
    follower_id: str
    target: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="followed", on_delete=fields.CASCADE
    )
    target_id: str
    state = fields.CharField(max_length=10)
    uri = fields.CharField(max_length=500, unique=True)
    from_elsewhere = fields.BooleanField(default=False)
    shows_boosts = fields.BooleanField(default=True)
    notifies = fields.BooleanField(default=False)
    languages = fields.CharField(max_length=400, null=True)
    created_at = MomentField()
    accepted_at: datetime | None = MomentField(null=True)
    paused_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "follow"
        unique_together = (("follower", "target"),)
        indexes = (("target", "state"), ("target", "state", "id"), ("follower", "state", "id"))


class FollowersDigest(Model):
    """The digest of an actor's followers on one host (FEP-8fcf), until they change. `key` is actor id and host."""

    key = fields.CharField(max_length=290, primary_key=True)
    actor_id = fields.CharField(max_length=26)
    digest = fields.CharField(max_length=64)
    total = fields.IntField()

    class Meta:
        """Table name and indexes."""

        table = "followers_digest"
        indexes = (("actor_id",),)


class Block(Model):
    """One person wants nothing to do with another: follows end, and neither reads, answers or hears of the other.

    `uri` is the Block activity. At least one of the two is a person here.
    """

    id = id_field()
    blocker: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="blocks", on_delete=fields.CASCADE
    )
    blocker_id: str
    blocked: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="blocked_by", on_delete=fields.CASCADE
    )
    blocked_id: str
    uri = fields.CharField(max_length=500, unique=True)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "actor_block"
        unique_together = (("blocker", "blocked"),)
        indexes = (("blocked",),)


class Boundary(Model):
    """Who may write to somebody here, and who may name them: ``everyone``, those ``known`` to them, or ``nobody``.

    `id` is that of the actor. `quiet`: what happens is noted for them as seen, but for what concerns somebody's safety.
    """

    id = id_field()
    direct = fields.CharField(max_length=8, default="everyone")
    mention = fields.CharField(max_length=8, default="everyone")
    quiet = fields.BooleanField(default=False)

    class Meta:
        """Table name."""

        table = "boundary"


class Mute(Model):
    """Somebody here does not want to meet another in lists, and nobody else knows of it.

    `hides_notifications`: nor to hear what they do. `expires_at` is when it ends; null for never.
    """

    id = id_field()
    muter: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="mutes", on_delete=fields.CASCADE
    )
    muter_id: str
    muted: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="muted_by", on_delete=fields.CASCADE
    )
    muted_id: str
    hides_notifications = fields.BooleanField(default=True)
    created_at = MomentField()
    expires_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "actor_mute"
        unique_together = (("muter", "muted"),)
        indexes = (("muted",), ("muter", "id"))


class HostBlock(Model):
    """Somebody here wants nothing from a whole server: the choice of one person, unlike a grade of the peer."""

    id = id_field()
    blocker: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="host_blocks", on_delete=fields.CASCADE
    )
    blocker_id: str
    host = fields.CharField(max_length=255)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "host_block"
        unique_together = (("blocker", "host"),)
        indexes = (("blocker", "id"),)


class Note(Model):
    """What somebody here noted about another, for their own eyes."""

    id = id_field()
    writer: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="notes", on_delete=fields.CASCADE
    )
    writer_id: str
    about: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="noted_by", on_delete=fields.CASCADE
    )
    about_id: str
    text = fields.TextField()

    class Meta:
        """Table name and indexes."""

        table = "actor_note"
        unique_together = (("writer", "about"),)
        indexes = (("about",),)


class Endorsement(Model):
    """Somebody whom a person here shows on their profile."""

    id = id_field()
    endorser: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="endorsements", on_delete=fields.CASCADE
    )
    endorser_id: str
    endorsed: fields.ForeignKeyRelation[Actor] = fields.ForeignKeyField(
        "models.Actor", related_name="endorsed_by", on_delete=fields.CASCADE
    )
    endorsed_id: str
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "endorsement"
        unique_together = (("endorser", "endorsed"),)
        indexes = (("endorsed",), ("endorser", "id"))
