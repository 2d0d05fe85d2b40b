"""Remixes."""

SQLITE = [
    """CREATE TABLE "remix" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "source_uri" VARCHAR(500) NOT NULL,
    "root_uri" VARCHAR(500) NOT NULL,
    "what_changed" TEXT NOT NULL,
    "why" TEXT NOT NULL,
    "lineage" TEXT
)""",
    """CREATE INDEX "idx_remix_source__fb2705" ON "remix" ("source_uri", "id")""",
    """CREATE INDEX "idx_remix_root_ur_9df5cf" ON "remix" ("root_uri", "id")""",
]

POSTGRES = [
    """CREATE TABLE "remix" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "source_uri" VARCHAR(500) NOT NULL,
    "root_uri" VARCHAR(500) NOT NULL,
    "what_changed" TEXT NOT NULL,
    "why" TEXT NOT NULL,
    "lineage" TEXT
)""",
    """CREATE INDEX "idx_remix_source__fb2705" ON "remix" ("source_uri", "id")""",
    """CREATE INDEX "idx_remix_root_ur_9df5cf" ON "remix" ("root_uri", "id")""",
]
