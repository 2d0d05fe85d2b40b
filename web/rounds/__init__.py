"""Pages: rounds."""
