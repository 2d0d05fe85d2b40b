"""Which communities elsewhere somebody follows is asked for each page: found without a look at all whom they follow."""

SQLITE = [
    """CREATE INDEX "idx_follow_accepted" ON "follow" ("follower_id", "target_id") WHERE state = 'accepted'""",
    """CREATE INDEX "idx_actor_group_there" ON "actor" ("id") WHERE kind = 'Group' AND NOT is_local""",
]

POSTGRES = SQLITE
