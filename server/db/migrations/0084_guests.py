"""Guests from other servers, and what these know us by."""

SQLITE = [
    """CREATE TABLE "guest_app" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "host" VARCHAR(255) NOT NULL UNIQUE,
    "client_id" VARCHAR(500) NOT NULL,
    "secret_sealed" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL
)""",
    """CREATE TABLE "guest_pass" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "key_hash" VARCHAR(64) NOT NULL UNIQUE,
    "token_sealed" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "ends_at" BIGINT NOT NULL,
    "person_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_guest_pass_ends_at_e61a5e" ON "guest_pass" ("ends_at")""",
    """CREATE INDEX "idx_guest_pass_person__8394ad" ON "guest_pass" ("person_id")""",
]

POSTGRES = [
    """CREATE TABLE "guest_app" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "host" VARCHAR(255) NOT NULL UNIQUE,
    "client_id" VARCHAR(500) NOT NULL,
    "secret_sealed" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL
)""",
    """CREATE TABLE "guest_pass" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "key_hash" VARCHAR(64) NOT NULL UNIQUE,
    "token_sealed" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "ends_at" BIGINT NOT NULL,
    "person_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_guest_pass_ends_at_e61a5e" ON "guest_pass" ("ends_at")""",
    """CREATE INDEX "idx_guest_pass_person__8394ad" ON "guest_pass" ("person_id")""",
]
