"""Who marked one post, in the order of their marks: a page costs the same however many did."""

SQLITE = [
    """CREATE INDEX "idx_boost_post_id_4f1f0e" ON "boost" ("post_id", "id")""",
    """DROP INDEX "idx_boost_post_id_1c8f45\"""",
    """CREATE INDEX "idx_post_like_post_id_9a63c2" ON "post_like" ("post_id", "kind", "id")""",
    """DROP INDEX "idx_post_like_post_id_b83d79\"""",
]

POSTGRES = SQLITE
