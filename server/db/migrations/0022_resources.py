"""Resources, which are few among many posts, are found among themselves."""

SQLITE = [
    """CREATE INDEX "idx_post_resource" ON "post" ("published_at", "id") WHERE state = 'visible' AND kind = 'resource'""",
]

POSTGRES = SQLITE
