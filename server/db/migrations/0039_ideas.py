"""Ideas, what became of them, and the board of a community."""

SQLITE = [
    """CREATE TABLE "idea" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "host_uri" VARCHAR(500),
    "session_uri" VARCHAR(500),
    "changed_at" BIGINT
)""",
    """CREATE INDEX "idx_idea_session_d2bfff" ON "idea" ("session_uri")""",
    """CREATE INDEX "idx_post_idea" ON "post" ("community_id", "published_at" DESC, "id" DESC)
 WHERE state = 'visible' AND kind = 'idea'""",
]

POSTGRES = SQLITE
