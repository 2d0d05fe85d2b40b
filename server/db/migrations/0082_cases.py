"""Cases of reports, with their course and what was decided; who is responsible for safeguarding; people limited alone."""

SQLITE = [
    """CREATE TABLE "moderation_case" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "state" VARCHAR(8) NOT NULL,
    "desk" VARCHAR(10) NOT NULL,
    "outcome" VARCHAR(10) NOT NULL,
    "category" VARCHAR(12) NOT NULL,
    "clause" TEXT NOT NULL,
    "posts" TEXT,
    "subject" VARCHAR(64) NOT NULL,
    "taken_by_id" VARCHAR(26),
    "taken_at" BIGINT,
    "looked_at" BIGINT,
    "due_at" BIGINT NOT NULL,
    "reminders" INT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "closed_at" BIGINT,
    "about_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    "community_id" VARCHAR(26) REFERENCES "actor" ("id") ON DELETE SET NULL
)""",
    """CREATE INDEX "idx_moderation__state_e075b3" ON "moderation_case" ("state", "created_at")""",
    """CREATE INDEX "idx_moderation__communi_e50000" ON "moderation_case" ("community_id", "state")""",
    """CREATE INDEX "idx_moderation__about_i_2168f9" ON "moderation_case" ("about_id", "state")""",
    """CREATE TABLE "moderation_entry" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "kind" VARCHAR(12) NOT NULL,
    "by_id" VARCHAR(26),
    "text" TEXT NOT NULL,
    "at" BIGINT NOT NULL,
    "case_id" VARCHAR(26) NOT NULL REFERENCES "moderation_case" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_moderation__case_id_0673ec" ON "moderation_entry" ("case_id", "id")""",
    """CREATE TABLE "moderation_ruling" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "by_id" VARCHAR(26) NOT NULL,
    "place" VARCHAR(300) NOT NULL,
    "clause" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "measures" TEXT,
    "at" BIGINT NOT NULL,
    "appeal_until" BIGINT NOT NULL,
    "appeal_state" VARCHAR(8) NOT NULL,
    "appeal_text" TEXT NOT NULL,
    "appealed_at" BIGINT,
    "answered_by_id" VARCHAR(26),
    "answer" TEXT NOT NULL,
    "answered_at" BIGINT,
    "case_id" VARCHAR(26) NOT NULL REFERENCES "moderation_case" ("id") ON DELETE CASCADE,
    "person_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_moderation__case_id_095b21" ON "moderation_ruling" ("case_id", "id")""",
    """CREATE INDEX "idx_moderation__person__e6688b" ON "moderation_ruling" ("person_id", "id")""",
    """CREATE TABLE "safeguarding_lead" (
    "person_id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "appointed_by_id" VARCHAR(26) NOT NULL,
    "appointed_at" BIGINT NOT NULL
)""",
    """ALTER TABLE "actor" ADD COLUMN "limited_at" BIGINT""",
    """ALTER TABLE "report" ADD COLUMN "case_id" VARCHAR(26) NOT NULL DEFAULT ''""",
    """ALTER TABLE "report" ADD COLUMN "clause" TEXT NOT NULL DEFAULT ''""",
    """INSERT INTO "moderation_case" ("id", "state", "desk", "outcome", "category", "clause", "posts", "subject",
    "taken_by_id", "due_at", "reminders", "created_at", "closed_at", "about_id", "community_id")
    SELECT "id", "state", CASE WHEN "category" = 'unsafe' THEN 'sealed' WHEN "community_id" IS NULL THEN 'server'
    ELSE 'community' END, "outcome", "category", '', "posts", "id", NULL, "created_at", 0, "created_at",
    "closed_at", "about_id", "community_id" FROM report""",
    """UPDATE "report" SET "case_id" = id""",
    """CREATE INDEX "idx_report_case_id_dcaf3e" ON "report" ("case_id", "id")""",
]

POSTGRES = [
    """CREATE TABLE "moderation_case" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "state" VARCHAR(8) NOT NULL,
    "desk" VARCHAR(10) NOT NULL,
    "outcome" VARCHAR(10) NOT NULL,
    "category" VARCHAR(12) NOT NULL,
    "clause" TEXT NOT NULL,
    "posts" TEXT,
    "subject" VARCHAR(64) NOT NULL,
    "taken_by_id" VARCHAR(26),
    "taken_at" BIGINT,
    "looked_at" BIGINT,
    "due_at" BIGINT NOT NULL,
    "reminders" INT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "closed_at" BIGINT,
    "about_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    "community_id" VARCHAR(26) REFERENCES "actor" ("id") ON DELETE SET NULL
)""",
    """CREATE INDEX "idx_moderation__state_e075b3" ON "moderation_case" ("state", "created_at")""",
    """CREATE INDEX "idx_moderation__communi_e50000" ON "moderation_case" ("community_id", "state")""",
    """CREATE INDEX "idx_moderation__about_i_2168f9" ON "moderation_case" ("about_id", "state")""",
    """CREATE TABLE "moderation_entry" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "kind" VARCHAR(12) NOT NULL,
    "by_id" VARCHAR(26),
    "text" TEXT NOT NULL,
    "at" BIGINT NOT NULL,
    "case_id" VARCHAR(26) NOT NULL REFERENCES "moderation_case" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_moderation__case_id_0673ec" ON "moderation_entry" ("case_id", "id")""",
    """CREATE TABLE "moderation_ruling" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "by_id" VARCHAR(26) NOT NULL,
    "place" VARCHAR(300) NOT NULL,
    "clause" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "measures" TEXT,
    "at" BIGINT NOT NULL,
    "appeal_until" BIGINT NOT NULL,
    "appeal_state" VARCHAR(8) NOT NULL,
    "appeal_text" TEXT NOT NULL,
    "appealed_at" BIGINT,
    "answered_by_id" VARCHAR(26),
    "answer" TEXT NOT NULL,
    "answered_at" BIGINT,
    "case_id" VARCHAR(26) NOT NULL REFERENCES "moderation_case" ("id") ON DELETE CASCADE,
    "person_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_moderation__case_id_095b21" ON "moderation_ruling" ("case_id", "id")""",
    """CREATE INDEX "idx_moderation__person__e6688b" ON "moderation_ruling" ("person_id", "id")""",
    """CREATE TABLE "safeguarding_lead" (
    "person_id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "appointed_by_id" VARCHAR(26) NOT NULL,
    "appointed_at" BIGINT NOT NULL
)""",
    """ALTER TABLE "actor" ADD COLUMN "limited_at" BIGINT""",
    """ALTER TABLE "report" ADD COLUMN "case_id" VARCHAR(26) NOT NULL DEFAULT ''""",
    """ALTER TABLE "report" ADD COLUMN "clause" TEXT NOT NULL DEFAULT ''""",
    """INSERT INTO "moderation_case" ("id", "state", "desk", "outcome", "category", "clause", "posts", "subject",
    "taken_by_id", "due_at", "reminders", "created_at", "closed_at", "about_id", "community_id")
    SELECT "id", "state", CASE WHEN "category" = 'unsafe' THEN 'sealed' WHEN "community_id" IS NULL THEN 'server'
    ELSE 'community' END, "outcome", "category", '', "posts", "id", NULL, "created_at", 0, "created_at",
    "closed_at", "about_id", "community_id" FROM report""",
    """UPDATE "report" SET "case_id" = id""",
    """CREATE INDEX "idx_report_case_id_dcaf3e" ON "report" ("case_id", "id")""",
]
