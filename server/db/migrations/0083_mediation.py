"""Mediations, with what the three say; and digests of the audit log."""

SQLITE = [
    """CREATE TABLE "mediation" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "state" VARCHAR(8) NOT NULL,
    "post_id" VARCHAR(26),
    "wish" TEXT NOT NULL,
    "asker_at" BIGINT,
    "other_at" BIGINT,
    "mediator_at" BIGINT,
    "outcome" VARCHAR(8) NOT NULL,
    "result" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "ended_at" BIGINT,
    "asker_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    "mediator_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    "other_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_mediation_asker_i_bda333" ON "mediation" ("asker_id", "id")""",
    """CREATE INDEX "idx_mediation_other_i_0b0361" ON "mediation" ("other_id", "id")""",
    """CREATE INDEX "idx_mediation_mediato_9c8feb" ON "mediation" ("mediator_id", "id")""",
    """CREATE TABLE "mediation_word" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "by_id" VARCHAR(26) NOT NULL,
    "text" TEXT NOT NULL,
    "at" BIGINT NOT NULL,
    "mediation_id" VARCHAR(26) NOT NULL REFERENCES "mediation" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_mediation_w_mediati_27ccc6" ON "mediation_word" ("mediation_id", "id")""",
    """ALTER TABLE "audit_entry" ADD COLUMN "previous_id" VARCHAR(26)""",
    """ALTER TABLE "audit_entry" ADD COLUMN "digest" VARCHAR(64) NOT NULL DEFAULT ''""",
]

POSTGRES = [
    """CREATE TABLE "mediation" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "state" VARCHAR(8) NOT NULL,
    "post_id" VARCHAR(26),
    "wish" TEXT NOT NULL,
    "asker_at" BIGINT,
    "other_at" BIGINT,
    "mediator_at" BIGINT,
    "outcome" VARCHAR(8) NOT NULL,
    "result" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "ended_at" BIGINT,
    "asker_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    "mediator_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    "other_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_mediation_asker_i_bda333" ON "mediation" ("asker_id", "id")""",
    """CREATE INDEX "idx_mediation_other_i_0b0361" ON "mediation" ("other_id", "id")""",
    """CREATE INDEX "idx_mediation_mediato_9c8feb" ON "mediation" ("mediator_id", "id")""",
    """CREATE TABLE "mediation_word" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "by_id" VARCHAR(26) NOT NULL,
    "text" TEXT NOT NULL,
    "at" BIGINT NOT NULL,
    "mediation_id" VARCHAR(26) NOT NULL REFERENCES "mediation" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_mediation_w_mediati_27ccc6" ON "mediation_word" ("mediation_id", "id")""",
    """ALTER TABLE "audit_entry" ADD COLUMN "previous_id" VARCHAR(26)""",
    """ALTER TABLE "audit_entry" ADD COLUMN "digest" VARCHAR(64) NOT NULL DEFAULT ''""",
]
