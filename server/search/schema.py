"""The tables of the search index, for a migration step: the one thing that the two databases do differently.

`search_thing` lists what can be found. Its texts are words of `server.search.words`, so that both databases see the
same tokens: on SQLite in the FTS5 table `search_text` under the same number, on PostgreSQL in a generated column.
"""

SQLITE = (
    'CREATE TABLE "search_thing" ('
    ' "seq" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,'
    ' "kind" VARCHAR(10) NOT NULL,'
    ' "thing_id" VARCHAR(26) NOT NULL,'
    ' "at" BIGINT NOT NULL,'
    ' UNIQUE ("kind", "thing_id"))',
    # `detail=full` (the default) keeps positions, which phrases need.
    "CREATE VIRTUAL TABLE \"search_text\" USING fts5(title, body, tokenize = 'unicode61 remove_diacritics 0',"
    " prefix = '2 3')",
)

POSTGRES = (
    'CREATE TABLE "search_thing" ('
    ' "seq" BIGSERIAL PRIMARY KEY,'
    ' "kind" VARCHAR(10) NOT NULL,'
    ' "thing_id" VARCHAR(26) NOT NULL,'
    ' "at" BIGINT NOT NULL,'
    " \"title\" TEXT NOT NULL DEFAULT '',"
    " \"body\" TEXT NOT NULL DEFAULT '',"
    " \"words\" tsvector GENERATED ALWAYS AS (setweight(to_tsvector('simple', \"title\"), 'A')"
    " || setweight(to_tsvector('simple', \"body\"), 'B')) STORED,"
    ' UNIQUE ("kind", "thing_id"))',
    'CREATE INDEX "search_thing_words" ON "search_thing" USING GIN ("words")',
)
