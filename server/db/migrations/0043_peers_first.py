"""Questions that peers answer first."""

SQLITE = ["""ALTER TABLE "ask" ADD COLUMN "peers_first_until" BIGINT"""]

POSTGRES = SQLITE
