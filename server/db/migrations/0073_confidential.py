"""Confidential spaces and posts, and who asked without a name."""

_NAMELESS = """CREATE TABLE "nameless_post" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "created_at" BIGINT NOT NULL,
    "person_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE
)"""
_OF_PERSON = """CREATE INDEX "idx_nameless_po_person__PLACE" ON "nameless_post" ("person_id", "created_at")"""

SQLITE = [
    """ALTER TABLE "community" ADD COLUMN "confidential" INT NOT NULL DEFAULT 0""",
    """ALTER TABLE "post" ADD COLUMN "confidential" INT NOT NULL DEFAULT 0""",
    """UPDATE "community" SET "confidential" = 1 WHERE "kind" = 'support'""",
    """UPDATE "post" SET "confidential" = 1 WHERE "community_id" IN
    (SELECT "id" FROM "community" WHERE "kind" = 'support')""",
    _NAMELESS,
    _OF_PERSON,
]

POSTGRES = [
    """ALTER TABLE "community" ADD COLUMN "confidential" BOOL NOT NULL DEFAULT FALSE""",
    """ALTER TABLE "post" ADD COLUMN "confidential" BOOL NOT NULL DEFAULT FALSE""",
    """UPDATE "community" SET "confidential" = TRUE WHERE "kind" = 'support'""",
    """UPDATE "post" SET "confidential" = TRUE WHERE "community_id" IN
    (SELECT "id" FROM "community" WHERE "kind" = 'support')""",
    _NAMELESS,
    _OF_PERSON,
]
