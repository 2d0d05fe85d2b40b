"""Showing a draft to one person first."""
