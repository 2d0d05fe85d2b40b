"""What admins choose about all other servers, lists of servers that others decided about, and reasons for everybody."""

_NOTES = [
    """ALTER TABLE "peer" ADD COLUMN "public_note" VARCHAR(200) NOT NULL DEFAULT ''""",
    """ALTER TABLE "peer" ADD COLUMN "list_id" VARCHAR(26)""",
]

SQLITE = [
    *_NOTES,
    """CREATE TABLE "peer_choice" (
    "name" VARCHAR(20) NOT NULL PRIMARY KEY,
    "value" VARCHAR(200) NOT NULL,
    "changed_at" BIGINT NOT NULL
)""",
    """CREATE TABLE "server_list" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "kind" VARCHAR(8) NOT NULL,
    "address" VARCHAR(500) UNIQUE,
    "host" VARCHAR(255) NOT NULL,
    "name" VARCHAR(200) NOT NULL,
    "version" BIGINT NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "applies" INT NOT NULL,
    "trouble" VARCHAR(12) NOT NULL,
    "left_out" INT NOT NULL,
    "valid_until" BIGINT,
    "fetched_at" BIGINT,
    "created_at" BIGINT NOT NULL
)""",
    """CREATE TABLE "server_list_item" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "host" VARCHAR(255) NOT NULL,
    "grade" VARCHAR(12) NOT NULL,
    "before" VARCHAR(12) NOT NULL,
    "reason" VARCHAR(200) NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "list_id" VARCHAR(26) NOT NULL REFERENCES "server_list" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_server_list_list_id_60c97a" UNIQUE ("list_id", "host")
)""",
    """CREATE INDEX "idx_server_list_list_id_3335d2" ON "server_list_item" ("list_id", "state")""",
]

POSTGRES = [
    *_NOTES,
    """CREATE TABLE "peer_choice" (
    "name" VARCHAR(20) NOT NULL PRIMARY KEY,
    "value" VARCHAR(200) NOT NULL,
    "changed_at" BIGINT NOT NULL
)""",
    """CREATE TABLE "server_list" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "kind" VARCHAR(8) NOT NULL,
    "address" VARCHAR(500) UNIQUE,
    "host" VARCHAR(255) NOT NULL,
    "name" VARCHAR(200) NOT NULL,
    "version" BIGINT NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "applies" BOOL NOT NULL,
    "trouble" VARCHAR(12) NOT NULL,
    "left_out" INT NOT NULL,
    "valid_until" BIGINT,
    "fetched_at" BIGINT,
    "created_at" BIGINT NOT NULL
)""",
    """CREATE TABLE "server_list_item" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "host" VARCHAR(255) NOT NULL,
    "grade" VARCHAR(12) NOT NULL,
    "before" VARCHAR(12) NOT NULL,
    "reason" VARCHAR(200) NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "list_id" VARCHAR(26) NOT NULL REFERENCES "server_list" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_server_list_list_id_60c97a" UNIQUE ("list_id", "host")
)""",
    """CREATE INDEX "idx_server_list_list_id_3335d2" ON "server_list_item" ("list_id", "state")""",
]
