"""Lists of people that somebody follows, read apart from the others, each with what came into it."""

SQLITE = [
    """CREATE TABLE "list_entry" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "list_id" VARCHAR(26) NOT NULL,
    "post_id" VARCHAR(26) NOT NULL,
    "via_id" VARCHAR(26),
    "at" BIGINT NOT NULL,
    CONSTRAINT "uid_list_entry_list_id_d078a6" UNIQUE ("list_id", "post_id")
)""",
    """CREATE INDEX "idx_list_entry_list_id_eca018" ON "list_entry" ("list_id", "at", "post_id")""",
    """CREATE INDEX "idx_list_entry_post_id_aa7a59" ON "list_entry" ("post_id")""",
    """CREATE TABLE "people_list" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "title" VARCHAR(100) NOT NULL,
    "replies_policy" VARCHAR(8) NOT NULL,
    "is_exclusive" INT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "owner_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_people_list_owner_i_d2ce96" ON "people_list" ("owner_id", "id")""",
    """CREATE TABLE "list_member" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "list_id" VARCHAR(26) NOT NULL REFERENCES "people_list" ("id") ON DELETE CASCADE,
    "member_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_list_member_list_id_2e42a8" UNIQUE ("list_id", "member_id")
)""",
    """CREATE INDEX "idx_list_member_member__0e8b8c" ON "list_member" ("member_id", "list_id")""",
    """CREATE INDEX "idx_list_member_list_id_a328cf" ON "list_member" ("list_id", "id")""",
]

POSTGRES = [
    """CREATE TABLE "list_entry" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "list_id" VARCHAR(26) NOT NULL,
    "post_id" VARCHAR(26) NOT NULL,
    "via_id" VARCHAR(26),
    "at" BIGINT NOT NULL,
    CONSTRAINT "uid_list_entry_list_id_d078a6" UNIQUE ("list_id", "post_id")
)""",
    """CREATE INDEX "idx_list_entry_list_id_eca018" ON "list_entry" ("list_id", "at", "post_id")""",
    """CREATE INDEX "idx_list_entry_post_id_aa7a59" ON "list_entry" ("post_id")""",
    """CREATE TABLE "people_list" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "title" VARCHAR(100) NOT NULL,
    "replies_policy" VARCHAR(8) NOT NULL,
    "is_exclusive" BOOL NOT NULL,
    "created_at" BIGINT NOT NULL,
    "owner_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE
)""",
    """CREATE INDEX "idx_people_list_owner_i_d2ce96" ON "people_list" ("owner_id", "id")""",
    """CREATE TABLE "list_member" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "list_id" VARCHAR(26) NOT NULL REFERENCES "people_list" ("id") ON DELETE CASCADE,
    "member_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_list_member_list_id_2e42a8" UNIQUE ("list_id", "member_id")
)""",
    """CREATE INDEX "idx_list_member_member__0e8b8c" ON "list_member" ("member_id", "list_id")""",
    """CREATE INDEX "idx_list_member_list_id_a328cf" ON "list_member" ("list_id", "id")""",
]
