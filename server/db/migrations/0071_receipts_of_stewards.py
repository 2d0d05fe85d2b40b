"""Indexes for what stewards decided and others were told: few rows, in the order of time."""

SQLITE = [
    """CREATE INDEX "idx_post_removed" ON "post" ("updated_at") WHERE state = 'removed'""",
    """CREATE INDEX "idx_membership_kept_out" ON "membership" ("updated_at") WHERE state = 'removed'""",
]

POSTGRES = SQLITE
