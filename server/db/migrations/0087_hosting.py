"""Roles of meetings that go round, newcomers and who greets them; what is noted of applications; and terms."""

SQLITE = [
    """CREATE TABLE "meeting_role" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "event_id" VARCHAR(26) NOT NULL,
    "community_id" VARCHAR(26) NOT NULL,
    "role" VARCHAR(10) NOT NULL,
    "at" BIGINT NOT NULL,
    "person_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_meeting_rol_event_i_f6fbe2" UNIQUE ("event_id", "role")
)""",
    """CREATE INDEX "idx_meeting_rol_person__1f3ea5" ON "meeting_role" ("person_id")""",
    """CREATE INDEX "idx_meeting_rol_communi_a5b45d" ON "meeting_role" ("community_id", "role", "event_id")""",
    """CREATE TABLE "newcomer" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "community_id" VARCHAR(26) NOT NULL,
    "greeter_id" VARCHAR(26),
    "intro_id" VARCHAR(26),
    "joined_at" BIGINT NOT NULL,
    "nudged_at" BIGINT,
    "person_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_newcomer_communi_80d7e9" UNIQUE ("community_id", "person_id")
)""",
    """CREATE INDEX "idx_newcomer_person__2a7b41" ON "newcomer" ("person_id")""",
    """CREATE INDEX "idx_newcomer_greeter_4612d4" ON "newcomer" ("greeter_id")""",
    """CREATE TABLE "hosting_rotation" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "goes_round" INT NOT NULL
)""",
    """CREATE TABLE "hosting_turns" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "community_id" VARCHAR(26) NOT NULL,
    "hosts" INT NOT NULL,
    "greets" INT NOT NULL,
    "at" BIGINT NOT NULL,
    "person_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_hosting_tur_communi_22d34a" UNIQUE ("community_id", "person_id")
)""",
    """CREATE INDEX "idx_hosting_tur_person__648da8" ON "hosting_turns" ("person_id")""",
    """CREATE TABLE "community_prompt" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "community_id" VARCHAR(26) NOT NULL,
    "position" INT NOT NULL,
    "text" VARCHAR(150) NOT NULL,
    CONSTRAINT "uid_community_p_communi_38ad52" UNIQUE ("community_id", "position")
)""",
    """CREATE TABLE "community_term" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "community_id" VARCHAR(26) NOT NULL,
    "number" INT NOT NULL,
    "first_day" VARCHAR(10) NOT NULL,
    "last_day" VARCHAR(10) NOT NULL,
    "reached" TEXT NOT NULL,
    "charter_version" INT NOT NULL,
    "members" INT NOT NULL,
    "goals" TEXT NOT NULL,
    "ended_at" BIGINT NOT NULL,
    CONSTRAINT "uid_community_t_communi_faf083" UNIQUE ("community_id", "number")
)""",
    """ALTER TABLE "membership" ADD COLUMN "asked_again" INT NOT NULL DEFAULT 0""",
    """ALTER TABLE "membership" ADD COLUMN "shortlisted" INT NOT NULL DEFAULT 0""",
    """ALTER TABLE "membership" ADD COLUMN "marks" TEXT""",
]

POSTGRES = [
    """CREATE TABLE "meeting_role" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "event_id" VARCHAR(26) NOT NULL,
    "community_id" VARCHAR(26) NOT NULL,
    "role" VARCHAR(10) NOT NULL,
    "at" BIGINT NOT NULL,
    "person_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_meeting_rol_event_i_f6fbe2" UNIQUE ("event_id", "role")
)""",
    """CREATE INDEX "idx_meeting_rol_person__1f3ea5" ON "meeting_role" ("person_id")""",
    """CREATE INDEX "idx_meeting_rol_communi_a5b45d" ON "meeting_role" ("community_id", "role", "event_id")""",
    """CREATE TABLE "newcomer" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "community_id" VARCHAR(26) NOT NULL,
    "greeter_id" VARCHAR(26),
    "intro_id" VARCHAR(26),
    "joined_at" BIGINT NOT NULL,
    "nudged_at" BIGINT,
    "person_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_newcomer_communi_80d7e9" UNIQUE ("community_id", "person_id")
)""",
    """CREATE INDEX "idx_newcomer_person__2a7b41" ON "newcomer" ("person_id")""",
    """CREATE INDEX "idx_newcomer_greeter_4612d4" ON "newcomer" ("greeter_id")""",
    """CREATE TABLE "hosting_rotation" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "goes_round" BOOL NOT NULL
)""",
    """CREATE TABLE "hosting_turns" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "community_id" VARCHAR(26) NOT NULL,
    "hosts" BOOL NOT NULL,
    "greets" BOOL NOT NULL,
    "at" BIGINT NOT NULL,
    "person_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_hosting_tur_communi_22d34a" UNIQUE ("community_id", "person_id")
)""",
    """CREATE INDEX "idx_hosting_tur_person__648da8" ON "hosting_turns" ("person_id")""",
    """CREATE TABLE "community_prompt" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "community_id" VARCHAR(26) NOT NULL,
    "position" INT NOT NULL,
    "text" VARCHAR(150) NOT NULL,
    CONSTRAINT "uid_community_p_communi_38ad52" UNIQUE ("community_id", "position")
)""",
    """CREATE TABLE "community_term" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "community_id" VARCHAR(26) NOT NULL,
    "number" INT NOT NULL,
    "first_day" VARCHAR(10) NOT NULL,
    "last_day" VARCHAR(10) NOT NULL,
    "reached" TEXT NOT NULL,
    "charter_version" INT NOT NULL,
    "members" INT NOT NULL,
    "goals" TEXT NOT NULL,
    "ended_at" BIGINT NOT NULL,
    CONSTRAINT "uid_community_t_communi_faf083" UNIQUE ("community_id", "number")
)""",
    """ALTER TABLE "membership" ADD COLUMN "asked_again" BOOL NOT NULL DEFAULT FALSE""",
    """ALTER TABLE "membership" ADD COLUMN "shortlisted" BOOL NOT NULL DEFAULT FALSE""",
    """ALTER TABLE "membership" ADD COLUMN "marks" TEXT""",
]
