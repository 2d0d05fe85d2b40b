"""Tables that every kind of post shares: author, audience, thread, text, and what people did with it."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from server.db import JsonField, MomentField, id_field


class Post(Model):
    """Anything with an author and an audience: practice, resource, thread, ask, poll, reply, or a note from elsewhere.

    `kind`: ``practice``, ``resource``, ``discussion``, ``ask``, ``tip``, ``poll``, ``round``, ``session`` (an event),
    ``reply``, ``tried`` (an answer of somebody who tried a practice) or ``note`` for what has no title and comes from
    elsewhere. `object_type` is its ActivityStreams type. `visibility`: ``public``, ``unlisted``,
    ``followers``, ``network``, ``instance``, ``members``, ``direct`` or ``private``. `state`: ``draft``, ``visible``,
    ``held`` (waits for approval), ``removed`` (by a moderator), ``deleted``, or, as long as only its author sees it
    because of whom it answers or quotes, ``waiting`` (for their agreement), ``refused``, or ``peers``
    (peers have the word first, or a round hides its answers).
    `short` is the last 8 characters of the id: the page is ``/p/SLUG-SHORT`` for posts from here and from elsewhere.

    `confidential`: said in a confidential space or event: no mail, app message, search or digest shows a word of it.
    `topic_id`: the topic of its community that what begins a conversation is in.
    `echo_count`: how many have the same question, or would try the same (`policy.ECHOES`).
    `useful` of a practice or tip is how it went with those who tried it, and how many keep it (`tries.standing`).
    `manner` of an answer: ``another`` where it shows another way of doing what is asked, or empty.
    `quote_uri` is what it quotes (no row of ours need have it); `quote_state`: ``approved``, ``unproved`` (no sign
    that its author agreed), ``waiting``, ``refused``, ``revoked``; `quote_stamp` and `approved_by` are the stamps that
    prove agreement. `interaction` says who may do what with it, as JSON of `posts.consent`; None leaves it to the
    defaults. `translations` is the text in further languages, `emoji` the pictures of ``:names:`` in it,
    `particulars` facts such as the duration of a video, or which step an answer is about, as pairs of what and value.
    """

    id = id_field()
    short = fields.CharField(max_length=8, unique=True)
    uri = fields.CharField(max_length=500, unique=True)
    url = fields.CharField(max_length=1000)
    kind = fields.CharField(max_length=12)
    object_type = fields.CharField(max_length=20)
    is_local = fields.BooleanField(default=True)
    author: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "models.Actor", related_name="posts", on_delete=fields.CASCADE
    )
    community: fields.ForeignKeyNullableRelation[Any] = fields.ForeignKeyField(
        "models.Actor", related_name="community_posts", null=True, on_delete=fields.SET_NULL
    )
    parent: fields.ForeignKeyNullableRelation["Post"] = fields.ForeignKeyField(
        "models.Post", related_name="children", null=True, on_delete=fields.SET_NULL
    )
    author_id: str
    community_id: str | None
    parent_id: str | None
    root_id = fields.CharField(max_length=26, null=True)
    in_reply_to_uri = fields.CharField(max_length=500, null=True)
    context_uri = fields.CharField(max_length=500, null=True)
    title = fields.CharField(max_length=300, default="")
    summary = fields.TextField(default="")
    content_html = fields.TextField(default="")
    source_md = fields.TextField(default="")
    content_warning = fields.TextField(default="")
    sensitive = fields.BooleanField(default=False)
    language = fields.CharField(max_length=16, default="en")
    licence = fields.CharField(max_length=200, default="")
    visibility = fields.CharField(max_length=10)
    state = fields.CharField(max_length=8, default="visible")
    state_reason = fields.TextField(default="")
    topic_id = fields.CharField(max_length=26, null=True)
    confidential = fields.BooleanField(default=False)
    locked = fields.BooleanField(default=False)
    pinned = fields.BooleanField(default=False)
    answered = fields.BooleanField(default=False)
    useful = fields.IntField(default=333)
    version = fields.IntField(default=1)
    replies_uri = fields.CharField(max_length=500, null=True)
    replies_count = fields.IntField(default=0)
    likes_count = fields.IntField(default=0)
    boosts_count = fields.IntField(default=0)
    helped_count = fields.IntField(default=0)
    echo_count = fields.IntField(default=0)
    manner = fields.CharField(max_length=12, default="")
    quote_uri = fields.CharField(max_length=500, null=True)
    quote_state = fields.CharField(max_length=8, default="")
    quote_stamp = fields.CharField(max_length=500, null=True)
    approved_by = fields.CharField(max_length=500, null=True)
    interaction = JsonField(null=True)
    translations = JsonField(null=True)
    emoji = JsonField(null=True)
    particulars = JsonField(null=True)
    raw_create: Any = fields.TextField(null=True)
    counted = fields.CharField(max_length=90, default="")
    published_at = MomentField()
    edited_at = MomentField(null=True)
    created_at = MomentField()
    updated_at = MomentField()
    last_activity_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "post"
        indexes = (
            ("author", "state", "published_at"),
            ("community", "state", "last_activity_at"),
            ("root_id", "published_at"),
            ("url",),
            ("parent",),
            ("kind", "state", "published_at"),
            ("in_reply_to_uri",),
            ("context_uri",),
            ("quote_uri",),
            ("quote_stamp",),
        )


class NamelessPost(Model):
    """Who wrote a post that their community says for them (`nameless`); `id` is that of the post.

    Sealed: no page, document, application or log has it.
    """

    id = id_field()
    person: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    person_id: str
    created_at = MomentField()

    class Meta:
        """Table name and index."""

        table = "nameless_post"
        indexes = (("person", "created_at"),)


class QueuedPost(Model):
    """A draft that is published when its turn has come (`pace`); `id` is that of the post."""

    id = id_field()
    person_id = fields.CharField(max_length=26)
    at = MomentField()

    class Meta:
        """Table name and index."""

        table = "queued_post"
        indexes = (("person_id",),)


class PostVersion(Model):
    """What a post said before it was edited. `detail` holds the structured part of its feature.

    Versions from before there were apps know no `content_warning`, and are not `sensitive`.
    """

    id = id_field()
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField("models.Post", on_delete=fields.CASCADE)
    version = fields.IntField()
    title = fields.CharField(max_length=300, default="")
    content_html = fields.TextField(default="")
    source_md = fields.TextField(default="")
    content_warning = fields.TextField(default="")
    sensitive = fields.BooleanField(default=False)
    detail = JsonField(null=True)
    change_note = fields.TextField(default="")
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "post_version"
        unique_together = (("post", "version"),)


class PostTag(Model):
    """A hashtag on a post, without the sign, lower case."""

    id = fields.BigIntField(primary_key=True)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField("models.Post", on_delete=fields.CASCADE)
    tag = fields.CharField(max_length=100)
    at = fields.BigIntField(default=0)
    """When the post was published, in milliseconds: the page of a hashtag is read in this order."""

    class Meta:
        """Table name and indexes."""

        table = "post_tag"
        unique_together = (("post", "tag"),)
        indexes = (("tag", "at", "post"),)


class PostMention(Model):
    """Somebody a post names, or is addressed to."""

    id = fields.BigIntField(primary_key=True)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField("models.Post", on_delete=fields.CASCADE)
    actor: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)

    class Meta:
        """Table name and indexes."""

        table = "post_mention"
        unique_together = (("post", "actor"),)
        indexes = (("actor",),)


class PostAttachment(Model):
    """A picture, file or link on a post; `media_id` names a file of ours, else `url` is elsewhere."""

    id = id_field()
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField("models.Post", on_delete=fields.CASCADE)
    media_id = fields.CharField(max_length=26, null=True)
    kind = fields.CharField(max_length=10)
    url = fields.CharField(max_length=1000)
    media_type = fields.CharField(max_length=100, default="")
    name = fields.CharField(max_length=255, default="")
    alt = fields.TextField(default="")
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)
    position = fields.IntField(default=0)

    class Meta:
        """Table name and indexes."""

        table = "post_attachment"
        indexes = (("post",),)


class Like(Model):
    """Somebody found a post useful (``like``), or it helped the person who asked (``helped``).

    Or ``echo``: they have the same question, or would try the same.

    `state`: ``done``, or ``waiting`` for the agreement of the post's author (`approved_by` is the proof of it).
    """

    id = id_field()
    uri = fields.CharField(max_length=500, unique=True)
    actor: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField("models.Post", on_delete=fields.CASCADE)
    kind = fields.CharField(max_length=8, default="like")
    state = fields.CharField(max_length=8, default="done")
    approved_by = fields.CharField(max_length=500, null=True)
    actor_id: str
    post_id: str
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "post_like"
        unique_together = (("actor", "post", "kind"),)
        indexes = (("post", "kind", "id"), ("actor", "kind", "id"))


class Bookmark(Model):
    """Somebody keeps a post for later. Nobody else ever learns of it."""

    id = id_field()
    actor: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField("models.Post", on_delete=fields.CASCADE)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "bookmark"
        unique_together = (("actor", "post"),)
        indexes = (("actor", "id"), ("post",))


class ThreadMute(Model):
    """Somebody wants no more news of a conversation; `root_id` is its first post as far as it is known here."""

    id = id_field()
    actor: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    root_id = fields.CharField(max_length=26)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "thread_mute"
        unique_together = (("actor", "root_id"),)


class ProfilePin(Model):
    """A post that its author put at the top of their profile; `Post.pinned` is for communities."""

    id = id_field()
    actor: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField("models.Post", on_delete=fields.CASCADE)
    created_at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "profile_pin"
        unique_together = (("actor", "post"),)
        indexes = (("actor", "id"), ("post",))


class Boost(Model):
    """An Announce of a post, by a community or a person; every one ever sent stays listed, so that it can be undone.

    `state` and `approved_by` are as those of a Like.
    """

    id = id_field()
    uri = fields.CharField(max_length=500, unique=True)
    actor: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField("models.Post", on_delete=fields.CASCADE)
    state = fields.CharField(max_length=8, default="done")
    approved_by = fields.CharField(max_length=500, null=True)
    actor_id: str
    post_id: str
    created_at = MomentField()
    undone_at = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "boost"
        indexes = (("post", "id"), ("actor", "created_at"))


class Stamp(Model):
    """An author here agreed that somebody quotes, answers, likes or passes on a post: the proof, served at `uri`.

    `kind` is the interaction, `interacting_uri` what somebody made (a post, a Like, an Announce), `request_uri` the
    activity that asked. A `revoked_at` stamp is no proof any more.
    """

    id = id_field()
    uri = fields.CharField(max_length=500, unique=True)
    kind = fields.CharField(max_length=8)
    post: fields.ForeignKeyRelation[Post] = fields.ForeignKeyField("models.Post", on_delete=fields.CASCADE)
    post_id: str
    actor: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Actor", on_delete=fields.CASCADE)
    actor_id: str
    interacting_uri = fields.CharField(max_length=500)
    request_uri = fields.CharField(max_length=500, default="")
    created_at = MomentField()
    revoked_at: datetime | None = MomentField(null=True)

    class Meta:
        """Table name and indexes."""

        table = "stamp"
        unique_together = (("post", "kind", "interacting_uri"),)
        indexes = (("actor",), ("interacting_uri",))


class Tombstone(Model):
    """An id that was deleted or undone, also before we ever saw what it named."""

    uri = fields.CharField(max_length=500, primary_key=True)
    by = fields.CharField(max_length=500, default="")
    former_type = fields.CharField(max_length=20, default="")
    at = MomentField()

    class Meta:
        """Table name and indexes."""

        table = "tombstone"
        indexes = (("at",),)


class Gathering(Model):
    """What was, or is to be, fetched from elsewhere as a whole: the rest of a thread, or somebody's latest posts.

    `subject` is the id of the thread's first post as far as it is known, or of the actor. `found` counts what was new.
    """

    subject = fields.CharField(max_length=500, primary_key=True)
    kind = fields.CharField(max_length=8)
    host = fields.CharField(max_length=255)
    asked_at = MomentField()
    done_at: datetime | None = MomentField(null=True)
    found = fields.IntField(default=0)

    class Meta:
        """Table name and indexes."""

        table = "gathering"
        indexes = (("host", "asked_at"),)
