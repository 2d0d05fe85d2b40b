"""Inviting many people at once: a list of names and mail addresses, and a link for each by mail."""
