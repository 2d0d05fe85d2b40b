"""Requests about data, and reading what is private with two admins."""

SQLITE = [
    """CREATE TABLE "data_request" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "kind" VARCHAR(10) NOT NULL,
    "who" VARCHAR(300) NOT NULL,
    "came_by" VARCHAR(100) NOT NULL,
    "note" TEXT NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "outcome" VARCHAR(10) NOT NULL,
    "reason" TEXT NOT NULL,
    "received_at" BIGINT NOT NULL,
    "due_at" BIGINT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "closed_at" BIGINT
)""",
    """CREATE INDEX "idx_data_reques_state_98ce7c" ON "data_request" ("state", "due_at")""",
    """CREATE INDEX "idx_data_reques_closed__85867b" ON "data_request" ("closed_at")""",
    """CREATE TABLE "glass_request" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "by_id" VARCHAR(26) NOT NULL,
    "person_id" VARCHAR(26) NOT NULL,
    "reason" TEXT NOT NULL,
    "withheld" TEXT NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "confirmed_by_id" VARCHAR(26),
    "created_at" BIGINT NOT NULL,
    "confirmed_at" BIGINT,
    "read_at" BIGINT,
    "expires_at" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_glass_reque_state_afdfe4" ON "glass_request" ("state", "expires_at")""",
    """CREATE INDEX "idx_glass_reque_person__8c67b2" ON "glass_request" ("person_id")""",
]

POSTGRES = [
    """CREATE TABLE "data_request" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "kind" VARCHAR(10) NOT NULL,
    "who" VARCHAR(300) NOT NULL,
    "came_by" VARCHAR(100) NOT NULL,
    "note" TEXT NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "outcome" VARCHAR(10) NOT NULL,
    "reason" TEXT NOT NULL,
    "received_at" BIGINT NOT NULL,
    "due_at" BIGINT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "closed_at" BIGINT
)""",
    """CREATE INDEX "idx_data_reques_state_98ce7c" ON "data_request" ("state", "due_at")""",
    """CREATE INDEX "idx_data_reques_closed__85867b" ON "data_request" ("closed_at")""",
    """CREATE TABLE "glass_request" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "by_id" VARCHAR(26) NOT NULL,
    "person_id" VARCHAR(26) NOT NULL,
    "reason" TEXT NOT NULL,
    "withheld" TEXT NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "confirmed_by_id" VARCHAR(26),
    "created_at" BIGINT NOT NULL,
    "confirmed_at" BIGINT,
    "read_at" BIGINT,
    "expires_at" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_glass_reque_state_afdfe4" ON "glass_request" ("state", "expires_at")""",
    """CREATE INDEX "idx_glass_reque_person__8c67b2" ON "glass_request" ("person_id")""",
]
