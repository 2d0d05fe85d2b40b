"""Together."""

SQLITE = [
    """CREATE TABLE "together" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "practice_uri" VARCHAR(500) NOT NULL,
    "challenge_uri" VARCHAR(500),
    "summary_uri" VARCHAR(500),
    "is_longer" INT NOT NULL,
    "over_at" BIGINT
)""",
    """CREATE INDEX "idx_together_practic_c1c709" ON "together" ("practice_uri", "id")""",
]

POSTGRES = [
    """CREATE TABLE "together" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "practice_uri" VARCHAR(500) NOT NULL,
    "challenge_uri" VARCHAR(500),
    "summary_uri" VARCHAR(500),
    "is_longer" BOOL NOT NULL,
    "over_at" BIGINT
)""",
    """CREATE INDEX "idx_together_practic_c1c709" ON "together" ("practice_uri", "id")""",
]
