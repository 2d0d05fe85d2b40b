"""People: profiles, following, and the directory."""
