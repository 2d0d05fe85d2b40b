"""What to read before an event, who has read it, and the beginning that people were reminded of."""

SQLITE = [
    """CREATE TABLE "event_pack_item" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "event_id" VARCHAR(26) NOT NULL,
    "position" INT NOT NULL,
    "uri" VARCHAR(500) NOT NULL,
    "url" VARCHAR(500) NOT NULL,
    "title" VARCHAR(200) NOT NULL,
    "minutes" INT NOT NULL,
    CONSTRAINT "uid_event_pack__event_i_e9672d" UNIQUE ("event_id", "position")
)""",
    """CREATE INDEX "idx_event_pack__uri_49edd2" ON "event_pack_item" ("uri")""",
    """CREATE TABLE "event_pack_read" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "event_id" VARCHAR(26) NOT NULL,
    "person_id" VARCHAR(26) NOT NULL,
    "url" VARCHAR(500) NOT NULL,
    "at" BIGINT NOT NULL,
    CONSTRAINT "uid_event_pack__event_i_f8a8f5" UNIQUE ("event_id", "person_id", "url")
)""",
    """CREATE INDEX "idx_event_pack__person__a0f547" ON "event_pack_read" ("person_id")""",
    """ALTER TABLE "event_facts" ADD COLUMN "reminded_for" BIGINT""",
]

POSTGRES = SQLITE
