"""Who was invited with a list, and what became of it."""

SQLITE = [
    """CREATE TABLE "invited_person" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "email" VARCHAR(254) NOT NULL UNIQUE,
    "name" VARCHAR(100) NOT NULL,
    "role" VARCHAR(10) NOT NULL,
    "invitation_id" VARCHAR(26),
    "mails" INT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "sent_at" BIGINT,
    "ends_at" BIGINT,
    "joined_at" BIGINT,
    "revoked_at" BIGINT,
    "invited_by_id" VARCHAR(26) REFERENCES "account" ("id") ON DELETE SET NULL
)""",
    """CREATE INDEX "idx_invited_per_invited_f3bebf" ON "invited_person" ("invited_by_id")""",
]

POSTGRES = [
    """CREATE TABLE "invited_person" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "email" VARCHAR(254) NOT NULL UNIQUE,
    "name" VARCHAR(100) NOT NULL,
    "role" VARCHAR(10) NOT NULL,
    "invitation_id" VARCHAR(26),
    "mails" INT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "sent_at" BIGINT,
    "ends_at" BIGINT,
    "joined_at" BIGINT,
    "revoked_at" BIGINT,
    "invited_by_id" VARCHAR(26) REFERENCES "account" ("id") ON DELETE SET NULL
)""",
    """CREATE INDEX "idx_invited_per_invited_f3bebf" ON "invited_person" ("invited_by_id")""",
]
