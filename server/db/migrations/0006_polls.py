"""Polls."""

SQLITE = [
    """CREATE TABLE "poll" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "is_multiple" INT NOT NULL,
    "ends_at" BIGINT,
    "closed_at" BIGINT,
    "voters_count" INT,
    "tallied_at" BIGINT,
    "told_end_at" BIGINT
)""",
    """CREATE INDEX "idx_poll_tallied_737f91" ON "poll" ("tallied_at")""",
    """CREATE TABLE "poll_option" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "poll_id" VARCHAR(26) NOT NULL,
    "position" INT NOT NULL,
    "name" VARCHAR(500) NOT NULL,
    "votes" INT NOT NULL,
    CONSTRAINT "uid_poll_option_poll_id_9b8202" UNIQUE ("poll_id", "position")
)""",
    """CREATE TABLE "poll_vote" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "poll_id" VARCHAR(26) NOT NULL,
    "slot" INT NOT NULL,
    "position" INT NOT NULL,
    "at" BIGINT NOT NULL,
    "actor_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_poll_vote_poll_id_e96f55" UNIQUE ("poll_id", "actor_id", "slot")
)""",
    """CREATE INDEX "idx_poll_vote_actor_i_aac3ab" ON "poll_vote" ("actor_id")""",
]

POSTGRES = [
    """CREATE TABLE "poll" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "is_multiple" BOOL NOT NULL,
    "ends_at" BIGINT,
    "closed_at" BIGINT,
    "voters_count" INT,
    "tallied_at" BIGINT,
    "told_end_at" BIGINT
)""",
    """CREATE INDEX "idx_poll_tallied_737f91" ON "poll" ("tallied_at")""",
    """CREATE TABLE "poll_option" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "poll_id" VARCHAR(26) NOT NULL,
    "position" INT NOT NULL,
    "name" VARCHAR(500) NOT NULL,
    "votes" INT NOT NULL,
    CONSTRAINT "uid_poll_option_poll_id_9b8202" UNIQUE ("poll_id", "position")
)""",
    """CREATE TABLE "poll_vote" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "poll_id" VARCHAR(26) NOT NULL,
    "slot" INT NOT NULL,
    "position" INT NOT NULL,
    "at" BIGINT NOT NULL,
    "actor_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_poll_vote_poll_id_e96f55" UNIQUE ("poll_id", "actor_id", "slot")
)""",
    """CREATE INDEX "idx_poll_vote_actor_i_aac3ab" ON "poll_vote" ("actor_id")""",
]
