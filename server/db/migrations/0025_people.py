"""What a person here chose about others: of whom they follow, and mutes, blocked servers, notes and endorsements."""

SQLITE = [
    """CREATE TABLE "endorsement" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "created_at" BIGINT NOT NULL,
    "endorsed_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    "endorser_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_endorsement_endorse_568a5a" UNIQUE ("endorser_id", "endorsed_id")
)""",
    """CREATE INDEX "idx_endorsement_endorse_87e09a" ON "endorsement" ("endorsed_id")""",
    """CREATE INDEX "idx_endorsement_endorse_8155b4" ON "endorsement" ("endorser_id", "id")""",
    """CREATE TABLE "host_block" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "host" VARCHAR(255) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "blocker_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_host_block_blocker_4e2704" UNIQUE ("blocker_id", "host")
)""",
    """CREATE INDEX "idx_host_block_blocker_a5f666" ON "host_block" ("blocker_id", "id")""",
    """CREATE TABLE "actor_mute" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "hides_notifications" INT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "expires_at" BIGINT,
    "muted_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    "muter_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_actor_mute_muter_i_493dcc" UNIQUE ("muter_id", "muted_id")
)""",
    """CREATE INDEX "idx_actor_mute_muted_i_00443c" ON "actor_mute" ("muted_id")""",
    """CREATE INDEX "idx_actor_mute_muter_i_58b687" ON "actor_mute" ("muter_id", "id")""",
    """CREATE TABLE "actor_note" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "text" TEXT NOT NULL,
    "about_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    "writer_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_actor_note_writer__5e578c" UNIQUE ("writer_id", "about_id")
)""",
    """CREATE INDEX "idx_actor_note_about_i_837699" ON "actor_note" ("about_id")""",
    """ALTER TABLE "follow" ADD COLUMN "shows_boosts" INT NOT NULL DEFAULT 1""",
    """ALTER TABLE "follow" ADD COLUMN "notifies" INT NOT NULL DEFAULT 0""",
    """ALTER TABLE "follow" ADD COLUMN "languages" VARCHAR(400)""",
]

POSTGRES = [statement.replace(" INT NOT NULL", " BOOL NOT NULL") for statement in SQLITE[:-3]] + [
    """ALTER TABLE "follow" ADD COLUMN "shows_boosts" BOOL NOT NULL DEFAULT TRUE""",
    """ALTER TABLE "follow" ADD COLUMN "notifies" BOOL NOT NULL DEFAULT FALSE""",
    """ALTER TABLE "follow" ADD COLUMN "languages" VARCHAR(400)""",
]
