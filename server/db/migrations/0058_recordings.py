"""How long recordings are, their chapters, and which event they were made at."""

SQLITE = [
    """ALTER TABLE "media" ADD COLUMN "seconds" INT""",
    """ALTER TABLE "resource" ADD COLUMN "event_uri" VARCHAR(500) NOT NULL DEFAULT ''""",
    """ALTER TABLE "resource" ADD COLUMN "chapters" TEXT NOT NULL DEFAULT ''""",
    """CREATE INDEX "idx_resource_event_u_2b7c41" ON "resource" ("event_uri")""",
]

POSTGRES = SQLITE
