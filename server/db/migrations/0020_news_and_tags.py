"""Hashtags and what happened to somebody are read in their order, however much of either there is."""

_NEWS = (
    """DROP INDEX "idx_notificatio_reader__f1c404\"""",
    """CREATE INDEX "idx_notification_thing" ON "notification" ("reader_id", "thing", "at")""",
    """DROP INDEX "idx_notification_unread\"""",
    """CREATE INDEX "idx_notification_unread" ON "notification" ("reader_id", "thing", "at") WHERE read_at IS NULL""",
    """CREATE INDEX "idx_notification_new" ON "notification" ("reader_id", "at") WHERE read_at IS NULL""",
)
_TAGS = (
    """ALTER TABLE "post_tag" ADD COLUMN "at" BIGINT NOT NULL DEFAULT 0""",
    """UPDATE "post_tag" SET "at" = (SELECT "published_at" FROM "post" WHERE "post"."id" = "post_tag"."post_id")""",
    """DROP INDEX "idx_post_tag_tag_444649\"""",
    """CREATE INDEX "idx_post_tag_at" ON "post_tag" ("tag", "at", "post_id")""",
)

SQLITE = [*_NEWS, *_TAGS]

POSTGRES = SQLITE
