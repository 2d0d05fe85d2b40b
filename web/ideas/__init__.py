"""Pages: ideas."""
