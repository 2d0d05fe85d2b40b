"""Activities about posts, one module per type, both directions."""
