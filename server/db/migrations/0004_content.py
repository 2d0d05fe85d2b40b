"""Quotes, interaction policies and their stamps, translations, and custom emoji."""

_COLUMNS = [
    """ALTER TABLE "post" ADD COLUMN "quote_uri" VARCHAR(500)""",
    """ALTER TABLE "post" ADD COLUMN "quote_state" VARCHAR(8) NOT NULL DEFAULT ''""",
    """ALTER TABLE "post" ADD COLUMN "quote_stamp" VARCHAR(500)""",
    """ALTER TABLE "post" ADD COLUMN "approved_by" VARCHAR(500)""",
    """ALTER TABLE "post" ADD COLUMN "interaction" TEXT""",
    """ALTER TABLE "post" ADD COLUMN "translations" TEXT""",
    """ALTER TABLE "post" ADD COLUMN "emoji" TEXT""",
    """ALTER TABLE "post_like" ADD COLUMN "state" VARCHAR(8) NOT NULL DEFAULT 'done'""",
    """ALTER TABLE "post_like" ADD COLUMN "approved_by" VARCHAR(500)""",
    """ALTER TABLE "boost" ADD COLUMN "state" VARCHAR(8) NOT NULL DEFAULT 'done'""",
    """ALTER TABLE "boost" ADD COLUMN "approved_by" VARCHAR(500)""",
    """ALTER TABLE "actor" ADD COLUMN "emoji" TEXT""",
    """CREATE INDEX "idx_post_quote_u_content" ON "post" ("quote_uri")""",
    """CREATE INDEX "idx_post_quote_s_content" ON "post" ("quote_stamp")""",
]

SQLITE = [
    *_COLUMNS,
    """CREATE TABLE "stamp" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "uri" VARCHAR(500) NOT NULL UNIQUE,
    "kind" VARCHAR(8) NOT NULL,
    "interacting_uri" VARCHAR(500) NOT NULL,
    "request_uri" VARCHAR(500) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "revoked_at" BIGINT,
    "actor_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    "post_id" VARCHAR(26) NOT NULL REFERENCES "post" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_stamp_post_id_319a01" UNIQUE ("post_id", "kind", "interacting_uri")
)""",
    """CREATE INDEX "idx_stamp_actor_i_6943c1" ON "stamp" ("actor_id")""",
    """CREATE INDEX "idx_stamp_interac_94a510" ON "stamp" ("interacting_uri")""",
]

POSTGRES = [
    *_COLUMNS,
    """CREATE TABLE "stamp" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "uri" VARCHAR(500) NOT NULL UNIQUE,
    "kind" VARCHAR(8) NOT NULL,
    "interacting_uri" VARCHAR(500) NOT NULL,
    "request_uri" VARCHAR(500) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "revoked_at" BIGINT,
    "actor_id" VARCHAR(26) NOT NULL REFERENCES "actor" ("id") ON DELETE CASCADE,
    "post_id" VARCHAR(26) NOT NULL REFERENCES "post" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_stamp_post_id_319a01" UNIQUE ("post_id", "kind", "interacting_uri")
)""",
    """CREATE INDEX "idx_stamp_actor_i_6943c1" ON "stamp" ("actor_id")""",
    """CREATE INDEX "idx_stamp_interac_94a510" ON "stamp" ("interacting_uri")""",
]
