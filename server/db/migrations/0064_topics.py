"""Topics of communities, what people chose about them, and which topic a conversation is in."""

SQLITE = [
    """CREATE TABLE "topic" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "uri" VARCHAR(500) NOT NULL UNIQUE,
    "within_id" VARCHAR(26),
    "name" VARCHAR(60) NOT NULL,
    "position" INT NOT NULL,
    "retired_at" BIGINT,
    "created_at" BIGINT NOT NULL,
    "community_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_topic_communi_9d068c" ON "topic" ("community_id", "position")""",
    """CREATE TABLE "topic_choice" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "choice" VARCHAR(6) NOT NULL,
    "person_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    "topic_id" VARCHAR(26) NOT NULL REFERENCES "topic" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_topic_choic_person__715eac" UNIQUE ("person_id", "topic_id")
)""",
    """CREATE INDEX "idx_topic_choic_topic_i_54f8c0" ON "topic_choice" ("topic_id", "choice")""",
    """ALTER TABLE "post" ADD COLUMN "topic_id" VARCHAR(26)""",
    """CREATE INDEX "idx_post_sorted" ON "post" ("community_id", "last_activity_at", "id", "topic_id")
 WHERE state = 'visible' AND topic_id IS NOT NULL""",
]

POSTGRES = SQLITE
