"""Signing in, joining, and settings of one's own account."""
