"""Looking after an installation: what would go wrong, when it was last saved, and whether there is a newer Peerhall."""
