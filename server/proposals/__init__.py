"""Changes of a community's charter or guidelines that members propose, what the others think, and what came of it."""
