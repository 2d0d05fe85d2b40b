"""What was refused: the latest few for each server, and counts by day and reason."""

SQLITE = [
    """CREATE TABLE "refused" (
    "seq" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "host" VARCHAR(255) NOT NULL,
    "at" BIGINT NOT NULL,
    "place" VARCHAR(10) NOT NULL,
    "word" VARCHAR(20) NOT NULL,
    "reason" VARCHAR(300) NOT NULL,
    "actor" VARCHAR(500) NOT NULL,
    "subject" VARCHAR(500) NOT NULL,
    "activity_type" VARCHAR(40) NOT NULL,
    "is_certain" INT NOT NULL
)""",
    """CREATE INDEX "idx_refused_host_6e028f" ON "refused" ("host", "seq")""",
    """CREATE INDEX "idx_refused_at_995f35" ON "refused" ("at")""",
    """CREATE TABLE "refused_count" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "host" VARCHAR(255) NOT NULL,
    "day" INT NOT NULL,
    "word" VARCHAR(20) NOT NULL,
    "times" BIGINT NOT NULL,
    CONSTRAINT "uid_refused_cou_host_38626a" UNIQUE ("host", "day", "word")
)""",
    """CREATE INDEX "idx_refused_cou_day_930085" ON "refused_count" ("day")""",
]

POSTGRES = [
    """CREATE TABLE "refused" (
    "seq" BIGSERIAL NOT NULL PRIMARY KEY,
    "host" VARCHAR(255) NOT NULL,
    "at" BIGINT NOT NULL,
    "place" VARCHAR(10) NOT NULL,
    "word" VARCHAR(20) NOT NULL,
    "reason" VARCHAR(300) NOT NULL,
    "actor" VARCHAR(500) NOT NULL,
    "subject" VARCHAR(500) NOT NULL,
    "activity_type" VARCHAR(40) NOT NULL,
    "is_certain" BOOL NOT NULL
)""",
    """CREATE INDEX "idx_refused_host_6e028f" ON "refused" ("host", "seq")""",
    """CREATE INDEX "idx_refused_at_995f35" ON "refused" ("at")""",
    """CREATE TABLE "refused_count" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "host" VARCHAR(255) NOT NULL,
    "day" INT NOT NULL,
    "word" VARCHAR(20) NOT NULL,
    "times" BIGINT NOT NULL,
    CONSTRAINT "uid_refused_cou_host_38626a" UNIQUE ("host", "day", "word")
)""",
    """CREATE INDEX "idx_refused_cou_day_930085" ON "refused_count" ("day")""",
]
