"""Pages: trying together."""
