"""Follows say when the follower is on another server, so that what is for followers here passes over all of those."""

_REMOTE = """UPDATE "follow" SET "from_elsewhere" = TRUE
 WHERE "follower_id" IN (SELECT "id" FROM "actor" WHERE NOT "is_local")"""
_INDEX = """CREATE INDEX "idx_follow_here" ON "follow" ("target_id", "state") WHERE NOT from_elsewhere"""

SQLITE = ["""ALTER TABLE "follow" ADD COLUMN "from_elsewhere" INT NOT NULL DEFAULT 0""", _REMOTE, _INDEX]

POSTGRES = ["""ALTER TABLE "follow" ADD COLUMN "from_elsewhere" BOOL NOT NULL DEFAULT FALSE""", _REMOTE, _INDEX]
