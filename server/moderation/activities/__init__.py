"""Activities about what is wrong: reports and their answers, and warnings."""
