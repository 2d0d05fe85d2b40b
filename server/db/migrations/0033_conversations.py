"""Conversations of direct posts, as each person here has them."""

SQLITE = [
    """CREATE TABLE "conversation" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "owner_id" VARCHAR(26) NOT NULL,
    "root_id" VARCHAR(26) NOT NULL,
    "last_id" VARCHAR(26) NOT NULL,
    "is_unread" INT NOT NULL,
    "changed_at" BIGINT NOT NULL,
    CONSTRAINT "uid_conversatio_owner_i_e2ad02" UNIQUE ("owner_id", "root_id")
)""",
    """CREATE INDEX "idx_conversatio_owner_i_746eb9" ON "conversation" ("owner_id", "last_id")""",
    """CREATE INDEX "idx_conversatio_last_id_8a6d7f" ON "conversation" ("last_id")""",
]

POSTGRES = [
    """CREATE TABLE "conversation" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "owner_id" VARCHAR(26) NOT NULL,
    "root_id" VARCHAR(26) NOT NULL,
    "last_id" VARCHAR(26) NOT NULL,
    "is_unread" BOOL NOT NULL,
    "changed_at" BIGINT NOT NULL,
    CONSTRAINT "uid_conversatio_owner_i_e2ad02" UNIQUE ("owner_id", "root_id")
)""",
    """CREATE INDEX "idx_conversatio_owner_i_746eb9" ON "conversation" ("owner_id", "last_id")""",
    """CREATE INDEX "idx_conversatio_last_id_8a6d7f" ON "conversation" ("last_id")""",
]
