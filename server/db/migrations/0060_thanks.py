"""Thanks and celebrations, and who does not want to be named in them."""

SQLITE = [
    """CREATE TABLE "thanks" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "act_uri" VARCHAR(500),
    "words" TEXT NOT NULL,
    "people" TEXT NOT NULL
)""",
    """CREATE TABLE "unnamed" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY
)""",
    """CREATE INDEX "idx_post_thanks" ON "post" ("published_at" DESC, "id" DESC)
 WHERE state = 'visible' AND kind IN ('thanks', 'celebration')""",
]

POSTGRES = SQLITE
