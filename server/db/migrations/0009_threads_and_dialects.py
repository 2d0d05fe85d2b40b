"""What every post is counted in, what was fetched of threads, and what the dialect of a server follows from.

Counts are set once more to what the tables say; from here on they are kept.
"""

COUNTED = "'instance', 'members', 'network', 'public', 'unlisted'"
SHOWN = f"\"state\" = 'visible' AND \"visibility\" IN ({COUNTED})"

CHANGES = [
    'ALTER TABLE "post" ADD COLUMN "counted" VARCHAR(90) NOT NULL DEFAULT \'\'',
    'UPDATE "post" SET "counted" = COALESCE("parent_id", \'\') || \'.\' || COALESCE("root_id", "id") || \'.\''
    f' || COALESCE("community_id", \'\') WHERE {SHOWN}',
    'UPDATE "post" SET "replies_count" = CASE WHEN COALESCE("root_id", "id") = "id"'
    ' THEN (SELECT count(*) FROM "post" AS child WHERE child."root_id" = "post"."id" AND child."id" <> "post"."id"'
    ' AND child."counted" <> \'\')'
    ' ELSE (SELECT count(*) FROM "post" AS child WHERE child."parent_id" = "post"."id" AND child."counted" <> \'\') END',
    'UPDATE "actor" SET "posts_count" = (SELECT count(*) FROM "post" WHERE "post"."author_id" = "actor"."id"'
    ' AND "post"."counted" <> \'\')',
    'UPDATE "community" SET "posts_count" = (SELECT count(*) FROM "post" WHERE "post"."community_id" = "community"."id"'
    ' AND "post"."parent_id" IS NULL AND "post"."counted" <> \'\')',
    'ALTER TABLE "outgoing" ADD COLUMN "skip_host" VARCHAR(255)',
    'ALTER TABLE "peer" ADD COLUMN "group_seen_at" BIGINT',
    'ALTER TABLE "peer" ADD COLUMN "software_at" BIGINT',
    'ALTER TABLE "peer" ADD COLUMN "evidence_from" BIGINT',
    'ALTER TABLE "peer" ADD COLUMN "dialect_basis" VARCHAR(10) NOT NULL DEFAULT \'\'',
    """CREATE TABLE "gathering" (
    "subject" VARCHAR(500) NOT NULL PRIMARY KEY,
    "kind" VARCHAR(8) NOT NULL,
    "host" VARCHAR(255) NOT NULL,
    "asked_at" BIGINT NOT NULL,
    "done_at" BIGINT,
    "found" INT NOT NULL
)""",
    'CREATE INDEX "idx_gathering_host_e302b8" ON "gathering" ("host", "asked_at")',
]

SQLITE = CHANGES
POSTGRES = CHANGES
