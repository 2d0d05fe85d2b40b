"""Answers by mail."""

SQLITE = [
    """CREATE TABLE "mail_answer" (
    "id" VARCHAR(64) NOT NULL PRIMARY KEY,
    "reader_id" VARCHAR(26) NOT NULL,
    "post_id" VARCHAR(26),
    "at" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_mail_answer_reader__432c3d" ON "mail_answer" ("reader_id", "at")""",
    """CREATE INDEX "idx_mail_answer_at_30d068" ON "mail_answer" ("at")""",
]

POSTGRES = [
    """CREATE TABLE "mail_answer" (
    "id" VARCHAR(64) NOT NULL PRIMARY KEY,
    "reader_id" VARCHAR(26) NOT NULL,
    "post_id" VARCHAR(26),
    "at" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_mail_answer_reader__432c3d" ON "mail_answer" ("reader_id", "at")""",
    """CREATE INDEX "idx_mail_answer_at_30d068" ON "mail_answer" ("at")""",
]
