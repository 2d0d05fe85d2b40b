"""Grades on actors, receipts that wait for a steward, and guests of communities from other software."""

_GRADES = [
    """ALTER TABLE "actor" ADD COLUMN "grade" VARCHAR(12) NOT NULL DEFAULT 'normal'""",
    """UPDATE "actor" SET "grade" = COALESCE((SELECT peer."grade" FROM "peer" AS peer WHERE peer."graded_at" IS NOT NULL
    AND peer."host" = "actor"."host"), 'normal') WHERE "is_local" = FALSE""",
    """UPDATE "actor" SET "grade" = 'blocked' WHERE "is_local" = FALSE AND EXISTS (SELECT 1 FROM "peer" AS peer
    WHERE peer."graded_at" IS NOT NULL AND peer."grade" = 'blocked' AND ("actor"."host" = peer."host"
    OR "actor"."host" LIKE '%.' || peer."host" OR "actor"."host" LIKE peer."host" || ':%'))""",
]

SQLITE = [
    *_GRADES,
    """ALTER TABLE "inbox_receipt" ADD COLUMN "let_in" INT NOT NULL DEFAULT 0""",
    """ALTER TABLE "community" ADD COLUMN "guests" INT NOT NULL DEFAULT 0""",
]

POSTGRES = [
    *_GRADES,
    """ALTER TABLE "inbox_receipt" ADD COLUMN "let_in" BOOL NOT NULL DEFAULT FALSE""",
    """ALTER TABLE "community" ADD COLUMN "guests" BOOL NOT NULL DEFAULT FALSE""",
]
