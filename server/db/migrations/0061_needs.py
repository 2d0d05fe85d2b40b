"""What people need, what is asked today, and what is not for them."""

SQLITE = [
    """CREATE TABLE "asked_today" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "person_id" VARCHAR(26) NOT NULL,
    "day" INT NOT NULL,
    "at" BIGINT NOT NULL,
    CONSTRAINT "uid_asked_today_person__cf14b8" UNIQUE ("person_id", "day")
)""",
    """CREATE TABLE "need_today" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "author_id" VARCHAR(26) NOT NULL,
    "at" BIGINT NOT NULL,
    "asked" INT
)""",
    """CREATE INDEX "idx_need_today_author__feb6f9" ON "need_today" ("author_id", "at")""",
    """CREATE TABLE "needs_card" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "would_learn" TEXT NOT NULL,
    "works_with" TEXT NOT NULL,
    "answered_at" BIGINT,
    "may_be_asked" INT NOT NULL,
    "no_picks" INT NOT NULL
)""",
    """CREATE TABLE "passed_pick" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "person_id" VARCHAR(26) NOT NULL,
    "post_id" VARCHAR(26) NOT NULL,
    "at" BIGINT NOT NULL,
    CONSTRAINT "uid_passed_pick_person__196a44" UNIQUE ("person_id", "post_id")
)""",
]

POSTGRES = [
    """CREATE TABLE "asked_today" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "person_id" VARCHAR(26) NOT NULL,
    "day" INT NOT NULL,
    "at" BIGINT NOT NULL,
    CONSTRAINT "uid_asked_today_person__cf14b8" UNIQUE ("person_id", "day")
)""",
    """CREATE TABLE "need_today" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "author_id" VARCHAR(26) NOT NULL,
    "at" BIGINT NOT NULL,
    "asked" INT
)""",
    """CREATE INDEX "idx_need_today_author__feb6f9" ON "need_today" ("author_id", "at")""",
    """CREATE TABLE "needs_card" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "would_learn" TEXT NOT NULL,
    "works_with" TEXT NOT NULL,
    "answered_at" BIGINT,
    "may_be_asked" BOOL NOT NULL,
    "no_picks" BOOL NOT NULL
)""",
    """CREATE TABLE "passed_pick" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "person_id" VARCHAR(26) NOT NULL,
    "post_id" VARCHAR(26) NOT NULL,
    "at" BIGINT NOT NULL,
    CONSTRAINT "uid_passed_pick_person__196a44" UNIQUE ("person_id", "post_id")
)""",
]
