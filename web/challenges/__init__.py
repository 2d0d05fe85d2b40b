"""Pages: challenges."""
