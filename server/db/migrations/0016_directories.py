"""Indexes for directories, each over no more than it lists: people here, and communities here and elsewhere, by name.

Almost all actors are people of other servers, who are in none of them. Followers and followed are found the newest first.
"""

_NAME = "lower(COALESCE(NULLIF(name, ''), username))"

SQLITE = [
    """CREATE INDEX "idx_actor_people_here" ON "actor" ("handle_key") WHERE kind = 'Person' AND is_local""",
    f"""CREATE INDEX "idx_actor_groups_here" ON "actor" ({_NAME}, "id") WHERE kind = 'Group' AND is_local""",
    f"""CREATE INDEX "idx_actor_groups_there" ON "actor" ({_NAME}, "id") WHERE kind = 'Group' AND NOT is_local""",
    """CREATE INDEX "idx_follow_followers" ON "follow" ("target_id", "state", "id")""",
    """CREATE INDEX "idx_follow_followed" ON "follow" ("follower_id", "state", "id")""",
]

POSTGRES = SQLITE
