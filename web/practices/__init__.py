"""Pages: Practices."""
