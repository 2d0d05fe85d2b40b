"""What posts that somebody writes with an app are when nothing is said about it."""

_TEXTS = [
    """ALTER TABLE "account" ADD COLUMN "post_visibility" VARCHAR(10) NOT NULL DEFAULT 'public'""",
    """ALTER TABLE "account" ADD COLUMN "post_language" VARCHAR(16)""",
]

SQLITE = [*_TEXTS, """ALTER TABLE "account" ADD COLUMN "post_sensitive" INT NOT NULL DEFAULT 0"""]

POSTGRES = [*_TEXTS, """ALTER TABLE "account" ADD COLUMN "post_sensitive" BOOL NOT NULL DEFAULT FALSE"""]
