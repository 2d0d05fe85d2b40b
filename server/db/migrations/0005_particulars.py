"""Facts of posts from other kinds of software."""

SQLITE = ["""ALTER TABLE "post" ADD COLUMN "particulars" TEXT"""]

POSTGRES = ["""ALTER TABLE "post" ADD COLUMN "particulars" TEXT"""]
