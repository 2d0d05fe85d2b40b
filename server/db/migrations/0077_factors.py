"""What people sign in with besides a password, and until when a session is known to be its owner's."""

SQLITE = [
    """CREATE TABLE "code_app" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "sealed" VARCHAR(200) NOT NULL,
    "last_step" BIGINT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "confirmed_at" BIGINT,
    "account_id" VARCHAR(26) NOT NULL UNIQUE REFERENCES "account" ("id") ON DELETE CASCADE
)""",
    """CREATE TABLE "passkey" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "name" VARCHAR(80) NOT NULL,
    "credential_hash" VARCHAR(64) NOT NULL UNIQUE,
    "credential_id" TEXT NOT NULL,
    "credential" TEXT NOT NULL,
    "sign_count" BIGINT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "last_used_at" BIGINT,
    "account_id" VARCHAR(26) NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_passkey_account_640db1" ON "passkey" ("account_id")""",
    """CREATE TABLE "recovery_code" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "code_hash" VARCHAR(64) NOT NULL UNIQUE,
    "created_at" BIGINT NOT NULL,
    "account_id" VARCHAR(26) NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_recovery_co_account_7c9315" ON "recovery_code" ("account_id")""",
    """CREATE TABLE "spent_challenge" (
    "challenge_hash" VARCHAR(64) NOT NULL PRIMARY KEY,
    "expires_at" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_spent_chall_expires_978d69" ON "spent_challenge" ("expires_at")""",
    """ALTER TABLE "account" ADD COLUMN "has_second_step" INT NOT NULL DEFAULT 0""",
    """ALTER TABLE "session" ADD COLUMN "proven_until" BIGINT""",
]

POSTGRES = [
    """CREATE TABLE "code_app" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "sealed" VARCHAR(200) NOT NULL,
    "last_step" BIGINT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "confirmed_at" BIGINT,
    "account_id" VARCHAR(26) NOT NULL UNIQUE REFERENCES "account" ("id") ON DELETE CASCADE
)""",
    """CREATE TABLE "passkey" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "name" VARCHAR(80) NOT NULL,
    "credential_hash" VARCHAR(64) NOT NULL UNIQUE,
    "credential_id" TEXT NOT NULL,
    "credential" TEXT NOT NULL,
    "sign_count" BIGINT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "last_used_at" BIGINT,
    "account_id" VARCHAR(26) NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_passkey_account_640db1" ON "passkey" ("account_id")""",
    """CREATE TABLE "recovery_code" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "code_hash" VARCHAR(64) NOT NULL UNIQUE,
    "created_at" BIGINT NOT NULL,
    "account_id" VARCHAR(26) NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_recovery_co_account_7c9315" ON "recovery_code" ("account_id")""",
    """CREATE TABLE "spent_challenge" (
    "challenge_hash" VARCHAR(64) NOT NULL PRIMARY KEY,
    "expires_at" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_spent_chall_expires_978d69" ON "spent_challenge" ("expires_at")""",
    """ALTER TABLE "account" ADD COLUMN "has_second_step" BOOL NOT NULL DEFAULT FALSE""",
    """ALTER TABLE "session" ADD COLUMN "proven_until" BIGINT""",
]
