"""Pages: Topics inside a community."""
