"""Subjects."""

SQLITE = [
    """CREATE TABLE "subject" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "subject" VARCHAR(120) NOT NULL,
    "level" VARCHAR(120) NOT NULL,
    "is_on" INT NOT NULL,
    "created_at" BIGINT NOT NULL
)""",
]

POSTGRES = [
    """CREATE TABLE "subject" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "subject" VARCHAR(120) NOT NULL,
    "level" VARCHAR(120) NOT NULL,
    "is_on" BOOL NOT NULL,
    "created_at" BIGINT NOT NULL
)""",
]
