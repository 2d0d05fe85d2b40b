"""Collections, what is in them, and how far somebody is on a path."""

SQLITE = [
    """CREATE TABLE "collection" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "intro" TEXT NOT NULL,
    "is_path" INT NOT NULL,
    "members_add" INT NOT NULL
)""",
    """CREATE TABLE "collection_item" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "position" INT NOT NULL,
    "uri" VARCHAR(500) NOT NULL,
    "url" VARCHAR(1000) NOT NULL,
    "title" VARCHAR(300) NOT NULL,
    "why" VARCHAR(300) NOT NULL,
    "added_by_id" VARCHAR(26),
    "post_id" VARCHAR(26) NOT NULL REFERENCES "post" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_collection__post_id_6cae6b" UNIQUE ("post_id", "uri")
)""",
    """CREATE INDEX "idx_collection__uri_478cf9" ON "collection_item" ("uri")""",
    """CREATE TABLE "collection_tick" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "uri" VARCHAR(500) NOT NULL,
    "done_at" BIGINT NOT NULL,
    "actor_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    "post_id" VARCHAR(26) NOT NULL REFERENCES "post" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_collection__actor_i_6aa53d" UNIQUE ("actor_id", "post_id", "uri")
)""",
    """CREATE INDEX "idx_collection__post_id_d06d23" ON "collection_tick" ("post_id")""",
    """CREATE INDEX "idx_post_collection" ON "post" ("published_at", "id")
 WHERE state = 'visible' AND kind = 'collection'""",
]

POSTGRES = [
    """CREATE TABLE "collection" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "intro" TEXT NOT NULL,
    "is_path" BOOL NOT NULL,
    "members_add" BOOL NOT NULL
)""",
    """CREATE TABLE "collection_item" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "position" INT NOT NULL,
    "uri" VARCHAR(500) NOT NULL,
    "url" VARCHAR(1000) NOT NULL,
    "title" VARCHAR(300) NOT NULL,
    "why" VARCHAR(300) NOT NULL,
    "added_by_id" VARCHAR(26),
    "post_id" VARCHAR(26) NOT NULL REFERENCES "post" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_collection__post_id_6cae6b" UNIQUE ("post_id", "uri")
)""",
    """CREATE INDEX "idx_collection__uri_478cf9" ON "collection_item" ("uri")""",
    """CREATE TABLE "collection_tick" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "uri" VARCHAR(500) NOT NULL,
    "done_at" BIGINT NOT NULL,
    "actor_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    "post_id" VARCHAR(26) NOT NULL REFERENCES "post" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_collection__actor_i_6aa53d" UNIQUE ("actor_id", "post_id", "uri")
)""",
    """CREATE INDEX "idx_collection__post_id_d06d23" ON "collection_tick" ("post_id")""",
    """CREATE INDEX "idx_post_collection" ON "post" ("published_at", "id")
 WHERE state = 'visible' AND kind = 'collection'""",
]
