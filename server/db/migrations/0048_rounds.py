"""Rounds in which everybody is heard, and whose turn it is."""

SQLITE = [
    """CREATE TABLE "heard_round" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "is_hidden" INT NOT NULL,
    "closed_at" BIGINT,
    "reason" TEXT NOT NULL,
    "told_at" BIGINT
)""",
    """CREATE TABLE "round_turn" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "round_id" VARCHAR(26) NOT NULL,
    "person_uri" VARCHAR(500) NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "said_at" BIGINT,
    "nudged_at" BIGINT,
    CONSTRAINT "uid_round_turn_round_i_7de5c1" UNIQUE ("round_id", "person_uri")
)""",
    """CREATE INDEX "idx_round_turn_person__7612d4" ON "round_turn" ("person_uri")""",
]

POSTGRES = [
    """CREATE TABLE "heard_round" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "is_hidden" BOOL NOT NULL,
    "closed_at" BIGINT,
    "reason" TEXT NOT NULL,
    "told_at" BIGINT
)""",
    """CREATE TABLE "round_turn" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "round_id" VARCHAR(26) NOT NULL,
    "person_uri" VARCHAR(500) NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "said_at" BIGINT,
    "nudged_at" BIGINT,
    CONSTRAINT "uid_round_turn_round_i_7de5c1" UNIQUE ("round_id", "person_uri")
)""",
    """CREATE INDEX "idx_round_turn_person__7612d4" ON "round_turn" ("person_uri")""",
]
