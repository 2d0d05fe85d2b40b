"""Indexes for lists, each over no more than it is for: what a list shows is found in its order, however much else there is.

They cover answers and what others write as little as possible, so that taking these in costs no more than before.
"""

_OPEN = "visibility IN ('public', 'unlisted')"
_LIBRARY = "state = 'visible' AND kind IN ('practice', 'tip')"

SQLITE = [
    f"""CREATE INDEX "idx_post_library" ON "post" ("published_at", "id") WHERE {_LIBRARY}""",
    f"""CREATE INDEX "idx_post_library_of" ON "post" ("community_id", "published_at", "id") WHERE {_LIBRARY}""",
    """CREATE INDEX "idx_post_talk" ON "post" ("community_id", "last_activity_at", "id")
 WHERE state = 'visible' AND parent_id IS NULL AND in_reply_to_uri IS NULL""",
    """CREATE INDEX "idx_post_begun" ON "post" ("community_id", "published_at", "id", "visibility")
 WHERE state = 'visible' AND parent_id IS NULL""",
    """CREATE INDEX "idx_post_begun_changed" ON "post" ("community_id", "updated_at") WHERE parent_id IS NULL""",
    f"""CREATE INDEX "idx_post_outbox" ON "post" ("author_id", "published_at", "id", "parent_id")
 WHERE is_local AND state = 'visible' AND {_OPEN}""",
    """CREATE INDEX "idx_post_outbox_changed" ON "post" ("author_id", "updated_at") WHERE is_local""",
    """CREATE INDEX "idx_post_travels" ON "post" ("author_id", "last_activity_at")
 WHERE state = 'visible' AND kind IN ('practice', 'tip', 'resource')""",
    """CREATE INDEX "idx_post_held" ON "post" ("created_at") WHERE state = 'held'""",
    """CREATE INDEX "idx_post_pinned" ON "post" ("community_id") WHERE pinned""",
    """CREATE INDEX "idx_membership_applied" ON "membership" ("community_id") WHERE state = 'applied'""",
    """CREATE INDEX "idx_notification_unread" ON "notification" ("reader_id", "thing") WHERE read_at IS NULL""",
]

POSTGRES = SQLITE
