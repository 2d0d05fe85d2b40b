"""Indexes for the page of one other server: what came from it, what it did not take, what was decided about it."""

SQLITE = [
    """CREATE INDEX "idx_inbox_recei_host_4d51ce" ON "inbox_receipt" ("host", "received_at")""",
    """CREATE INDEX "idx_delivery_re_host_95c61b" ON "delivery_receipt" ("host", "at")""",
    """CREATE INDEX "idx_audit_entry_subject_a57072" ON "audit_entry" ("subject")""",
]

POSTGRES = SQLITE
