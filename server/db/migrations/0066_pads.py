"""Shared notes: their sections, what these said before, who wrote, and the ways in for members elsewhere."""

SQLITE = [
    """CREATE TABLE "pad" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "short" VARCHAR(8) NOT NULL UNIQUE,
    "community_id" VARCHAR(26),
    "post_id" VARCHAR(26),
    "title" VARCHAR(150) NOT NULL,
    "is_project" INT NOT NULL,
    "created_by_id" VARCHAR(26) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "changed_id" VARCHAR(26) NOT NULL,
    "practice_id" VARCHAR(26)
)""",
    """CREATE INDEX "idx_pad_communi_f263de" ON "pad" ("community_id", "changed_id")""",
    """CREATE INDEX "idx_pad_post_id_fab5a4" ON "pad" ("post_id", "changed_id")""",
    """CREATE INDEX "idx_pad_practic_ffda58" ON "pad" ("practice_id")""",
    """CREATE TABLE "pad_door" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "token_hash" VARCHAR(64) NOT NULL UNIQUE,
    "key_hash" VARCHAR(64) UNIQUE,
    "person_id" VARCHAR(26) NOT NULL,
    "membership_id" VARCHAR(26) NOT NULL,
    "community_id" VARCHAR(26) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "until" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_pad_door_person__aa3af0" ON "pad_door" ("person_id", "created_at")""",
    """CREATE INDEX "idx_pad_door_until_6b8d53" ON "pad_door" ("until")""",
    """CREATE TABLE "pad_revision" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "pad_id" VARCHAR(26) NOT NULL,
    "section_id" VARCHAR(26) NOT NULL,
    "base" INT NOT NULL,
    "heading" VARCHAR(120) NOT NULL,
    "text" TEXT NOT NULL,
    "author_id" VARCHAR(26) NOT NULL,
    "state" VARCHAR(6) NOT NULL,
    "at" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_pad_revisio_section_951756" ON "pad_revision" ("section_id", "id")""",
    """CREATE INDEX "idx_pad_revisio_pad_id_3be608" ON "pad_revision" ("pad_id", "id")""",
    """CREATE TABLE "pad_section" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "pad_id" VARCHAR(26) NOT NULL,
    "position" INT NOT NULL,
    "heading" VARCHAR(120) NOT NULL,
    "text" TEXT NOT NULL,
    "html" TEXT NOT NULL,
    "version" INT NOT NULL,
    "author_id" VARCHAR(26),
    "edited_at" BIGINT,
    "holder_id" VARCHAR(26),
    "held_until" BIGINT,
    "removed_at" BIGINT
)""",
    """CREATE INDEX "idx_pad_section_pad_id_2e9f31" ON "pad_section" ("pad_id", "position")""",
    """CREATE TABLE "pad_writer" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "pad_id" VARCHAR(26) NOT NULL,
    "person_id" VARCHAR(26) NOT NULL,
    "named" INT,
    CONSTRAINT "uid_pad_writer_pad_id_72134a" UNIQUE ("pad_id", "person_id")
)""",
]

POSTGRES = [
    """CREATE TABLE "pad" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "short" VARCHAR(8) NOT NULL UNIQUE,
    "community_id" VARCHAR(26),
    "post_id" VARCHAR(26),
    "title" VARCHAR(150) NOT NULL,
    "is_project" BOOL NOT NULL,
    "created_by_id" VARCHAR(26) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "changed_id" VARCHAR(26) NOT NULL,
    "practice_id" VARCHAR(26)
)""",
    """CREATE INDEX "idx_pad_communi_f263de" ON "pad" ("community_id", "changed_id")""",
    """CREATE INDEX "idx_pad_post_id_fab5a4" ON "pad" ("post_id", "changed_id")""",
    """CREATE INDEX "idx_pad_practic_ffda58" ON "pad" ("practice_id")""",
    """CREATE TABLE "pad_door" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "token_hash" VARCHAR(64) NOT NULL UNIQUE,
    "key_hash" VARCHAR(64) UNIQUE,
    "person_id" VARCHAR(26) NOT NULL,
    "membership_id" VARCHAR(26) NOT NULL,
    "community_id" VARCHAR(26) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "until" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_pad_door_person__aa3af0" ON "pad_door" ("person_id", "created_at")""",
    """CREATE INDEX "idx_pad_door_until_6b8d53" ON "pad_door" ("until")""",
    """CREATE TABLE "pad_revision" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "pad_id" VARCHAR(26) NOT NULL,
    "section_id" VARCHAR(26) NOT NULL,
    "base" INT NOT NULL,
    "heading" VARCHAR(120) NOT NULL,
    "text" TEXT NOT NULL,
    "author_id" VARCHAR(26) NOT NULL,
    "state" VARCHAR(6) NOT NULL,
    "at" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_pad_revisio_section_951756" ON "pad_revision" ("section_id", "id")""",
    """CREATE INDEX "idx_pad_revisio_pad_id_3be608" ON "pad_revision" ("pad_id", "id")""",
    """CREATE TABLE "pad_section" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "pad_id" VARCHAR(26) NOT NULL,
    "position" INT NOT NULL,
    "heading" VARCHAR(120) NOT NULL,
    "text" TEXT NOT NULL,
    "html" TEXT NOT NULL,
    "version" INT NOT NULL,
    "author_id" VARCHAR(26),
    "edited_at" BIGINT,
    "holder_id" VARCHAR(26),
    "held_until" BIGINT,
    "removed_at" BIGINT
)""",
    """CREATE INDEX "idx_pad_section_pad_id_2e9f31" ON "pad_section" ("pad_id", "position")""",
    """CREATE TABLE "pad_writer" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "pad_id" VARCHAR(26) NOT NULL,
    "person_id" VARCHAR(26) NOT NULL,
    "named" BOOL,
    CONSTRAINT "uid_pad_writer_pad_id_72134a" UNIQUE ("pad_id", "person_id")
)""",
]
