"""Where apps want to be woken."""

SQLITE = [
    """CREATE TABLE "push_subscription" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "owner_id" VARCHAR(26) NOT NULL,
    "endpoint" TEXT NOT NULL,
    "p256dh" VARCHAR(100) NOT NULL,
    "secret" VARCHAR(40) NOT NULL,
    "alerts" VARCHAR(200) NOT NULL,
    "policy" VARCHAR(10) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "token_id" VARCHAR(26) NOT NULL UNIQUE REFERENCES "oauth_token" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_push_subscr_owner_i_79f847" ON "push_subscription" ("owner_id")""",
]

POSTGRES = [
    """CREATE TABLE "push_subscription" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "owner_id" VARCHAR(26) NOT NULL,
    "endpoint" TEXT NOT NULL,
    "p256dh" VARCHAR(100) NOT NULL,
    "secret" VARCHAR(40) NOT NULL,
    "alerts" VARCHAR(200) NOT NULL,
    "policy" VARCHAR(10) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "token_id" VARCHAR(26) NOT NULL UNIQUE REFERENCES "oauth_token" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_push_subscr_owner_i_79f847" ON "push_subscription" ("owner_id")""",
]
