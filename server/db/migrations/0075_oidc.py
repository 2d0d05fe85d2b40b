"""Who signs in with a service of their organisation, and what is under way."""

SQLITE = [
    """CREATE TABLE "oidc_identity" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "issuer" VARCHAR(500) NOT NULL,
    "subject" VARCHAR(255) NOT NULL,
    "refresh_sealed" TEXT,
    "created_at" BIGINT NOT NULL,
    "seen_at" BIGINT NOT NULL,
    "asked_at" BIGINT NOT NULL,
    "answered_at" BIGINT NOT NULL,
    "ended_at" BIGINT,
    "ended_why" VARCHAR(300) NOT NULL,
    "account_id" VARCHAR(26) NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_oidc_identi_issuer_b9edbe" UNIQUE ("issuer", "subject"),
    CONSTRAINT "uid_oidc_identi_account_929023" UNIQUE ("account_id", "issuer")
)""",
    """CREATE INDEX "idx_oidc_identi_asked_a_ef8687" ON "oidc_identity" ("asked_at")""",
    """CREATE TABLE "oidc_ticket" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "hash" VARCHAR(64) NOT NULL UNIQUE,
    "sealed" TEXT,
    "until" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_oidc_ticket_until_dc0a4a" ON "oidc_ticket" ("until")""",
]

POSTGRES = [
    """CREATE TABLE "oidc_identity" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "issuer" VARCHAR(500) NOT NULL,
    "subject" VARCHAR(255) NOT NULL,
    "refresh_sealed" TEXT,
    "created_at" BIGINT NOT NULL,
    "seen_at" BIGINT NOT NULL,
    "asked_at" BIGINT NOT NULL,
    "answered_at" BIGINT NOT NULL,
    "ended_at" BIGINT,
    "ended_why" VARCHAR(300) NOT NULL,
    "account_id" VARCHAR(26) NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_oidc_identi_issuer_b9edbe" UNIQUE ("issuer", "subject"),
    CONSTRAINT "uid_oidc_identi_account_929023" UNIQUE ("account_id", "issuer")
)""",
    """CREATE INDEX "idx_oidc_identi_asked_a_ef8687" ON "oidc_identity" ("asked_at")""",
    """CREATE TABLE "oidc_ticket" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "hash" VARCHAR(64) NOT NULL UNIQUE,
    "sealed" TEXT,
    "until" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_oidc_ticket_until_dc0a4a" ON "oidc_ticket" ("until")""",
]
