"""Somebody neutral helps two people who do not get on; nobody but the three ever reads it (B7)."""
