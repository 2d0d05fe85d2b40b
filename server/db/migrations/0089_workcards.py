"""How people like to work together."""

SQLITE = [
    """CREATE TABLE "work_card" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "pronouns" VARCHAR(60) NOT NULL DEFAULT '',
    "languages" VARCHAR(200) NOT NULL DEFAULT '',
    "title" VARCHAR(120) NOT NULL DEFAULT '',
    "pace" VARCHAR(8) NOT NULL DEFAULT '',
    "answers" VARCHAR(8) NOT NULL DEFAULT '',
    "access_needs" TEXT NOT NULL DEFAULT '',
    "manager_id" VARCHAR(26) NOT NULL DEFAULT '',
    "changed_at" BIGINT
)""",
    """CREATE INDEX "idx_work_card_manager_6b20e1" ON "work_card" ("manager_id")""",
]

POSTGRES = SQLITE
