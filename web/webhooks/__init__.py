"""Chat rooms that a community tells of what is public in it."""
