"""Taking part in events, both directions."""
