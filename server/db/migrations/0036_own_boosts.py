"""What somebody did with the posts of a page is found without a look at all that they ever passed on."""

SQLITE = ["""CREATE INDEX "idx_boost_mine" ON "boost" ("actor_id", "post_id") WHERE undone_at IS NULL"""]

POSTGRES = SQLITE
