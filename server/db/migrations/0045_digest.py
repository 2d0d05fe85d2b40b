"""The weekly mail, and when which mail may come: plans, what was prepared, and addresses that mail does not reach."""

SQLITE = [
    """ALTER TABLE "notification" ADD COLUMN "bundled_at" BIGINT""",
    """ALTER TABLE "notification_setting" ADD COLUMN "tiers" TEXT""",
    """ALTER TABLE "notification_setting" ADD COLUMN "quiet_since" INT""",
    """ALTER TABLE "notification_setting" ADD COLUMN "quiet_until" INT""",
    """ALTER TABLE "notification_setting" ADD COLUMN "paused_until" BIGINT""",
    """CREATE TABLE "mail_bounce" (
    "address" VARCHAR(254) NOT NULL PRIMARY KEY,
    "at" BIGINT NOT NULL,
    "reason" VARCHAR(300) NOT NULL
)""",
    """CREATE TABLE "digest_plan" (
    "reader_id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "day" INT NOT NULL,
    "due_at" BIGINT,
    "last_at" BIGINT
)""",
    """CREATE INDEX "idx_digest_plan_due_at_72a190" ON "digest_plan" ("due_at", "reader_id")""",
    """CREATE TABLE "digest_mail" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "reader_id" VARCHAR(26) NOT NULL,
    "run_id" VARCHAR(26) NOT NULL,
    "due_at" BIGINT NOT NULL,
    "content" TEXT NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "sent_at" BIGINT,
    CONSTRAINT "uid_digest_mail_reader__194105" UNIQUE ("reader_id", "due_at")
)""",
    """CREATE INDEX "idx_digest_mail_run_id_cc976a" ON "digest_mail" ("run_id", "state")""",
    """CREATE TABLE "digest_run" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "people" INT NOT NULL,
    "mails" INT NOT NULL,
    "silent" INT NOT NULL,
    "begun_at" BIGINT NOT NULL,
    "ended_at" BIGINT
)""",
    """CREATE TABLE "digest_suggestion" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "reader_id" VARCHAR(26) NOT NULL,
    "post_id" VARCHAR(26) NOT NULL,
    "at" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_digest_sugg_reader__ef76cf" ON "digest_suggestion" ("reader_id", "at")""",
    """CREATE INDEX "idx_digest_sugg_at_961ef5" ON "digest_suggestion" ("at")""",
]

POSTGRES = SQLITE
