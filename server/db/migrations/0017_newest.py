"""Searching costs the same however much there is: people and communities stand apart from posts, with numbers below zero.

An index finds the latest of the kinds of posts that are suggested to somebody.
"""

_KINDS = """CREATE INDEX "idx_post_of_kind" ON "post" ("kind", "published_at", "id")
 WHERE state = 'visible' AND kind IN ('ask', 'practice', 'tip')"""

SQLITE = [
    _KINDS,
    """INSERT INTO "search_text" ("rowid", "title", "body") SELECT -"rowid", "title", "body" FROM "search_text"
 WHERE "rowid" IN (SELECT "seq" FROM "search_thing" WHERE "kind" = 'actor' AND "seq" > 0)""",
    """DELETE FROM "search_text" WHERE "rowid" IN (SELECT "seq" FROM "search_thing" WHERE "kind" = 'actor' AND "seq" > 0)""",
    """UPDATE "search_thing" SET "seq" = -"seq" WHERE "kind" = 'actor' AND "seq" > 0""",
]

POSTGRES = [
    _KINDS,
    """UPDATE "search_thing" SET "seq" = -"seq" WHERE "kind" = 'actor' AND "seq" > 0""",
    """CREATE INDEX "search_thing_actors" ON "search_thing" USING GIN ("words") WHERE "kind" = 'actor'""",
]
