"""Inviting many people at once."""
