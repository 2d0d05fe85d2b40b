"""Where something is wrong: three doors, and the mediation behind the second."""
