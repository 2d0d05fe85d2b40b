"""Pages: shared notes."""
