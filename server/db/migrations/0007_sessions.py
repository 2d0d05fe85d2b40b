"""Sessions."""

SQLITE = [
    """CREATE TABLE "event_facts" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "starts_at" BIGINT,
    "ends_at" BIGINT,
    "timezone" VARCHAR(60) NOT NULL,
    "place" VARCHAR(500) NOT NULL,
    "place_url" VARCHAR(1000) NOT NULL,
    "links" TEXT,
    "join_mode" VARCHAR(10) NOT NULL,
    "join_url" VARCHAR(1000) NOT NULL,
    "capacity" INT,
    "participants" INT,
    "status" VARCHAR(10) NOT NULL,
    "categories" VARCHAR(520) NOT NULL,
    "tickets_url" VARCHAR(1000) NOT NULL,
    "fee" VARCHAR(60) NOT NULL,
    "answered_by" TEXT,
    "told_at" BIGINT
)""",
    """CREATE INDEX "idx_event_facts_starts__67e340" ON "event_facts" ("starts_at")""",
    """CREATE TABLE "event_participation" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "event_id" VARCHAR(26) NOT NULL,
    "uri" VARCHAR(500) NOT NULL UNIQUE,
    "state" VARCHAR(8) NOT NULL,
    "at" BIGINT NOT NULL,
    "actor_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_event_parti_event_i_819c88" UNIQUE ("event_id", "actor_id")
)""",
    """CREATE INDEX "idx_event_parti_actor_i_784c5e" ON "event_participation" ("actor_id")""",
]

POSTGRES = [
    """CREATE TABLE "event_facts" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "starts_at" BIGINT,
    "ends_at" BIGINT,
    "timezone" VARCHAR(60) NOT NULL,
    "place" VARCHAR(500) NOT NULL,
    "place_url" VARCHAR(1000) NOT NULL,
    "links" TEXT,
    "join_mode" VARCHAR(10) NOT NULL,
    "join_url" VARCHAR(1000) NOT NULL,
    "capacity" INT,
    "participants" INT,
    "status" VARCHAR(10) NOT NULL,
    "categories" VARCHAR(520) NOT NULL,
    "tickets_url" VARCHAR(1000) NOT NULL,
    "fee" VARCHAR(60) NOT NULL,
    "answered_by" TEXT,
    "told_at" BIGINT
)""",
    """CREATE INDEX "idx_event_facts_starts__67e340" ON "event_facts" ("starts_at")""",
    """CREATE TABLE "event_participation" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "event_id" VARCHAR(26) NOT NULL,
    "uri" VARCHAR(500) NOT NULL UNIQUE,
    "state" VARCHAR(8) NOT NULL,
    "at" BIGINT NOT NULL,
    "actor_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_event_parti_event_i_819c88" UNIQUE ("event_id", "actor_id")
)""",
    """CREATE INDEX "idx_event_parti_actor_i_784c5e" ON "event_participation" ("actor_id")""",
]
