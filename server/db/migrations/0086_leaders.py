"""Leaders."""

SQLITE = [
    """CREATE TABLE "leader" (
    "account_id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "named_by" VARCHAR(200) NOT NULL,
    "at" BIGINT NOT NULL
)""",
]

POSTGRES = [
    """CREATE TABLE "leader" (
    "account_id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "named_by" VARCHAR(200) NOT NULL,
    "at" BIGINT NOT NULL
)""",
]
