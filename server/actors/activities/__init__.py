"""Activities about actors themselves: following, and changes of profiles."""
