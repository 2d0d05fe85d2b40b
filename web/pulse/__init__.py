"""How safe a community feels: the page where members answer, and see what may be shown."""
