"""Hosts take turns in the inbox: the oldest receipt of each is found without looking at those of others."""

SQLITE = [
    """DROP INDEX "idx_inbox_recei_outcome_6bc4a5" """,
    """CREATE INDEX "idx_inbox_recei_outcome_turns1" ON "inbox_receipt" ("outcome", "host", "seq")""",
]

POSTGRES = SQLITE
