"""Answers that show another way of doing what is asked."""

SQLITE = ["""ALTER TABLE "post" ADD COLUMN "manner" VARCHAR(12) NOT NULL DEFAULT ''"""]

POSTGRES = SQLITE
