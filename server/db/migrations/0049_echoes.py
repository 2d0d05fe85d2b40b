"""How many have the same question, or would try the same."""

SQLITE = ["""ALTER TABLE "post" ADD COLUMN "echo_count" INT NOT NULL DEFAULT 0"""]

POSTGRES = SQLITE
