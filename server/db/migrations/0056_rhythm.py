"""The rhythm of communities and of people: days of the weekly mail, what is wanted of one community, and absences."""

SPACES = [
    """CREATE TABLE "space_tier" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "reader_id" VARCHAR(26) NOT NULL,
    "community_id" VARCHAR(26) NOT NULL,
    "tier" VARCHAR(8) NOT NULL,
    CONSTRAINT "uid_space_tier_reader__63adf6" UNIQUE ("reader_id", "community_id")
)""",
    """CREATE INDEX "idx_space_tier_communi_0cc3ed" ON "space_tier" ("community_id", "tier")""",
    """ALTER TABLE "account" ADD COLUMN "away_since" BIGINT""",
    """ALTER TABLE "account" ADD COLUMN "back_at" BIGINT""",
    """ALTER TABLE "community" ADD COLUMN "digest_day" INT""",
]

# Who has another day than the usual one chose it.
SQLITE = [
    *SPACES,
    """ALTER TABLE "digest_plan" ADD COLUMN "is_chosen" INT NOT NULL DEFAULT 0""",
    """UPDATE "digest_plan" SET "is_chosen" = 1 WHERE "day" <> 0""",
]

POSTGRES = [
    *SPACES,
    """ALTER TABLE "digest_plan" ADD COLUMN "is_chosen" BOOL NOT NULL DEFAULT FALSE""",
    """UPDATE "digest_plan" SET "is_chosen" = TRUE WHERE "day" <> 0""",
]
