"""Pages: Libraries."""
