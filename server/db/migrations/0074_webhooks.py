"""Webhooks."""

SQLITE = [
    """CREATE TABLE "webhook" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "community_id" VARCHAR(26) NOT NULL,
    "url" TEXT NOT NULL,
    "form" VARCHAR(10) NOT NULL,
    "wants" VARCHAR(60) NOT NULL,
    "is_on" INT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "soon_until" BIGINT,
    "last_at" BIGINT,
    "failing_since" BIGINT,
    "last_error" VARCHAR(200) NOT NULL
)""",
    """CREATE INDEX "idx_webhook_communi_6a4a4c" ON "webhook" ("community_id")""",
]

POSTGRES = [
    """CREATE TABLE "webhook" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "community_id" VARCHAR(26) NOT NULL,
    "url" TEXT NOT NULL,
    "form" VARCHAR(10) NOT NULL,
    "wants" VARCHAR(60) NOT NULL,
    "is_on" BOOL NOT NULL,
    "created_at" BIGINT NOT NULL,
    "soon_until" BIGINT,
    "last_at" BIGINT,
    "failing_since" BIGINT,
    "last_error" VARCHAR(200) NOT NULL
)""",
    """CREATE INDEX "idx_webhook_communi_6a4a4c" ON "webhook" ("community_id")""",
]
