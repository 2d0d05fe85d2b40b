"""Pages: the networks of organisations that this server is in."""
