"""How safe communities feel to their members: counts alone, and who has answered while it is open."""

SQLITE = [
    """CREATE TABLE "pulse" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "community_id" VARCHAR(26) NOT NULL,
    "answered" INT NOT NULL DEFAULT 0,
    "opened_at" BIGINT NOT NULL,
    "closes_at" BIGINT NOT NULL
)""",
    """CREATE INDEX "idx_pulse_communi_5d1c07" ON "pulse" ("community_id", "closes_at")""",
    """CREATE TABLE "pulse_answered" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "pulse_id" VARCHAR(26) NOT NULL,
    "person_id" VARCHAR(26) NOT NULL,
    CONSTRAINT "uid_pulse_answe_9b3e42" UNIQUE ("pulse_id", "person_id")
)""",
    """CREATE TABLE "pulse_count" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "pulse_id" VARCHAR(26) NOT NULL,
    "item" INT NOT NULL,
    "choice" INT NOT NULL,
    "times" INT NOT NULL DEFAULT 0,
    CONSTRAINT "uid_pulse_count_c07a15" UNIQUE ("pulse_id", "item", "choice")
)""",
]

POSTGRES = SQLITE
