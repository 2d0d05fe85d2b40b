"""Moves of accounts, receipts of deletions, keys that were replaced, and digests of followers.

Deliveries that wait keep ten days from when they were written.
"""

TEN_DAYS = 10 * 24 * 3600 * 1000

COLUMNS = [
    'ALTER TABLE "actor" ADD COLUMN "moved_at" BIGINT',
    'ALTER TABLE "actor" ADD COLUMN "synchronised_at" BIGINT',
    'ALTER TABLE "actor_key" ADD COLUMN "generation" INT NOT NULL DEFAULT 1',
    'ALTER TABLE "outgoing" ADD COLUMN "expires_at" BIGINT NOT NULL DEFAULT 0',
    'ALTER TABLE "outgoing" ADD COLUMN "subject" VARCHAR(500)',
    f'UPDATE "outgoing" SET "expires_at" = "created_at" + {TEN_DAYS}',
    'CREATE INDEX "idx_outgoing_expires_7b1c02" ON "outgoing" ("expires_at")',
    'ALTER TABLE "sent_activity" ADD COLUMN "actor" VARCHAR(500)',
    'CREATE INDEX "idx_sent_activi_actor_4e8d15" ON "sent_activity" ("actor")',
]


SQLITE = [
    *COLUMNS,
    """UPDATE "sent_activity" SET "actor" = json_extract("body", '$.actor')""",
    """CREATE TABLE "followers_digest" (
    "key" VARCHAR(290) NOT NULL PRIMARY KEY,
    "actor_id" VARCHAR(26) NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "total" INT NOT NULL
)""",
    """CREATE INDEX "idx_followers_d_actor_i_07f9c4" ON "followers_digest" ("actor_id")""",
    """CREATE TABLE "retired_key" (
    "key_id" VARCHAR(500) NOT NULL PRIMARY KEY,
    "kind" VARCHAR(8) NOT NULL,
    "private_pem" TEXT,
    "public_text" TEXT NOT NULL,
    "retired_at" BIGINT NOT NULL,
    "actor_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_retired_key_actor_i_e1d91c" ON "retired_key" ("actor_id", "kind")""",
    """CREATE TABLE "delivery_receipt" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "seq" BIGINT NOT NULL,
    "host" VARCHAR(255) NOT NULL,
    "subject" VARCHAR(500),
    "state" VARCHAR(12) NOT NULL,
    "detail" VARCHAR(500) NOT NULL,
    "at" BIGINT NOT NULL,
    CONSTRAINT "uid_delivery_re_seq_1f41f0" UNIQUE ("seq", "host")
)""",
    """CREATE INDEX "idx_delivery_re_subject_fe338c" ON "delivery_receipt" ("subject")""",
    """CREATE INDEX "idx_delivery_re_state_fa58b6" ON "delivery_receipt" ("state", "at")""",
    """CREATE TABLE "erasure" (
    "uri" VARCHAR(500) NOT NULL PRIMARY KEY,
    "handle" VARCHAR(120) NOT NULL,
    "requested_at" BIGINT NOT NULL,
    "report_to" VARCHAR(254),
    "reported_at" BIGINT
)""",
    """CREATE INDEX "idx_erasure_request_4ddf01" ON "erasure" ("requested_at")""",
]

POSTGRES = [
    *COLUMNS,
    """UPDATE "sent_activity" SET "actor" = "body"::json ->> 'actor'""",
    """CREATE TABLE "followers_digest" (
    "key" VARCHAR(290) NOT NULL PRIMARY KEY,
    "actor_id" VARCHAR(26) NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "total" INT NOT NULL
)""",
    """CREATE INDEX "idx_followers_d_actor_i_07f9c4" ON "followers_digest" ("actor_id")""",
    """CREATE TABLE "retired_key" (
    "key_id" VARCHAR(500) NOT NULL PRIMARY KEY,
    "kind" VARCHAR(8) NOT NULL,
    "private_pem" TEXT,
    "public_text" TEXT NOT NULL,
    "retired_at" BIGINT NOT NULL,
    "actor_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_retired_key_actor_i_e1d91c" ON "retired_key" ("actor_id", "kind")""",
    """CREATE TABLE "delivery_receipt" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "seq" BIGINT NOT NULL,
    "host" VARCHAR(255) NOT NULL,
    "subject" VARCHAR(500),
    "state" VARCHAR(12) NOT NULL,
    "detail" VARCHAR(500) NOT NULL,
    "at" BIGINT NOT NULL,
    CONSTRAINT "uid_delivery_re_seq_1f41f0" UNIQUE ("seq", "host")
)""",
    """CREATE INDEX "idx_delivery_re_subject_fe338c" ON "delivery_receipt" ("subject")""",
    """CREATE INDEX "idx_delivery_re_state_fa58b6" ON "delivery_receipt" ("state", "at")""",
    """CREATE TABLE "erasure" (
    "uri" VARCHAR(500) NOT NULL PRIMARY KEY,
    "handle" VARCHAR(120) NOT NULL,
    "requested_at" BIGINT NOT NULL,
    "report_to" VARCHAR(254),
    "reported_at" BIGINT
)""",
    """CREATE INDEX "idx_erasure_request_4ddf01" ON "erasure" ("requested_at")""",
]
