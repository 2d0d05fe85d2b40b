"""Seminars with their discussants and agenda, and what came of an event."""

SQLITE = [
    """CREATE TABLE "event_discussant" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "event_id" VARCHAR(26) NOT NULL,
    "person_uri" VARCHAR(500) NOT NULL,
    "name" VARCHAR(200) NOT NULL,
    "url" VARCHAR(500) NOT NULL,
    "state" VARCHAR(5) NOT NULL,
    "at" BIGINT NOT NULL,
    CONSTRAINT "uid_event_discu_event_i_64c836" UNIQUE ("event_id", "person_uri")
)""",
    """CREATE INDEX "idx_event_discu_person__4365bc" ON "event_discussant" ("person_uri")""",
    """ALTER TABLE "event_facts" ADD COLUMN "format" VARCHAR(10) NOT NULL DEFAULT ''""",
    """ALTER TABLE "event_facts" ADD COLUMN "agenda" TEXT""",
    """ALTER TABLE "event_facts" ADD COLUMN "recap" TEXT NOT NULL DEFAULT ''""",
    """ALTER TABLE "event_facts" ADD COLUMN "recap_at" BIGINT""",
    """ALTER TABLE "event_facts" ADD COLUMN "answers_until" BIGINT""",
]

POSTGRES = SQLITE
