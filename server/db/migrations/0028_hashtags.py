"""Hashtags that people here follow, and those that they show on their profiles."""

SQLITE = [
    """CREATE TABLE "featured_tag" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "tag" VARCHAR(100) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "person_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_featured_ta_person__f81782" UNIQUE ("person_id", "tag")
)""",
    """CREATE INDEX "idx_featured_ta_person__8e997f" ON "featured_tag" ("person_id", "id")""",
    """CREATE TABLE "followed_tag" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "tag" VARCHAR(100) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "person_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_followed_ta_person__90ab4b" UNIQUE ("person_id", "tag")
)""",
    """CREATE INDEX "idx_followed_ta_tag_25d457" ON "followed_tag" ("tag", "person_id")""",
    """CREATE INDEX "idx_followed_ta_person__e92f86" ON "followed_tag" ("person_id", "id")""",
]

POSTGRES = SQLITE
