"""Activities about remixes, both directions."""
