"""Pages of proposals: proposing a change, saying what one thinks, and deciding."""
