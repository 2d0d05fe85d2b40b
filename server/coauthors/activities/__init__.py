"""Activities between the home of a practice and the servers of its co-authors, both directions."""
