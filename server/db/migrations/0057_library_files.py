"""Quotations that stay when a link is dead, and files that a resource had before."""

_EXCERPTS = [
    """ALTER TABLE "resource" ADD COLUMN "excerpt" TEXT NOT NULL DEFAULT ''""",
    """ALTER TABLE "resource" ADD COLUMN "excerpt_by" VARCHAR(120) NOT NULL DEFAULT ''""",
]
_FILES = """CREATE TABLE "resource_file" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "media_id" VARCHAR(26) NOT NULL,
    "version" INT NOT NULL,
    "replaced_at" BIGINT NOT NULL,
    "post_id" VARCHAR(26) NOT NULL REFERENCES "post" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_resource_fi_post_id_0d1f3a" UNIQUE ("post_id", "media_id")
)"""

SQLITE = [*_EXCERPTS, _FILES]

POSTGRES = SQLITE
