"""Pages: polls."""
