"""Votes, both directions."""
