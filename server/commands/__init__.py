"""The commands of `peerhall`, one module per subject."""
