"""Jobs that were asked for again while they ran."""

SQLITE = [
    """ALTER TABLE "job" ADD COLUMN "again_at" BIGINT""",
]

POSTGRES = SQLITE
