"""Reports of people who tried a practice, and the counts of practices that live elsewhere."""

SQLITE = [
    """CREATE TABLE "tried_report" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "practice_id" VARCHAR(26) NOT NULL,
    "author_id" VARCHAR(26) NOT NULL,
    "version" INT NOT NULL,
    "outcome" VARCHAR(20) NOT NULL,
    "subject" VARCHAR(16) NOT NULL,
    "level" VARCHAR(16) NOT NULL,
    "size" VARCHAR(8) NOT NULL,
    "minutes" VARCHAR(8) NOT NULL,
    "setting" VARCHAR(16) NOT NULL,
    "steps" TEXT,
    "changed" VARCHAR(300) NOT NULL,
    "saw" VARCHAR(300) NOT NULL,
    "may_contact" INT NOT NULL,
    "by_words" INT NOT NULL,
    "acknowledged_at" BIGINT,
    "created_at" BIGINT NOT NULL,
    CONSTRAINT "uid_tried_repor_practic_592abe" UNIQUE ("practice_id", "author_id", "version")
)""",
    """CREATE INDEX "idx_tried_repor_practic_1a0f5f" ON "tried_report" ("practice_id", "created_at")""",
    """CREATE INDEX "idx_tried_repor_author__54709d" ON "tried_report" ("author_id", "created_at")""",
    """CREATE TABLE "tried_tally" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "counts" TEXT,
    "version" INT NOT NULL,
    "address" VARCHAR(500) NOT NULL,
    "at" BIGINT,
    "asked_at" BIGINT
)""",
]

POSTGRES = [
    """CREATE TABLE "tried_report" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "practice_id" VARCHAR(26) NOT NULL,
    "author_id" VARCHAR(26) NOT NULL,
    "version" INT NOT NULL,
    "outcome" VARCHAR(20) NOT NULL,
    "subject" VARCHAR(16) NOT NULL,
    "level" VARCHAR(16) NOT NULL,
    "size" VARCHAR(8) NOT NULL,
    "minutes" VARCHAR(8) NOT NULL,
    "setting" VARCHAR(16) NOT NULL,
    "steps" TEXT,
    "changed" VARCHAR(300) NOT NULL,
    "saw" VARCHAR(300) NOT NULL,
    "may_contact" BOOL NOT NULL,
    "by_words" BOOL NOT NULL,
    "acknowledged_at" BIGINT,
    "created_at" BIGINT NOT NULL,
    CONSTRAINT "uid_tried_repor_practic_592abe" UNIQUE ("practice_id", "author_id", "version")
)""",
    """CREATE INDEX "idx_tried_repor_practic_1a0f5f" ON "tried_report" ("practice_id", "created_at")""",
    """CREATE INDEX "idx_tried_repor_author__54709d" ON "tried_report" ("author_id", "created_at")""",
    """CREATE TABLE "tried_tally" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "counts" TEXT,
    "version" INT NOT NULL,
    "address" VARCHAR(500) NOT NULL,
    "at" BIGINT,
    "asked_at" BIGINT
)""",
]
