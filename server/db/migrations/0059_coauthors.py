"""Coauthors."""

SQLITE = [
    """CREATE TABLE "coauthor" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "uri" VARCHAR(500) NOT NULL UNIQUE,
    "post_id" VARCHAR(26) NOT NULL,
    "person_id" VARCHAR(26) NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "wrote" INT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "answered_at" BIGINT,
    CONSTRAINT "uid_coauthor_post_id_951b4b" UNIQUE ("post_id", "person_id")
)""",
    """CREATE INDEX "idx_coauthor_person__1dbb83" ON "coauthor" ("person_id")""",
    """CREATE TABLE "coauthor_edit" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "uri" VARCHAR(500) NOT NULL UNIQUE,
    "post_id" VARCHAR(26) NOT NULL,
    "person_id" VARCHAR(26) NOT NULL,
    "base" VARCHAR(64) NOT NULL,
    "form" TEXT,
    "note" VARCHAR(300) NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "reason" VARCHAR(500) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "answered_at" BIGINT
)""",
    """CREATE INDEX "idx_coauthor_ed_post_id_cd4cb6" ON "coauthor_edit" ("post_id", "person_id", "id")""",
]

POSTGRES = [
    """CREATE TABLE "coauthor" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "uri" VARCHAR(500) NOT NULL UNIQUE,
    "post_id" VARCHAR(26) NOT NULL,
    "person_id" VARCHAR(26) NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "wrote" BOOL NOT NULL,
    "created_at" BIGINT NOT NULL,
    "answered_at" BIGINT,
    CONSTRAINT "uid_coauthor_post_id_951b4b" UNIQUE ("post_id", "person_id")
)""",
    """CREATE INDEX "idx_coauthor_person__1dbb83" ON "coauthor" ("person_id")""",
    """CREATE TABLE "coauthor_edit" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "uri" VARCHAR(500) NOT NULL UNIQUE,
    "post_id" VARCHAR(26) NOT NULL,
    "person_id" VARCHAR(26) NOT NULL,
    "base" VARCHAR(64) NOT NULL,
    "form" TEXT,
    "note" VARCHAR(300) NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "reason" VARCHAR(500) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "answered_at" BIGINT
)""",
    """CREATE INDEX "idx_coauthor_ed_post_id_cd4cb6" ON "coauthor_edit" ("post_id", "person_id", "id")""",
]
