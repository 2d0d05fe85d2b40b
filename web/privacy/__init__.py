"""Pages: one's own data, what one agreed to, and how long things are kept."""
