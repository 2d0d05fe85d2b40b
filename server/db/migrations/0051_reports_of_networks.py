"""Reports of networks: what members told of a quarter, and whether this server tells."""

SQLITE = [
    """ALTER TABLE "consortium" ADD COLUMN "tells_numbers" INT NOT NULL DEFAULT 0""",
    """CREATE TABLE "consortium_report" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "host" VARCHAR(255) NOT NULL,
    "quarter" VARCHAR(7) NOT NULL,
    "numbers" TEXT,
    "created_at" BIGINT NOT NULL,
    "consortium_id" VARCHAR(26) NOT NULL REFERENCES "consortium" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_consortium__consort_1594df" UNIQUE ("consortium_id", "host", "quarter")
)""",
]

POSTGRES = [
    """ALTER TABLE "consortium" ADD COLUMN "tells_numbers" BOOL NOT NULL DEFAULT FALSE""",
    """CREATE TABLE "consortium_report" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "host" VARCHAR(255) NOT NULL,
    "quarter" VARCHAR(7) NOT NULL,
    "numbers" TEXT,
    "created_at" BIGINT NOT NULL,
    "consortium_id" VARCHAR(26) NOT NULL REFERENCES "consortium" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_consortium__consort_1594df" UNIQUE ("consortium_id", "host", "quarter")
)""",
]
