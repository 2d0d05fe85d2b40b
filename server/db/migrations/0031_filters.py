"""What people do not want to meet in apps: filters, their words, and single posts."""

SQLITE = [
    """CREATE TABLE "content_filter" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "owner_id" VARCHAR(26) NOT NULL,
    "title" VARCHAR(200) NOT NULL,
    "places" VARCHAR(60) NOT NULL,
    "action" VARCHAR(8) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "expires_at" BIGINT
)""",
    """CREATE INDEX "idx_filter_owner_i_039032" ON "content_filter" ("owner_id", "id")""",
    """CREATE TABLE "filter_keyword" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "keyword" VARCHAR(200) NOT NULL,
    "whole_word" INT NOT NULL,
    "within_id" VARCHAR(26) NOT NULL REFERENCES "content_filter" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_filter_keyw_within__1acd94" ON "filter_keyword" ("within_id", "id")""",
    """CREATE TABLE "filter_post" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "post_id" VARCHAR(26) NOT NULL,
    "within_id" VARCHAR(26) NOT NULL REFERENCES "content_filter" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_filter_post_within__ee886b" UNIQUE ("within_id", "post_id")
)""",
    """CREATE INDEX "idx_filter_post_post_id_03f4d2" ON "filter_post" ("post_id")""",
]

POSTGRES = [
    """CREATE TABLE "content_filter" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "owner_id" VARCHAR(26) NOT NULL,
    "title" VARCHAR(200) NOT NULL,
    "places" VARCHAR(60) NOT NULL,
    "action" VARCHAR(8) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "expires_at" BIGINT
)""",
    """CREATE INDEX "idx_filter_owner_i_039032" ON "content_filter" ("owner_id", "id")""",
    """CREATE TABLE "filter_keyword" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "keyword" VARCHAR(200) NOT NULL,
    "whole_word" BOOL NOT NULL,
    "within_id" VARCHAR(26) NOT NULL REFERENCES "content_filter" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_filter_keyw_within__1acd94" ON "filter_keyword" ("within_id", "id")""",
    """CREATE TABLE "filter_post" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "post_id" VARCHAR(26) NOT NULL,
    "within_id" VARCHAR(26) NOT NULL REFERENCES "content_filter" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_filter_post_within__ee886b" UNIQUE ("within_id", "post_id")
)""",
    """CREATE INDEX "idx_filter_post_post_id_03f4d2" ON "filter_post" ("post_id")""",
]
