"""What a clip teaches back."""

SQLITE = ["""ALTER TABLE "resource" ADD COLUMN "teaches" VARCHAR(120) NOT NULL DEFAULT ''"""]

POSTGRES = ["""ALTER TABLE "resource" ADD COLUMN "teaches" VARCHAR(120) NOT NULL DEFAULT ''"""]
