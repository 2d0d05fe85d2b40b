"""How useful practices are by how they went, and where they were tried: an order of libraries, and what is looked for."""

_LIBRARY = "state = 'visible' AND kind IN ('practice', 'tip')"
_COUNTED = (
    "SELECT report.practice_id AS practice_id, count(*) AS tried,"
    " sum(CASE WHEN report.outcome IN ('worked', 'worked-with-changes') THEN 1 ELSE 0 END) AS worked"
    " FROM tried_report AS report JOIN post AS said ON said.id = report.id WHERE said.state = 'visible'"
    " GROUP BY report.practice_id"
)
_INDEXES = [
    """CREATE INDEX "idx_tried_place_practic_88c182" ON "tried_place" ("practice_id")""",
    f"""CREATE INDEX "idx_post_useful" ON "post" ("useful", "published_at", "id") WHERE {_LIBRARY}""",
    f"""CREATE INDEX "idx_post_useful_of" ON "post" ("community_id", "useful", "published_at", "id") WHERE {_LIBRARY}""",
]
# What others count comes with the next that their servers say. Reports of all that is here are counted once.
_FILL = [
    "INSERT INTO tried_place (practice_id, outcome, subject, level, size, setting, number)"
    " SELECT report.practice_id, report.outcome, report.subject, report.level, report.size, report.setting, count(*)"
    " FROM tried_report AS report JOIN post AS said ON said.id = report.id WHERE said.state = 'visible'"
    " GROUP BY report.practice_id, report.outcome, report.subject, report.level, report.size, report.setting",
    "UPDATE post SET useful = (SELECT CASE WHEN counted.tried > 20"
    " THEN 1000 * (1 + counted.worked * 20 / counted.tried) / 23 ELSE 1000 * (1 + counted.worked) / (3 + counted.tried)"
    f" END FROM ({_COUNTED}) AS counted WHERE counted.practice_id = post.id)"
    " WHERE id IN (SELECT practice_id FROM tried_report JOIN post AS said ON said.id = tried_report.id"
    " WHERE said.state = 'visible')",
]
_COLUMNS = """
    "practice_id" VARCHAR(26) NOT NULL,
    "outcome" VARCHAR(20) NOT NULL,
    "subject" VARCHAR(16) NOT NULL,
    "level" VARCHAR(16) NOT NULL,
    "size" VARCHAR(8) NOT NULL,
    "setting" VARCHAR(16) NOT NULL,
    "number" INT NOT NULL
)"""

SQLITE = [
    """ALTER TABLE "post" ADD COLUMN "useful" INT NOT NULL DEFAULT 333""",
    f"""CREATE TABLE "tried_place" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,{_COLUMNS}""",
    *_INDEXES,
    *_FILL,
]

POSTGRES = [
    """ALTER TABLE "post" ADD COLUMN "useful" INT NOT NULL DEFAULT 333""",
    f"""CREATE TABLE "tried_place" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,{_COLUMNS}""",
    *_INDEXES,
    *_FILL,
]
