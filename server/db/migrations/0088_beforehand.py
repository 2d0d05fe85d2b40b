"""Drafts that one person may read first."""

SQLITE = [
    """CREATE TABLE "first_reader" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "reader_id" VARCHAR(26) NOT NULL,
    "note" TEXT NOT NULL DEFAULT '',
    "asked_at" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_first_reade_reader__41c7b0" ON "first_reader" ("reader_id", "asked_at")""",
    """CREATE TABLE "first_remark" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "post_id" VARCHAR(26) NOT NULL,
    "author_id" VARCHAR(26) NOT NULL,
    "text" TEXT NOT NULL,
    "at" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_first_remar_post_id_8e52aa" ON "first_remark" ("post_id", "at")""",
    """CREATE INDEX "idx_first_remar_author__d3f019" ON "first_remark" ("author_id")""",
]

POSTGRES = SQLITE
