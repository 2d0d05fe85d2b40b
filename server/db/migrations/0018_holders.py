"""Leases say who has them, and what was in hand when a process died says how often that was."""

SQLITE = [
    """ALTER TABLE "inbox_receipt" ADD COLUMN "leased_by" BIGINT""",
    """ALTER TABLE "inbox_receipt" ADD COLUMN "crashes" INT NOT NULL DEFAULT 0""",
    """ALTER TABLE "job" ADD COLUMN "leased_by" BIGINT""",
    """ALTER TABLE "job" ADD COLUMN "crashes" INT NOT NULL DEFAULT 0""",
    """ALTER TABLE "peer" ADD COLUMN "leased_by" BIGINT""",
]

POSTGRES = SQLITE
