"""The page of those who lead: sums, and a brief of one page."""
