"""What people agreed to, and archives that they take along."""

SQLITE = [
    """ALTER TABLE "account" ADD COLUMN "uncounted" INT NOT NULL DEFAULT 0""",
    """CREATE TABLE "consent" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "kind" VARCHAR(12) NOT NULL,
    "given" INT NOT NULL,
    "version" INT NOT NULL,
    "place" VARCHAR(10) NOT NULL,
    "at" BIGINT NOT NULL,
    "account_id" VARCHAR(26) NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_consent_account_af4eef" ON "consent" ("account_id", "kind", "id")""",
    """CREATE TABLE "data_export" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "actor_id" VARCHAR(26) NOT NULL,
    "kind" VARCHAR(10) NOT NULL,
    "subject_id" VARCHAR(26) NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "parts" TEXT NOT NULL,
    "token_hash" VARCHAR(64) UNIQUE,
    "created_at" BIGINT NOT NULL,
    "ready_at" BIGINT,
    "expires_at" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_data_export_actor_i_8f1243" ON "data_export" ("actor_id", "id")""",
    """CREATE INDEX "idx_data_export_expires_cd6fbb" ON "data_export" ("expires_at")""",
]

POSTGRES = [
    """ALTER TABLE "account" ADD COLUMN "uncounted" BOOL NOT NULL DEFAULT FALSE""",
    """CREATE TABLE "consent" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "kind" VARCHAR(12) NOT NULL,
    "given" BOOL NOT NULL,
    "version" INT NOT NULL,
    "place" VARCHAR(10) NOT NULL,
    "at" BIGINT NOT NULL,
    "account_id" VARCHAR(26) NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_consent_account_af4eef" ON "consent" ("account_id", "kind", "id")""",
    """CREATE TABLE "data_export" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "actor_id" VARCHAR(26) NOT NULL,
    "kind" VARCHAR(10) NOT NULL,
    "subject_id" VARCHAR(26) NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "parts" TEXT NOT NULL,
    "token_hash" VARCHAR(64) UNIQUE,
    "created_at" BIGINT NOT NULL,
    "ready_at" BIGINT,
    "expires_at" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_data_export_actor_i_8f1243" ON "data_export" ("actor_id", "id")""",
    """CREATE INDEX "idx_data_export_expires_cd6fbb" ON "data_export" ("expires_at")""",
]
