"""Pages: Hashtags."""
