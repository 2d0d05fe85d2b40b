"""What this server knows about people: shown to them, taken along, kept no longer than needed, and erased."""
