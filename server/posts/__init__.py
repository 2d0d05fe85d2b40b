"""Posts: what every kind of contribution has in common, here and on other servers."""
