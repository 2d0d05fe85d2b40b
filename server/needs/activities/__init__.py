"""What servers of a network say to each other about questions that are needed today."""
