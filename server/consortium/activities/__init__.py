"""What the servers of a network say to each other."""
