"""Pages: Practices that people of several servers write together."""
