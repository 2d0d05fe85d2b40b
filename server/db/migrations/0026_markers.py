"""How far somebody has read in an app; and what happened to somebody is read by its kind, and by who did it."""

_NEWS = [
    """DROP INDEX "idx_notificatio_actor_i_b8a4da\"""",
    """CREATE INDEX "idx_notification_actor" ON "notification" ("actor_id", "reader_id", "id")""",
    """CREATE INDEX "idx_notification_kind" ON "notification" ("reader_id", "kind", "id")""",
]

SQLITE = [
    """CREATE TABLE "reading_marker" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "reader_id" VARCHAR(26) NOT NULL,
    "timeline" VARCHAR(16) NOT NULL,
    "last_read" BIGINT NOT NULL,
    "version" INT NOT NULL,
    "updated_at" BIGINT NOT NULL,
    CONSTRAINT "uid_reading_mar_reader__e2ab0d" UNIQUE ("reader_id", "timeline")
)""",
    *_NEWS,
]

POSTGRES = [
    """CREATE TABLE "reading_marker" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "reader_id" VARCHAR(26) NOT NULL,
    "timeline" VARCHAR(16) NOT NULL,
    "last_read" BIGINT NOT NULL,
    "version" INT NOT NULL,
    "updated_at" BIGINT NOT NULL,
    CONSTRAINT "uid_reading_mar_reader__e2ab0d" UNIQUE ("reader_id", "timeline")
)""",
    *_NEWS,
]
