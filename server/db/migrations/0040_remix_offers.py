"""Remix offers."""

SQLITE = [
    """CREATE TABLE "remix_credit" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "thanks" TEXT
)""",
    """CREATE TABLE "remix_offer" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "uri" VARCHAR(500) NOT NULL UNIQUE,
    "remix_id" VARCHAR(26) NOT NULL,
    "source_id" VARCHAR(26) NOT NULL,
    "by_id" VARCHAR(26) NOT NULL,
    "note" TEXT NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "answered_at" BIGINT,
    CONSTRAINT "uid_remix_offer_remix_i_2c7f1f" UNIQUE ("remix_id", "source_id")
)""",
    """CREATE INDEX "idx_remix_offer_source__f35237" ON "remix_offer" ("source_id")""",
    """CREATE INDEX "idx_remix_offer_by_id_43fefe" ON "remix_offer" ("by_id")""",
]

POSTGRES = [
    """CREATE TABLE "remix_credit" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "thanks" TEXT
)""",
    """CREATE TABLE "remix_offer" (
    "id" VARCHAR(26) NOT NULL PRIMARY KEY,
    "uri" VARCHAR(500) NOT NULL UNIQUE,
    "remix_id" VARCHAR(26) NOT NULL,
    "source_id" VARCHAR(26) NOT NULL,
    "by_id" VARCHAR(26) NOT NULL,
    "note" TEXT NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "created_at" BIGINT NOT NULL,
    "answered_at" BIGINT,
    CONSTRAINT "uid_remix_offer_remix_i_2c7f1f" UNIQUE ("remix_id", "source_id")
)""",
    """CREATE INDEX "idx_remix_offer_source__f35237" ON "remix_offer" ("source_id")""",
    """CREATE INDEX "idx_remix_offer_by_id_43fefe" ON "remix_offer" ("by_id")""",
]
