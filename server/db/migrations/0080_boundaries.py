"""Boundaries of people, communities that take it slowly, and posts that wait for their turn."""

_BOUNDARY = """CREATE TABLE "boundary" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "direct" VARCHAR(8) NOT NULL DEFAULT 'everyone',
    "mention" VARCHAR(8) NOT NULL DEFAULT 'everyone',
    "quiet" {flag}
)"""
_QUEUED = """CREATE TABLE "queued_post" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "person_id" VARCHAR(26) NOT NULL,
    "at" BIGINT NOT NULL
)"""
_OF_PERSON = """CREATE INDEX "idx_queued_post_person__8d1f36" ON "queued_post" ("person_id")"""
_SLOW = """ALTER TABLE "community" ADD COLUMN "slow_until" BIGINT"""

SQLITE = [_BOUNDARY.format(flag="INT NOT NULL DEFAULT 0"), _QUEUED, _OF_PERSON, _SLOW]

POSTGRES = [_BOUNDARY.format(flag="BOOL NOT NULL DEFAULT FALSE"), _QUEUED, _OF_PERSON, _SLOW]
