"""Challenges, what answers them, and the board of a community: what nobody answered first, then by date."""

SQLITE = [
    """CREATE TABLE "challenge" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "answers" INT NOT NULL,
    "reason" TEXT NOT NULL,
    "changed_at" BIGINT
)""",
    """CREATE TABLE "challenge_answer" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "challenge_uri" VARCHAR(500) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "post_id" VARCHAR(26) NOT NULL REFERENCES "post" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_challenge_a_post_id_ebc08e" UNIQUE ("post_id", "challenge_uri")
)""",
    """CREATE INDEX "idx_challenge_a_challen_01e0a5" ON "challenge_answer" ("challenge_uri")""",
    """CREATE INDEX "idx_post_challenge" ON "post" ("community_id", "locked", "answered", "published_at" DESC, "id" DESC)
 WHERE state = 'visible' AND kind = 'challenge'""",
]

POSTGRES = SQLITE
