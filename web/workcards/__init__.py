"""How I like to work together with others."""
