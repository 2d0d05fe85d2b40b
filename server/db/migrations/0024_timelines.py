"""What begins a conversation for everybody, by time: the public timeline of apps, and what of it was written here."""

_PUBLIC = "state = 'visible' AND visibility = 'public' AND parent_id IS NULL AND in_reply_to_uri IS NULL"

SQLITE = [
    f"""CREATE INDEX "idx_post_public" ON "post" ("published_at", "id") WHERE {_PUBLIC}""",
    f"""CREATE INDEX "idx_post_public_here" ON "post" ("published_at", "id") WHERE {_PUBLIC} AND is_local""",
]

POSTGRES = SQLITE
