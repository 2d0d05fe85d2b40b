"""How long things are kept, what went because of it, and who was told that their account ends."""

SQLITE = [
    """CREATE TABLE "inactive_notice" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "stage" INT NOT NULL,
    "at" BIGINT NOT NULL,
    "account_id" VARCHAR(26) NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_inactive_no_account_2e473c" UNIQUE ("account_id", "stage")
)""",
    """CREATE TABLE "retention_rule" (
    "key" VARCHAR(20) NOT NULL PRIMARY KEY,
    "days" INT NOT NULL,
    "changed_at" BIGINT NOT NULL
)""",
    """CREATE TABLE "retention_run" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "key" VARCHAR(20) NOT NULL,
    "days" INT NOT NULL,
    "removed" INT NOT NULL,
    "at" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_retention_r_at_531a87" ON "retention_run" ("at")""",
]

POSTGRES = [
    """CREATE TABLE "inactive_notice" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "stage" INT NOT NULL,
    "at" BIGINT NOT NULL,
    "account_id" VARCHAR(26) NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_inactive_no_account_2e473c" UNIQUE ("account_id", "stage")
)""",
    """CREATE TABLE "retention_rule" (
    "key" VARCHAR(20) NOT NULL PRIMARY KEY,
    "days" INT NOT NULL,
    "changed_at" BIGINT NOT NULL
)""",
    """CREATE TABLE "retention_run" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "key" VARCHAR(20) NOT NULL,
    "days" INT NOT NULL,
    "removed" INT NOT NULL,
    "at" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_retention_r_at_531a87" ON "retention_run" ("at")""",
]
