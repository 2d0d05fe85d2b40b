"""Charters with versions, goals with what brings them nearer, and changes that members propose."""

SQLITE = [
    """CREATE TABLE "charter_version" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "version" INT NOT NULL,
    "parts" TEXT NOT NULL,
    "why" TEXT NOT NULL,
    "by_id" VARCHAR(26) NOT NULL,
    "proposal_id" VARCHAR(26),
    "created_at" BIGINT NOT NULL,
    "community_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_charter_ver_communi_37db37" UNIQUE ("community_id", "version")
)""",
    """CREATE TABLE "proposal_opinion" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "proposal_id" VARCHAR(26) NOT NULL,
    "answer" VARCHAR(7) NOT NULL,
    "reply_id" VARCHAR(26) NOT NULL,
    "at" BIGINT NOT NULL,
    "person_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_proposal_op_proposa_42b05d" UNIQUE ("proposal_id", "person_id")
)""",
    """CREATE INDEX "idx_proposal_op_reply_i_3ad54c" ON "proposal_opinion" ("reply_id")""",
    """CREATE INDEX "idx_proposal_op_person__a3a406" ON "proposal_opinion" ("person_id")""",
    """CREATE TABLE "proposal" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "community_id" VARCHAR(26) NOT NULL,
    "about" VARCHAR(10) NOT NULL,
    "changes" TEXT NOT NULL,
    "why" TEXT NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "agree" INT NOT NULL,
    "concern" INT NOT NULL,
    "change" INT NOT NULL,
    "note" TEXT NOT NULL,
    "decided_by_id" VARCHAR(26),
    "decided_at" BIGINT,
    "version" INT
)""",
    """CREATE INDEX "idx_proposal_communi_07c391" ON "proposal" ("community_id", "id")""",
    """ALTER TABLE "community" ADD COLUMN "term_from" VARCHAR(10) NOT NULL DEFAULT ''""",
    """ALTER TABLE "community" ADD COLUMN "term_until" VARCHAR(10) NOT NULL DEFAULT ''""",
    """ALTER TABLE "community" ADD COLUMN "channels" TEXT NOT NULL DEFAULT ''""",
    """ALTER TABLE "community" ADD COLUMN "feedback" TEXT NOT NULL DEFAULT ''""",
    """ALTER TABLE "community" ADD COLUMN "charter_version" INT NOT NULL DEFAULT 0""",
    """ALTER TABLE "community" ADD COLUMN "deliverables" TEXT""",
    """ALTER TABLE "membership" ADD COLUMN "charter_version" INT NOT NULL DEFAULT 0""",
]

POSTGRES = SQLITE
