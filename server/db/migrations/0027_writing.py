"""What people note on posts, what apps sent once or for later, and what posts and files say besides."""

_SAME = [
    """CREATE TABLE "bookmark" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "created_at" BIGINT NOT NULL,
    "actor_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    "post_id" VARCHAR(26) NOT NULL REFERENCES "post" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_bookmark_actor_i_a47ea2" UNIQUE ("actor_id", "post_id")
)""",
    """CREATE INDEX "idx_bookmark_actor_i_50e73c" ON "bookmark" ("actor_id", "id")""",
    """CREATE INDEX "idx_bookmark_post_id_e8d574" ON "bookmark" ("post_id")""",
    """CREATE TABLE "profile_pin" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "created_at" BIGINT NOT NULL,
    "actor_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    "post_id" VARCHAR(26) NOT NULL REFERENCES "post" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_profile_pin_actor_i_5f9022" UNIQUE ("actor_id", "post_id")
)""",
    """CREATE INDEX "idx_profile_pin_actor_i_f30a82" ON "profile_pin" ("actor_id", "id")""",
    """CREATE INDEX "idx_profile_pin_post_id_ab343a" ON "profile_pin" ("post_id")""",
    """CREATE TABLE "thread_mute" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "root_id" VARCHAR(26) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "actor_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_thread_mute_actor_i_4ae219" UNIQUE ("actor_id", "root_id")
)""",
    """CREATE TABLE "scheduled_note" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "form" TEXT NOT NULL,
    "scheduled_at" BIGINT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "problem" TEXT NOT NULL,
    "actor_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_scheduled_n_actor_i_cf53f3" ON "scheduled_note" ("actor_id", "id")""",
    """CREATE INDEX "idx_scheduled_n_schedul_31ab81" ON "scheduled_note" ("scheduled_at")""",
    """CREATE TABLE "sent_once" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "key" VARCHAR(64) NOT NULL,
    "post_id" VARCHAR(26),
    "scheduled_id" VARCHAR(26),
    "created_at" BIGINT NOT NULL,
    "actor_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_sent_once_actor_i_82bb6b" UNIQUE ("actor_id", "key")
)""",
    """CREATE INDEX "idx_sent_once_created_65a807" ON "sent_once" ("created_at")""",
    """CREATE INDEX "idx_post_like_actor_i_7d0e21" ON "post_like" ("actor_id", "kind", "id")""",
    """ALTER TABLE "post_version" ADD COLUMN "content_warning" TEXT NOT NULL DEFAULT ''""",
    """ALTER TABLE "media" ADD COLUMN "focus" VARCHAR(20) NOT NULL DEFAULT ''""",
]

_FLAGS = [("post_version", "sensitive"), ("poll", "hides_totals")]

SQLITE = [
    *_SAME,
    *(f'ALTER TABLE "{table}" ADD COLUMN "{name}" INT NOT NULL DEFAULT 0' for table, name in _FLAGS),
]

POSTGRES = [
    *_SAME,
    *(f'ALTER TABLE "{table}" ADD COLUMN "{name}" BOOL NOT NULL DEFAULT FALSE' for table, name in _FLAGS),
]
