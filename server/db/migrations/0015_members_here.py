"""Memberships say when the member is on another server, so that what is for members here passes over all of those."""

_REMOTE = """UPDATE "membership" SET "from_elsewhere" = TRUE
 WHERE "person_id" IN (SELECT "id" FROM "actor" WHERE NOT "is_local")"""
_INDEX = """CREATE INDEX "idx_membership_here" ON "membership" ("community_id", "state") WHERE NOT from_elsewhere"""

SQLITE = ["""ALTER TABLE "membership" ADD COLUMN "from_elsewhere" INT NOT NULL DEFAULT 0""", _REMOTE, _INDEX]

POSTGRES = ["""ALTER TABLE "membership" ADD COLUMN "from_elsewhere" BOOL NOT NULL DEFAULT FALSE""", _REMOTE, _INDEX]
