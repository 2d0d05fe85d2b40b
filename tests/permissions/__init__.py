"""Who may do what, by which route: the rules, and the walk that compares them with what the server does."""
